import { BotId } from '@switchboard/contracts';
import { z } from 'zod';

const Dollars = z.number().nonnegative();

/** One bot in the assistants file. Folders and files are relative to that file. */
const AssistantEntry = z.strictObject({
  name: z.string().min(1).max(100),
  systemPrompt: z.string().min(1).max(20_000),
  model: z.string().min(1).optional(),
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  apiKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe('A file that holds the key of this bot alone, so that no secret is in here.'),
  knowledge: z.string().min(1).optional().describe('A folder of documents; docs/knowledge.md says of which kinds.'),
  temperature: z.number().min(0).max(2).optional(),
  maxOutputTokens: z.int().min(16).optional(),
  contextTokens: z.int().min(500).optional(),
  budgets: z
    .strictObject({
      personPerDayUsd: Dollars.default(0),
      botPerMonthUsd: Dollars.default(0),
    })
    .prefault({})
    .describe('Zero is no limit.'),
  pricePerMillionTokensUsd: z
    .strictObject({ input: Dollars, cachedInput: Dollars, output: Dollars })
    .optional()
    .describe('For a model whose price is in no public list.'),
});
export type AssistantEntry = z.output<typeof AssistantEntry>;

export const AssistantsFile = z.record(BotId, AssistantEntry);

/** What a turn needs to know of its bot. */
export interface Assistant {
  readonly botId: string;
  readonly name: string;
  readonly systemPrompt: string;
  readonly model: string;
  /** Absent when no model is connected. */
  readonly connection: { readonly baseUrl: string; readonly apiKey: string | undefined } | undefined;
  readonly knowledgeFolder: string | undefined;
  readonly temperature: number | undefined;
  readonly maxOutputTokens: number;
  readonly contextTokens: number;
  /** Millionths of a dollar; zero is no limit. */
  readonly budgets: { readonly personPerDay: number; readonly botPerMonth: number };
  /** Micros per million tokens. */
  readonly ownPrice: { input: number; cachedInput: number; output: number } | undefined;
}
