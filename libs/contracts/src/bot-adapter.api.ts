import { z } from 'zod';
import { LocalizedText } from './api.shapes';
import { bytes, defineRoute, raw } from './define-route';
import { BotId } from './shapes';

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

export const ListQuarantinedUpdates = defineRoute({
  id: 'bot-adapter.quarantined-updates.list',
  method: 'GET',
  path: '/inbound-updates/quarantined',
  summary: 'Updates that could not be processed: how many of each bot, and why.',
  permission: 'updates:read',
  answer: z.object({
    bots: z.array(z.object({ bot: z.string(), count: z.int(), failures: z.array(z.string()) })),
  }),
});

export const ReplayQuarantinedUpdates = defineRoute({
  id: 'bot-adapter.quarantined-updates.replay',
  method: 'POST',
  path: '/inbound-updates/quarantined/replay',
  summary: 'Processes them once more, in the order in which they came; those of one bot, or all.',
  permission: 'updates:replay',
  query: z.object({ bot: BotId.optional() }),
  answer: z.object({ processed: z.int(), failed: z.int() }),
});

export const ChannelReport = z
  .object({
    account: z
      .object({
        id: z.string().describe("The channel's own id of the bot."),
        name: z.string().optional(),
        username: z.string().optional(),
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
