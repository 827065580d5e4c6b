import { z } from 'zod';
import { Instant, PageQuery, pageOf, queryList } from './api.shapes';
import { DeskWord, MessageAuthor, TicketReason, TicketState } from './chat-ai.desk.shapes';
import { defineRoute, eventStream } from './define-route';
import { Locale } from './locale';
import { openWord } from './open-word';
import { BotId, Channel } from './shapes';

// The desk: conversations in which a human is to answer. What staff do with one is in chat-ai.ticket-actions.api.ts.

export const Ticket = z
  .object({
    id: z.uuid(),
    conversationId: z.uuid(),
    ...{ brandId: BotId, botId: BotId.describe('Of the account in which the person wrote last.'), channel: Channel },
    userId: z.uuid(),
    state: TicketState,
    reason: TicketReason,
    assignee: z.uuid().nullable(),
    team: DeskWord.nullable(),
    priority: z.int().min(0).max(3).describe('3 before all others.'),
    language: Locale,
    tags: z.array(DeskWord),
    openedAt: Instant,
    waitingSince: Instant.nullable().describe('Since when the person waits for an answer.'),
    firstAnswerMs: z.int().nullable(),
    answers: z.int(),
    snoozedUntil: Instant.nullable(),
    window: z
      .object({ staffUntil: Instant.nullable() })
      .nullable()
      .describe('Until when staff may write in that account; null within: not any more. Null itself: always.'),
    handedOverUntil: Instant.nullable().describe('So long the assistant stays silent.'),
    closedAt: Instant.nullable(),
    closedBy: z.uuid().nullable(),
    score: z.int().nullable().describe('What the person has said it was worth, from 1 to 5.'),
    revision: z.int(),
  })
  .meta({ id: 'chat-ai.Ticket', description: 'A conversation that waits for a human, without its words.' });

const ofTicket = {
  params: z.object({ ticketId: z.uuid() }),
  bots: 'filtered',
  problems: { 'chat-ai.ticket_not_found': 404 },
} as const;

const reading = { ...ofTicket, permission: 'desk:read' } as const;

export const ListTickets = defineRoute({
  id: 'chat-ai.tickets.list',
  method: 'GET',
  path: '/desk/tickets',
  summary: 'Tickets, the one of the highest priority that has waited longest first. None of their words.',
  permission: 'desk:read',
  bots: 'filtered',
  query: PageQuery.extend({
    view: z
      .enum(['open', 'mine', 'unassigned', 'waiting', 'snoozed', 'closed'])
      .default('open')
      .describe('"mine": open and waiting ones of whoever asks. Closed ones: the latest first.'),
    brandId: BotId.optional(),
    botId: BotId.optional(),
    userId: z.uuid().optional(),
    assignee: z.uuid().optional(),
    team: DeskWord.optional(),
    tag: queryList(DeskWord).optional().describe('All of these.'),
    language: Locale.optional(),
    channel: queryList(Channel).optional(),
  }),
  answer: pageOf(Ticket).extend({
    counts: z.record(z.string(), z.int()).describe('By view, under the same filters.'),
  }),
});

const Note = z
  .object({ id: z.uuid(), author: z.uuid(), text: z.string().nullable(), at: Instant })
  .meta({ id: 'chat-ai.TicketNote', description: 'What staff tell each other; the person never sees it.' });

export const ReadTicket = defineRoute({
  ...reading,
  id: 'chat-ai.tickets.read',
  method: 'GET',
  path: '/desk/tickets/{ticketId}',
  summary: 'A ticket, what else is known of the person, and what staff have noted. None of the words.',
  answer: Ticket.extend({
    accounts: z
      .array(z.object({ botId: BotId, channel: Channel, chatId: z.uuid(), lastAt: Instant }))
      .describe('In which they write to the shop, the latest first.'),
    notes: z.array(Note).describe('The latest first.'),
    earlier: z.int().describe('Tickets of the person before this one.'),
  }).meta({ id: 'chat-ai.TicketDetails' }),
  etag: 'revision',
});

const DeskRole = openWord(['person', 'assistant', 'staff'], {
  id: 'chat-ai.DeskRole',
  description: 'Who wrote.',
});

const DeliveryState = openWord(['queued', 'sent', 'read', 'failed'], {
  id: 'chat-ai.DeskDeliveryState',
  description: 'How far a message to the person is.',
});

export const DeskMessage = z
  .object({
    id: z.uuid(),
    role: DeskRole,
    author: MessageAuthor.nullable().describe('Of staff: from where.'),
    staffId: z.uuid().nullable(),
    text: z.string().nullable().describe('Null where it cannot be read any more.'),
    quoted: z.string().nullable(),
    ...{ botId: BotId, channel: Channel, chatId: z.uuid() },
    clientId: z.uuid().nullable().describe('By which the console knows its own.'),
    delivery: z
      .object({ state: DeliveryState, reason: z.string().nullable() })
      .nullable()
      .describe('Of what staff wrote; null of everything else.'),
    rating: z.int().nullable().describe('What the person said of an answer: 1 good, -1 bad.'),
    sentAt: Instant,
    editedAt: Instant.nullable(),
  })
  .meta({ id: 'chat-ai.DeskMessage' });

export const ListTicketMessages = defineRoute({
  ...reading,
  id: 'chat-ai.ticket-messages.list',
  method: 'GET',
  path: '/desk/tickets/{ticketId}/messages',
  summary:
    'What was said in the conversation of a ticket, in all channels, the latest first. Being on the desk is the reason to read it: the audit log tells of it once in half an hour.',
  query: PageQuery,
  answer: pageOf(DeskMessage),
});

const DeskTopic = openWord(['ticket', 'message', 'delivery', 'note', 'typing', 'staff', 'resync'], {
  id: 'chat-ai.DeskTopic',
  description: 'What is new. "resync": too much was missed, so everything has to be read again.',
});

const DeskEvent = z
  .object({
    id: z
      .string()
      .regex(/^\d{1,18}$/)
      .describe('Given back as `Last-Event-ID`, all that came later follows.'),
    topic: DeskTopic,
    brandId: BotId,
    ticketId: z.uuid().optional(),
    conversationId: z.uuid().optional(),
    messageId: z.uuid().optional(),
    staffId: z.uuid().optional(),
    revision: z.int().optional().describe('Of the ticket.'),
    until: Instant.optional().describe('Of "typing".'),
    at: Instant,
  })
  .meta({ id: 'chat-ai.DeskEvent', description: 'That there is something new, to be read. Never any words.' });

export const FollowDesk = defineRoute({
  id: 'chat-ai.desk-events.follow',
  method: 'GET',
  path: '/desk/events',
  summary: 'What happens on the desk of a shop, while it happens. It ends with the session of whoever follows it.',
  permission: 'desk:read',
  bots: 'filtered',
  query: z.object({ brandId: BotId }),
  headers: z.object({
    'last-event-id': z
      .string()
      .regex(/^\d{1,18}$/)
      .optional(),
  }),
  answer: eventStream(DeskEvent),
  problems: { 'chat-ai.bot_not_found': 404 },
});
