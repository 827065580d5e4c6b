import { z } from 'zod';
import { bytes, defineRoute } from './define-route';
import { BotId } from './shapes';

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

export const ReceiveTelegramUpdate = defineRoute({
  id: 'bot-adapter.telegram-updates.receive',
  method: 'POST',
  path: '/telegram/webhook/{botId}',
  summary: 'Where Telegram brings an update of a bot.',
  permission: 'webhook',
  params: z.object({ botId: BotId }),
  headers: z.object({ 'x-telegram-bot-api-secret-token': z.string().optional() }),
  body: z.unknown(),
  status: 200,
  problems: {
    'bot-adapter.unknown_bot': 404,
    'bot-adapter.wrong_webhook_secret': 401,
    'bot-adapter.malformed_update': 400,
  },
});
