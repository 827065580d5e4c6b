import { z } from 'zod';
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
