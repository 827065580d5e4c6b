// Not in routes.ts yet: whoever implements these routes adds this file there, and its texts to problems.ts.
import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute, eventStream, upload } from './define-route';
import { Locale } from './locale';
import { openWord } from './open-word';
import { BotId } from './shapes';

// The chat on a page of the shop. It runs in a frame of our own origin; the page around it must be one of the bot's `channel.origins`.

const ofWidget = { params: z.object({ botId: BotId }), permission: 'public' } as const;

/** Not `Authorization`: the gateway keeps that header for its own tokens and passes none on. */
const withSession = {
  ...ofWidget,
  headers: z.object({
    'x-widget-session': z.string().min(20).max(200).describe('The token of the session.'),
  }),
  problems: { 'bot-adapter.unknown_bot': 404, 'bot-adapter.widget_session_over': 401 },
} as const;

const MailboxId = z.string().regex(/^\d{1,18}$/);

export const OpenWidgetSession = defineRoute({
  ...ofWidget,
  id: 'bot-adapter.widget-sessions.open',
  method: 'POST',
  path: '/widget/{botId}/sessions',
  summary: 'Begins a chat of a visitor, who is a person of their own. It ends after seven days in which nobody writes.',
  rate: 'chat',
  status: 201,
  body: z.object({
    locale: Locale.default('en'),
    origin: z
      .string()
      .max(300)
      .regex(/^https?:\/\/[^/\s]+$/)
      .describe('Of the page around the frame. The session counts there alone.'),
    page: z.string().max(1000).optional().describe('The path of that page.'),
    proof: z.string().max(4000).optional().describe('As `x-proof-of-work` elsewhere, where it is asked for.'),
    ref: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/)
      .optional()
      .describe('What the link said by which they came.'),
  }),
  answer: z
    .object({
      token: z.string(),
      name: z.string().describe('How the bot calls itself.'),
      greeting: z.string().nullable(),
      openers: z.array(z.string()).describe('What the visitor may want to ask first.'),
      expiresAt: Instant.describe('Unless they write before.'),
    })
    .meta({ id: 'bot-adapter.WidgetSession' }),
  problems: {
    'bot-adapter.unknown_bot': 404,
    'bot-adapter.origin_not_allowed': 403,
    'bot-adapter.proof_needed': 403,
  },
});

const WidgetEventKind = openWord(['message', 'edited', 'deleted', 'typing', 'delivered', 'ended'], {
  id: 'bot-adapter.WidgetEventKind',
  description: '"typing": an answer is being written, as far as it is; "ended": the session is over.',
});

const WidgetAuthor = openWord(['person', 'assistant', 'staff'], {
  id: 'bot-adapter.WidgetAuthor',
  description: 'Who wrote a message.',
});

const Choice = z.object({ label: z.string(), data: z.string() });

const WidgetMessage = z
  .object({
    id: MailboxId,
    author: WidgetAuthor,
    text: z.string().nullable().describe('Markdown.'),
    buttons: z.array(z.array(Choice)).describe('By rows.'),
    choices: z.array(Choice).describe('Gone once something else is written.'),
    file: z.object({ url: z.string(), name: z.string(), mimeType: z.string(), bytes: z.int() }).nullable(),
    clientId: z.uuid().nullable().describe('Of a message of the visitor.'),
    sentAt: Instant,
    editedAt: Instant.nullable(),
  })
  .meta({ id: 'bot-adapter.WidgetMessage' });

const WidgetEvent = z
  .object({
    id: MailboxId.describe('Given back as `Last-Event-ID`, all that came later follows.'),
    kind: WidgetEventKind,
    message: WidgetMessage.optional().describe('Of "message" and "edited".'),
    messageId: MailboxId.optional().describe('Of "deleted" and "delivered".'),
    text: z.string().optional().describe('Of "typing": the whole of it so far.'),
  })
  .meta({ id: 'bot-adapter.WidgetEvent' });

export const FollowWidget = defineRoute({
  ...withSession,
  id: 'bot-adapter.widget-events.follow',
  method: 'GET',
  path: '/widget/{botId}/events',
  summary: 'What is written in the chat of the session, from its beginning or from an event on.',
  headers: withSession.headers.extend({ 'last-event-id': MailboxId.optional() }),
  answer: eventStream(WidgetEvent),
});

const clientId = z.uuid().describe('Made by the page: repeated, it is one message.');

export const SendWidgetMessage = defineRoute({
  ...withSession,
  id: 'bot-adapter.widget-messages.send',
  method: 'POST',
  path: '/widget/{botId}/messages',
  summary: 'A visitor writes, or chooses what they were offered.',
  rate: 'chat',
  status: 202,
  body: z
    .object({
      clientId,
      text: z.string().trim().min(1).max(4000).optional(),
      choice: z.string().min(1).max(256).optional().describe('`data` of a button or of a choice.'),
    })
    .refine(({ text, choice }) => (text === undefined) !== (choice === undefined), {
      error: 'send either a text or a choice',
      path: ['text'],
    }),
  answer: z.object({ clientId: z.uuid() }),
});

/** What a visitor may send at most. */
export const MAX_WIDGET_FILE_BYTES = 10 * 1024 * 1024;

export const SendWidgetFile = defineRoute({
  ...withSession,
  id: 'bot-adapter.widget-files.send',
  method: 'POST',
  path: '/widget/{botId}/files',
  summary: 'A visitor sends a file.',
  rate: 'chat',
  status: 202,
  body: upload({
    fields: z.object({ clientId, caption: z.string().trim().max(1000).optional() }),
    maxBytes: MAX_WIDGET_FILE_BYTES,
    accepts: ['image/jpeg', 'image/png', 'image/webp', 'video/mp4', 'audio/*', 'application/pdf', 'text/plain'],
  }),
  answer: z.object({ clientId: z.uuid() }),
  problems: { ...withSession.problems, 'bot-adapter.widget_file_refused': 422 },
});

export const EndWidgetSession = defineRoute({
  ...withSession,
  id: 'bot-adapter.widget-sessions.end',
  method: 'DELETE',
  path: '/widget/{botId}/session',
  summary: 'Ends the chat on this computer: its token is worth nothing any more.',
});
