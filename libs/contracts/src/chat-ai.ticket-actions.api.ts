import { z } from 'zod';
import { Instant } from './api.shapes';
import { DeskWord } from './chat-ai.desk.shapes';
import { DeskMessage, Ticket } from './chat-ai.tickets.api';
import { defineRoute, eventStream } from './define-route';
import { Locale } from './locale';
import { CostMicros } from './shapes';

// What staff do with a ticket.

const ofTicket = {
  params: z.object({ ticketId: z.uuid() }),
  bots: 'filtered',
  problems: { 'chat-ai.ticket_not_found': 404 },
} as const;
const writing = { ...ofTicket, permission: 'desk:write' } as const;
const changing = {
  ...writing,
  method: 'POST',
  ifMatch: true,
  answer: Ticket,
  etag: 'revision',
  problems: { ...ofTicket.problems, 'chat-ai.ticket_closed': 409 },
} as const;
const taking = { 'chat-ai.taken_by_another': 409 } as const;

export const TakeTicket = defineRoute({
  ...changing,
  id: 'chat-ai.tickets.take',
  path: '/desk/tickets/{ticketId}/take',
  summary: 'Takes a conversation over: the assistant is silent within a second, also in the middle of an answer.',
  problems: { ...changing.problems, ...taking },
});

export const TakeConversation = defineRoute({
  id: 'chat-ai.conversations.take',
  method: 'POST',
  path: '/conversations/{conversationId}/take',
  summary: 'The same with a conversation that waits for nobody: it gets a ticket. One that is open already is taken.',
  permission: 'desk:write',
  params: z.object({ conversationId: z.uuid() }),
  bots: 'filtered',
  answer: Ticket,
  etag: 'revision',
  problems: { 'chat-ai.conversation_not_found': 404, ...taking },
});

export const AssignTicket = defineRoute({
  ...changing,
  id: 'chat-ai.tickets.assign',
  path: '/desk/tickets/{ticketId}/assign',
  summary: 'Gives a ticket to a member of staff or a team, or to whoever has the fewest.',
  body: z
    .object({
      assignee: z.uuid().nullable().optional().describe('Null: nobody.'),
      team: DeskWord.nullable().optional(),
      byLoad: z.boolean().default(false).describe('The one of the team with the fewest open tickets who is available.'),
      priority: z.int().min(0).max(3).optional(),
    })
    .refine(({ assignee, byLoad }) => !byLoad || assignee === undefined, {
      error: 'is not named together with `byLoad`',
      path: ['assignee'],
    }),
  problems: { ...changing.problems, 'chat-ai.staff_not_on_desk': 422 },
});

export const SnoozeTicket = defineRoute({
  ...changing,
  id: 'chat-ai.tickets.snooze',
  path: '/desk/tickets/{ticketId}/snooze',
  summary: 'Puts a ticket aside until a time, or until the person writes.',
  body: z.object({ until: Instant }),
  problems: { ...changing.problems, 'chat-ai.snooze_over': 422 },
});

const ending = { ask: z.boolean().default(true).describe('Whether the person is asked what it was worth to them.') };

export const CloseTicket = defineRoute({
  ...changing,
  id: 'chat-ai.tickets.close',
  path: '/desk/tickets/{ticketId}/close',
  summary: 'Nothing is left to do: the assistant answers what the person writes from now on.',
  body: z.object(ending),
});

export const HandBackTicket = defineRoute({
  ...changing,
  id: 'chat-ai.tickets.hand-back',
  path: '/desk/tickets/{ticketId}/hand-back',
  summary: 'The assistant answers again, and only what the person writes from now on. The ticket is closed with it.',
  body: z.object({
    ...ending,
    close: z.boolean().default(true).describe('False: it is the turn of the assistant, and the ticket waits.'),
  }),
});

export const AnswerTicket = defineRoute({
  ...writing,
  id: 'chat-ai.ticket-messages.send',
  method: 'POST',
  path: '/desk/tickets/{ticketId}/messages',
  summary:
    'Answers a person, in the chat in which they wrote last. Whoever answers first has the ticket. What the channel did not take is shown with why.',
  idempotent: true,
  status: 202,
  body: z.object({
    clientId: z.uuid().describe('Made by the console: repeated, it is one message.'),
    text: z.string().trim().min(1).max(4000).describe('Markdown.'),
    chatId: z.uuid().optional().describe('Another chat of the person with the shop.'),
  }),
  answer: DeskMessage,
  problems: {
    ...changing.problems,
    ...taking,
    'chat-ai.window_closed': 409,
    'chat-ai.chat_not_found': 404,
  },
});

export const AddTicketNote = defineRoute({
  ...writing,
  id: 'chat-ai.ticket-notes.add',
  method: 'POST',
  path: '/desk/tickets/{ticketId}/notes',
  summary: 'Notes something for other staff. It goes with the conversation when that is deleted.',
  idempotent: true,
  status: 201,
  body: z.object({ text: z.string().trim().min(1).max(2000) }),
  answer: z.object({ id: z.uuid(), at: Instant }),
  problems: { ...ofTicket.problems, 'chat-ai.ticket_closed': 409 },
});

export const SetTicketTags = defineRoute({
  ...writing,
  id: 'chat-ai.ticket-tags.set',
  method: 'PUT',
  path: '/desk/tickets/{ticketId}/tags',
  summary: 'Says which tags the conversation has.',
  body: z.object({ tags: z.array(DeskWord).max(20) }),
  answer: z.object({ tags: z.array(DeskWord) }),
  problems: { ...ofTicket.problems, 'chat-ai.ticket_closed': 409, 'chat-ai.tag_not_found': 404 },
});

export const ApplyMacro = defineRoute({
  ...changing,
  id: 'chat-ai.tickets.apply-macro',
  path: '/desk/tickets/{ticketId}/macro',
  summary: 'Does all steps of a macro, or none of them.',
  body: z.object({ macroId: z.uuid(), clientId: z.uuid().describe('Of the answer that it may send.') }),
  problems: {
    ...changing.problems,
    ...taking,
    'chat-ai.macro_not_found': 404,
    'chat-ai.canned_answer_not_found': 404,
    'chat-ai.tag_not_found': 404,
    'chat-ai.window_closed': 409,
    'chat-ai.staff_not_on_desk': 422,
  },
});

const SuggestionEvent = z
  .object({
    state: z.enum(['typing', 'done', 'failed']),
    text: z.string().describe('The whole draft so far, as Markdown; a later event replaces an earlier one.'),
    cites: z.array(z.object({ id: z.string(), title: z.string() })).optional(),
    outcome: z.string().optional().describe('At the end: what a turn would have come to.'),
    costMicros: CostMicros.optional(),
  })
  .meta({ id: 'chat-ai.SuggestionEvent' });

export const SuggestAnswer = defineRoute({
  ...writing,
  id: 'chat-ai.ticket-suggestions.make',
  method: 'POST',
  path: '/desk/tickets/{ticketId}/suggestion',
  summary: 'Has the assistant draft an answer, shown while it is written. Nothing is sent or changed.',
  rate: 'expensive',
  body: z.object({
    wish: z.string().trim().max(500).optional().describe('What is to be said, or how.'),
    locale: Locale.optional().describe('That of the person when absent.'),
  }),
  answer: eventStream(SuggestionEvent),
  problems: {
    ...ofTicket.problems,
    'chat-ai.no_model': 409,
    'chat-ai.nothing_to_answer': 409,
    'chat-ai.suggestion_budget_exhausted': 429,
  },
});

export const ShowTyping = defineRoute({
  ...writing,
  id: 'chat-ai.tickets.show-typing',
  method: 'POST',
  path: '/desk/tickets/{ticketId}/typing',
  summary: 'Others on the desk see that an answer is being written.',
  cost: 1,
  body: z.object({ on: z.boolean() }),
});
