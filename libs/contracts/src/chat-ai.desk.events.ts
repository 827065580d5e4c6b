import { z } from 'zod';
import { MessageAuthor, TicketReason, TicketState } from './chat-ai.desk.shapes';
import { defineEvent, defineSignal } from './define-event';
import { Locale } from './locale';
import { openWord } from './open-word';
import { personal } from './personal';
import { BotId, Channel } from './shapes';

const inChat = {
  conversationId: z.uuid(),
  chatId: z.uuid().describe('Of the account in which the person wrote last.'),
  botId: BotId,
  channel: Channel,
  userId: z.uuid().describe('The person, one id everywhere.'),
};
const waitedMs = z.int().nonnegative();

export const StaffMessageSent = defineEvent(
  'chat-ai.staff-message.sent.v1',
  z.object({
    ...inChat,
    messageId: z.uuid(),
    ticketId: z.uuid(),
    author: MessageAuthor,
    staffId: z.uuid().optional().describe('The member of staff; absent where they are known by no account here.'),
    text: personal(z.string().min(1)).describe('Markdown.'),
    locale: Locale.describe('Of the person.'),
    waitedMs: waitedMs.optional().describe('How long the person had waited; absent where they did not.'),
    until: z.iso.datetime().describe('So long the assistant stays silent.'),
    at: z.iso.datetime(),
  }),
  { subject: 'chatId', summary: 'Staff answered a person.' },
);

const ofTicket = {
  ...inChat,
  ticketId: z.uuid(),
  brandId: BotId.describe('The home bot of the shop.'),
  state: TicketState,
  assignee: z.uuid().optional().describe('The member of staff; absent: nobody yet.'),
  team: z.string().max(40).optional(),
  reason: TicketReason,
  language: Locale,
  answers: z.int().nonnegative().describe('Of staff by now.'),
  waitedMs: waitedMs.optional().describe('Until the first answer; absent before it.'),
  at: z.iso.datetime(),
};

export const TicketOpened = defineEvent('chat-ai.ticket.opened.v1', z.object(ofTicket), {
  subject: 'conversationId',
  summary: 'A conversation waits on the desk for a human.',
});

export const TicketChanged = defineEvent('chat-ai.ticket.changed.v1', z.object(ofTicket), {
  subject: 'conversationId',
  summary: 'A ticket was taken, assigned, snoozed or reopened, or it is the turn of the other side.',
});

export const TicketClosed = defineEvent(
  'chat-ai.ticket.closed.v1',
  z.object({ ...ofTicket, closedBy: z.uuid().optional().describe('Absent where it has ended by itself.') }),
  { subject: 'conversationId', summary: 'Nothing is left to do for staff in a conversation.' },
);

export const TicketAnswerRequested = defineEvent(
  'chat-ai.ticket.answer-requested.v1',
  z.object({
    ticketId: z.uuid(),
    clientId: z.uuid().describe('Of this answer: repeated, it is sent once.'),
    author: MessageAuthor,
    staffId: z.uuid().optional(),
    text: personal(z.string().min(1).max(4000)),
  }),
  { subject: 'ticketId', summary: 'Staff answer a ticket from somewhere else than the console.' },
);

export const TicketAnswerRefusal = openWord(['taken', 'closed'], {
  id: 'chat-ai.TicketAnswerRefusal',
  description: 'Why an answer was not sent. "taken": somebody in the console has the ticket.',
});

export const TicketAnswerRefused = defineEvent(
  'chat-ai.ticket.answer-refused.v1',
  z.object({ ticketId: z.uuid(), clientId: z.uuid(), reason: TicketAnswerRefusal }),
  { subject: 'ticketId', summary: 'An answer of staff from somewhere else than the console was not sent.' },
);

export const StaffTyping = defineSignal(
  'chat-ai.desk.typing.v1',
  z.object({ ticketId: z.uuid(), brandId: BotId, botId: BotId, staffId: z.uuid(), until: z.iso.datetime() }),
  'A member of staff is writing an answer, so that others on the desk see it.',
);

export const DeskChanged = defineSignal(
  'chat-ai.desk.changed.v1',
  z.object({ brandId: BotId, eventId: z.string().regex(/^\d{1,18}$/) }),
  'There is something new for those who follow a desk; from one process of chat-ai to the others.',
);
