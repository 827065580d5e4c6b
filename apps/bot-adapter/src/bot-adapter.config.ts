import { flag } from '@switchboard/service-kit';
import { z } from 'zod';

/** A chat as its channel knows it, and the bot that writes there: `lumen:-1001234567890`. */
const botAndChat = () =>
  z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,40}:\S{1,200}$/, 'is not <bot>:<id of the chat in its channel>')
    .transform((text) => {
      const [botId, ...externalId] = text.split(':');
      return { botId: botId!, externalId: externalId.join(':') };
    });

/** What the service reads itself; each kind of channel adds variables of its own. */
export const botAdapterConfig = z.object({
  BOT_ADAPTER_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The address by which channels reach this service: webhooks instead of long polling.'),
  GATEWAY_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where staff reach the console: channels send them back there once they have connected an account.'),
  BOT_ADAPTER_TAKE_OVER: flag().default(false).describe('Take updates away from another program that receives them.'),
  BOT_ADAPTER_SEND_TIMEOUT_MS: z.coerce
    .number()
    .int()
    .min(100)
    .default(30_000)
    .describe('How long one message may take; long, because giving up early makes duplicates.'),
  BOT_ADAPTER_STAFF_CHAT: botAndChat()
    .optional()
    .describe('Where staff are told of alerts and experiments: a bot and a chat in which somebody has written to it.'),
  BOT_ADAPTER_ON_CALL_CHAT: botAndChat()
    .optional()
    .describe('Where others are told of alerts that the staff have not taken; the same chat without it.'),
  // What /privacy tells people of the other services; the same variables as theirs.
  CHAT_AI_KEEP_DAYS: z.coerce.number().int().min(1).default(90),
  CHAT_AI_KEEP_USAGE_DAYS: z.coerce.number().int().min(1).default(400),
  TTS_WORKER_KEEP_DAYS: z.coerce.number().int().min(1).default(30),
});

export type BotAdapterConfig = z.output<typeof botAdapterConfig>;
