import { networkList, secret } from '@switchboard/service-kit';
import { z } from 'zod';

const milliseconds = (standard: number) => z.coerce.number().int().min(10).max(600_000).default(standard);
const baseUrl = () => z.url({ protocol: /^https?$/ }).optional();
const budget = (standard: number) =>
  z.union([z.literal('unlimited'), z.coerce.number().nonnegative()]).default(standard);

export const KNOWLEDGE_CHECK_SECONDS = 30;

export const chatAiConfig = z.object({
  CHAT_AI_API_KEY: secret()
    .optional()
    .describe('Key for CHAT_AI_BASE_URL; without a model answers come from the knowledge base alone.'),
  OPENAI_API_KEY: secret().optional().describe('One key for models and voices, sent to api.openai.com alone.'),
  CHAT_AI_BASE_URL: baseUrl().describe(
    'Any OpenAI-compatible server, https://api.openai.com/v1 when absent; one named here may need no key.',
  ),
  CHAT_AI_SANDBOX_BASE_URL: baseUrl().describe(
    'Pretended models: they answer bots that live in the sandbox, as long as these have no other model.',
  ),
  CHAT_AI_MODEL: z.string().default('gpt-6-luna').describe('For assistants that name none.'),
  CHAT_AI_FALLBACK_MODEL: z.string().optional().describe('Asked when the first model fails.'),
  CHAT_AI_FALLBACK_BASE_URL: baseUrl().describe('Where it is served; https://api.openai.com/v1 when absent.'),
  CHAT_AI_FALLBACK_API_KEY: secret().optional().describe('Key for CHAT_AI_FALLBACK_BASE_URL.'),
  CHAT_AI_PERSON_PER_DAY_USD: budget(0.5).describe(
    'Dollars a person may cost a bot in a day, for bots that do not say; `unlimited` must be said.',
  ),
  CHAT_AI_BOT_PER_MONTH_USD: budget(50).describe('Dollars a bot may cost in a month, for bots that do not say.'),
  CHAT_AI_KNOWLEDGE_PER_MONTH_USD: budget(10).describe(
    "Dollars that the embeddings of a bot's knowledge may cost in a month, beside what its answers may.",
  ),
  CHAT_AI_TRY_OUT_PER_MONTH_USD: budget(5).describe(
    'Dollars that staff may spend in a month on trying out prompts of a bot, beside what its answers may.',
  ),
  CHAT_AI_PAGES_PRIVATE_NETWORKS: networkList().describe(
    'Networks such as 10.1.0.0/16 from which pages may be read into a knowledge base though they are not public.',
  ),
  CHAT_AI_FIRST_TOKEN_TIMEOUT_MS: milliseconds(30_000).describe('A person gives up waiting before a model does.'),
  CHAT_AI_IDLE_TIMEOUT_MS: milliseconds(20_000).describe('Between two tokens: a stream that stalls seldom comes back.'),
  CHAT_AI_TURN_TIMEOUT_MS: milliseconds(120_000).describe('One call in all, however lively it is.'),
  CHAT_AI_CONTEXT_TOKENS: z.coerce
    .number()
    .int()
    .min(500)
    .default(16_000)
    .describe('What is sent at most; far below what models take, because every token is paid for in every turn.'),
  CHAT_AI_KNOWLEDGE_TOKENS: z.coerce
    .number()
    .int()
    .min(0)
    .default(6000)
    .describe('A knowledge base of at most so many tokens goes to the model whole; of a larger one, what is found.'),
  CHAT_AI_KNOWLEDGE_CHECK_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .default(KNOWLEDGE_CHECK_SECONDS)
    .describe('How often knowledge folders are looked at, for disks that do not tell of changes.'),
  CHAT_AI_DOCUMENT_TOKENS: z.coerce
    .number()
    .int()
    .min(0)
    .default(6000)
    .describe('Of a file that a person sends; what is longer is cut, and the person is told.'),
  CHAT_AI_EMBEDDINGS_MODEL: z
    .string()
    .optional()
    .describe('Finds passages by meaning as well; text-embedding-3-small when absent and the public API is used.'),
  CHAT_AI_EMBEDDINGS_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Any OpenAI-compatible server; CHAT_AI_BASE_URL when absent.'),
  CHAT_AI_EMBEDDINGS_API_KEY: secret()
    .optional()
    .describe('Key of that server; CHAT_AI_API_KEY when it is the same one.'),
  CHAT_AI_EMBEDDINGS_DIMENSIONS: z.coerce
    .number()
    .int()
    .min(64)
    .max(4096)
    .optional()
    .describe('For models that can shorten their vectors.'),
  CHAT_AI_EMBEDDINGS_PRICE_USD: z.coerce
    .number()
    .nonnegative()
    .optional()
    .describe('Dollars per million tokens, for a model whose price is in no public list; 0 for a server of your own.'),
  CHAT_AI_MODERATION_MODEL: z
    .string()
    .default('omni-moderation-latest')
    .describe('Looks at what people write before a model is asked; only words are looked at where there is none.'),
  CHAT_AI_MODERATION_BASE_URL: baseUrl().describe(
    'Its server, where that is not the public API, which is asked when its key is there.',
  ),
  CHAT_AI_MAX_OUTPUT_TOKENS: z.coerce.number().int().min(16).default(1500).describe('About six Telegram screens.'),
  CHAT_AI_REASONING_TOKENS: z.coerce
    .number()
    .int()
    .nonnegative()
    .default(4000)
    .describe(
      'Added for models that are known or seen to reason: they use up their output limit before the first word.',
    ),
  CHAT_AI_QUIET_WINDOW_MS: milliseconds(700).describe(
    'How long to wait for the next part of a pasted text or album; parts come some 200 ms apart.',
  ),
  CHAT_AI_UNKNOWN_PRICE_USD: z.coerce
    .number()
    .nonnegative()
    .default(10)
    .describe(
      'Dollars per million tokens at which budgets count a model without a known price; rather dear than free.',
    ),
  CHAT_AI_KEEP_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(90)
    .describe('A conversation that was closed, or in which nothing was said, so long ago is deleted.'),
  CHAT_AI_KEEP_USAGE_DAYS: z.coerce
    .number()
    .int()
    .min(62)
    .max(3650)
    .default(400)
    .describe('What calls have cost is kept so long: a year and the month in which it is looked at.'),
  GATEWAY_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Where staff reach the console; without it a notice to them names no page.'),
  // Overrides the standard of the kit: a turn waits for the model nearly all of its time, so many fit side by side.
  CHAT_AI_JOB_CONCURRENCY: z.coerce.number().int().min(1).max(200).default(32).describe('Turns answered side by side.'),
});

export type ChatAiConfig = z.output<typeof chatAiConfig>;
