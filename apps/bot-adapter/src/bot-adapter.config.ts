import { secret } from '@switchboard/service-kit';
import { z } from 'zod';
import { BotSpecs } from './bots/bot-spec';

export const botAdapterConfig = z.object({
  BOT_ADAPTER_BOTS: BotSpecs.optional().describe('A JSON list of bots; mostly given as BOT_ADAPTER_BOTS_FILE.'),
  TELEGRAM_BOT_TOKEN: secret().optional().describe('Puts the first bot into the real Telegram.'),
  TELEGRAM_API_ROOT: z.url({ protocol: /^https?$/ }).default('https://api.telegram.org'),
  BOT_ADAPTER_SANDBOX_API_ROOT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where bots with the apiRoot "sandbox" live.'),
  BOT_ADAPTER_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The address by which channels reach this service: webhooks instead of long polling.'),
  BOT_ADAPTER_BOT_MESSAGES_PER_SECOND: z.coerce.number().positive().default(30),
  BOT_ADAPTER_CHAT_MESSAGES_PER_SECOND: z.coerce.number().positive().default(1),
  BOT_ADAPTER_GROUP_MESSAGES_PER_MINUTE: z.coerce.number().positive().default(20),
  BOT_ADAPTER_SEND_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(30_000)
    .describe('How long one message may take; long, because giving up early makes duplicates.'),
});

export type BotAdapterConfig = z.output<typeof botAdapterConfig>;
