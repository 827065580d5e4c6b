import { flag } from '@switchboard/service-kit';
import { z } from 'zod';

/** What the service reads itself; each kind of channel adds variables of its own. */
export const botAdapterConfig = z.object({
  BOT_ADAPTER_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The address by which channels reach this service: webhooks instead of long polling.'),
  BOT_ADAPTER_TAKE_OVER: flag().default(false).describe('Take updates away from another program that receives them.'),
  BOT_ADAPTER_SEND_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(30_000)
    .describe('How long one message may take; long, because giving up early makes duplicates.'),
  // What /privacy tells people of the other services; the same variables as theirs.
  CHAT_AI_KEEP_DAYS: z.coerce.number().int().min(1).default(90),
  CHAT_AI_KEEP_USAGE_DAYS: z.coerce.number().int().min(1).default(400),
  TTS_WORKER_KEEP_DAYS: z.coerce.number().int().min(1).default(30),
});

export type BotAdapterConfig = z.output<typeof botAdapterConfig>;
