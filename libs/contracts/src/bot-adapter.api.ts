import { z } from 'zod';
import { Instant, LocalizedText, PageQuery, pageOf } from './api.shapes';
import { bytes, defineRoute, raw } from './define-route';
import { Locale } from './locale';
import { BotId, Channel } from './shapes';

/** Then a file is gone; who has kept what was read of it keeps that no longer either. */
export const MEDIA_KEPT_DAYS = 30;

export const ReadMedia = defineRoute({
  id: 'bot-adapter.media.read',
  method: 'GET',
  path: '/media/{mediaId}',
  summary: 'The bytes of a file that came with a message.',
  permission: 'media:read',
  callers: ['chat-ai', 'tts-worker'],
  params: z.object({ mediaId: z.uuid() }),
  answer: bytes(),
  problems: { 'bot-adapter.media_gone': 404, 'bot-adapter.media_too_large': 413 },
});

/** `_` in place of an account, where a channel has one address for all of them. */
const webhook = {
  permission: 'webhook',
  path: '/webhooks/{channel}/{account}',
  params: z.object({ channel: z.string(), account: z.string() }),
  headers: z.looseObject({}),
  query: z.object({}).catchall(z.string()),
  answer: bytes('text/plain'),
  problems: {
    'bot-adapter.unknown_bot': 404,
    'bot-adapter.wrong_webhook_secret': 401,
  },
} as const;

export const ReceiveUpdates = defineRoute({
  ...webhook,
  id: 'bot-adapter.updates.receive',
  method: 'POST',
  summary: 'Where a channel brings updates.',
  body: raw({ contentType: 'application/json' }),
});

export const ConfirmWebhook = defineRoute({
  ...webhook,
  id: 'bot-adapter.webhooks.confirm',
  method: 'GET',
  summary: 'By which some channels see that an address is ours.',
});

const quarantined = { permission: 'updates:read', bots: 'filtered' } as const;
const oneUpdate = {
  params: z.object({ botId: BotId, updateId: z.string().max(200) }),
  bots: 'params.botId',
  problems: { 'bot-adapter.update_not_quarantined': 404 },
} as const;

const QuarantinedUpdate = z
  .object({
    botId: BotId,
    updateId: z.string().describe("The channel's own id of it."),
    receivedAt: Instant,
    failure: z.string().describe('Why it could not be processed.'),
    content: z.unknown().describe('As the channel sent it, with every text and every number masked.'),
  })
  .meta({
    id: 'bot-adapter.QuarantinedUpdate',
    description: 'An update that could not be processed and is set aside.',
  });

export const ListQuarantinedUpdates = defineRoute({
  ...quarantined,
  id: 'bot-adapter.quarantined-updates.list',
  method: 'GET',
  path: '/inbound-updates/quarantined',
  summary: 'Updates that could not be processed, in the order in which they came.',
  query: PageQuery.extend({ botId: BotId.optional() }),
  answer: pageOf(QuarantinedUpdate),
});

export const SummarizeQuarantinedUpdates = defineRoute({
  ...quarantined,
  id: 'bot-adapter.quarantined-updates.summarize',
  method: 'GET',
  path: '/inbound-updates/quarantined/summary',
  summary: 'How many of each bot could not be processed, and why.',
  answer: z.object({
    bots: z.array(z.object({ botId: z.string(), count: z.int(), failures: z.array(z.string()) })),
  }),
});

export const ReadQuarantinedUpdate = defineRoute({
  ...oneUpdate,
  id: 'bot-adapter.quarantined-updates.read',
  method: 'GET',
  path: '/inbound-updates/quarantined/{botId}/{updateId}',
  summary: 'One of them, as the channel sent it.',
  permission: 'updates:read',
  answer: QuarantinedUpdate.extend({ content: z.unknown() }),
  sensitive: true,
});

const Replayed = z.object({ processed: z.int(), failed: z.int() });

export const ReplayQuarantinedUpdates = defineRoute({
  id: 'bot-adapter.quarantined-updates.replay',
  method: 'POST',
  path: '/inbound-updates/quarantined/replay',
  summary: 'Processes them once more, in the order in which they came; those of one bot, or all.',
  permission: 'updates:replay',
  query: z.object({ botId: BotId.optional() }),
  answer: Replayed,
  bots: 'filtered',
});

export const ReplayQuarantinedUpdate = defineRoute({
  ...oneUpdate,
  id: 'bot-adapter.quarantined-updates.replay-one',
  method: 'POST',
  path: '/inbound-updates/quarantined/{botId}/{updateId}/replay',
  summary: 'Processes one of them once more. What failed before it waits on.',
  permission: 'updates:replay',
  answer: Replayed,
});

export const DiscardQuarantinedUpdate = defineRoute({
  ...oneUpdate,
  id: 'bot-adapter.quarantined-updates.discard',
  method: 'POST',
  path: '/inbound-updates/quarantined/{botId}/{updateId}/discard',
  summary: 'Gives one of them up for good: its content is deleted.',
  permission: 'updates:replay',
  body: z.object({ why: z.string().trim().min(3).max(500) }),
});

const MASKED = 'The first letter of each word, the rest masked; null where it cannot be read any more.';

const Contact = z
  .object({
    contactId: z.uuid(),
    userId: z.uuid(),
    botId: BotId,
    channel: Channel,
    name: z.string().nullable().describe(MASKED),
    startedAt: Instant,
    blockedAt: Instant.nullable().describe('Since when the bot cannot write to them.'),
  })
  .meta({ id: 'bot-adapter.Contact', description: 'A person in a bot.' });

export const ListContacts = defineRoute({
  id: 'bot-adapter.contacts.list',
  method: 'GET',
  path: '/contacts',
  summary: 'The people of the bots, whoever came last first.',
  permission: 'people:read',
  query: PageQuery.extend({ botId: BotId.optional() }),
  answer: pageOf(Contact),
  bots: 'filtered',
});

export const FindContacts = defineRoute({
  id: 'bot-adapter.contacts.find',
  method: 'POST',
  path: '/contacts/find',
  summary:
    'Finds people by their id at the channel, their user name there, or their name. All of these are encrypted and found by a keyed hash: it has to be the whole of it, small or capital letters apart.',
  permission: 'people:read',
  body: z
    .object({
      channel: Channel.default('telegram'),
      externalId: z.string().trim().min(1).max(100).optional(),
      username: z.string().trim().min(1).max(100).optional().describe('With an @ or without.'),
      name: z.string().trim().min(1).max(300).optional().describe('As the person calls themselves there.'),
      botId: BotId.optional(),
    })
    .refine(({ externalId, username, name }) => [externalId, username, name].filter(Boolean).length === 1, {
      error: 'name an id, a user name or a name',
      path: ['externalId'],
    }),
  answer: z.object({
    contacts: z.array(Contact),
    isCut: z.boolean().describe('True when there are more than a hundred, of which the first are told.'),
  }),
  bots: 'filtered',
});

const ofPerson = { params: z.object({ userId: z.uuid() }), permission: 'people:read', bots: 'filtered' } as const;

const ChatOfPerson = z
  .object({
    chatId: z.uuid(),
    botId: BotId,
    channel: Channel,
    locale: Locale,
    voiceMode: z.string(),
    blockedAt: Instant.nullable(),
    mutedUntil: Instant.nullable(),
  })
  .meta({ id: 'bot-adapter.Chat', description: 'A private chat.' });

export const ReadPersonContacts = defineRoute({
  ...ofPerson,
  id: 'bot-adapter.person-contacts.read',
  method: 'GET',
  path: '/people/{userId}/contacts',
  summary: 'In which bots a person is, and their private chats there.',
  answer: z.object({ contacts: z.array(Contact), chats: z.array(ChatOfPerson) }),
});

export const ReadPersonProfile = defineRoute({
  ...ofPerson,
  id: 'bot-adapter.person-profile.read',
  method: 'GET',
  path: '/people/{userId}/profile',
  summary: 'Who a person is at their channels: names, user names and ids, in full.',
  permission: 'people:reveal',
  answer: z.object({
    profiles: z.array(
      z
        .object({
          botId: BotId,
          channel: Channel,
          name: z.string().nullable(),
          username: z.string().nullable(),
          externalId: z.string().nullable().describe("The channel's own id of their chat with the bot."),
        })
        .meta({ id: 'bot-adapter.Profile' }),
    ),
  }),
  sensitive: true,
});

export const ListPersonDeliveries = defineRoute({
  ...ofPerson,
  id: 'bot-adapter.person-deliveries.list',
  method: 'GET',
  path: '/people/{userId}/deliveries',
  summary: 'What was sent to a person or waits to be, the latest first. None of the words.',
  permission: 'deliveries:read',
  query: PageQuery.extend({ state: z.enum(['queued', 'sending', 'sent', 'failed']).optional() }),
  answer: pageOf(
    z
      .object({
        id: z.uuid(),
        botId: BotId,
        chatId: z.uuid(),
        kind: z.string(),
        causeId: z.uuid().describe('The reply, the speech or the notice that is delivered.'),
        state: z.string(),
        reason: z.string().nullable().describe('Why it was given up.'),
        parts: z.int().describe('Messages that the channel has taken.'),
        tries: z.int().describe('Of the next part.'),
        queuedAt: Instant,
        finishedAt: Instant.nullable(),
      })
      .meta({ id: 'bot-adapter.Delivery' }),
  ),
});

export const ChannelReport = z
  .object({
    account: z
      .object({
        id: z.string().describe("The channel's own id of the bot."),
        name: z.string().optional(),
        username: z.string().optional(),
        url: z.url().optional().describe('Where people write to it.'),
      })
      .optional()
      .describe('Whose credentials they are; absent when the channel did not say.'),
    findings: z.array(
      z.object({
        code: z.string().describe('Of the channel: `webhook_elsewhere`, `group_privacy`, …'),
        severity: z.enum(['error', 'warning', 'info']).describe('With an error the bot cannot work.'),
        params: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
        detail: LocalizedText,
      }),
    ),
  })
  .meta({ id: 'bot-adapter.ChannelReport', description: 'What a channel says of the credentials of a bot.' });
export type ChannelReport = z.output<typeof ChannelReport>;

export const CheckChannel = defineRoute({
  id: 'bot-adapter.channels.check',
  method: 'POST',
  path: '/channels/check',
  summary: 'Asks a channel about credentials: whose they are, and what would keep a bot from working with them.',
  permission: 'bots:write',
  callers: ['gateway'],
  bots: 'body.botId',
  body: z.object({
    botId: BotId,
    channel: z.record(z.string(), z.unknown()).describe("The section of the bot's description."),
    secrets: z.record(z.string(), z.string()).default({}).describe('By their names in the section: `token`.'),
  }),
  answer: ChannelReport,
});
