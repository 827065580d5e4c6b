import type { OpeningHours } from '@switchboard/contracts';
import { z } from 'zod';
import type { BudgetLimits, Spender } from '../accounting/budgets.service';
import type { Price } from '../accounting/prices.service';
import type { ConfiguredModel } from '../models/chat-model';

const Dollars = z.number().nonnegative();

const Parameters = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  reasoningEffort: z.string().min(1).optional().describe('none, minimal, low, medium, high, xhigh or max.'),
  verbosity: z.string().min(1).optional(),
  serviceTier: z.string().min(1).optional(),
  extra: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Further fields of the request, for servers of their own.'),
});

const ModelSection = z.strictObject({
  model: z.string().min(1).optional(),
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  apiKeyEnv: z.string().min(1).optional().describe('The variable that holds the key for `baseUrl`.'),
  apiKeyFile: z.string().min(1).optional().describe('The file that holds it.'),
  parameters: Parameters.prefault({}).describe('What a model does not take is left out.'),
  vision: z.boolean().optional().describe('Whether it looks at pictures; found out when absent.'),
  pricePerMillionTokensUsd: z
    .strictObject({ input: Dollars, cachedInput: Dollars, output: Dollars })
    .optional()
    .describe('For a model whose price is in no public list.'),
});
export type ModelSection = z.output<typeof ModelSection>;

/** What a model may call for the person it talks with; each is a tool of tools.module.ts. */
export const TOOL_NAMES = ['my_subscriptions', 'my_payments', 'my_vpn', 'turn_off_renewal', 'hand_over'] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

/** With less the results of tools would push aside what they are asked for. */
const CONTEXT_WITH_TOOLS = 3000;

/** The section `assistant` of a bot's description. What it does not say is as set for all bots. */
export const AssistantSection = ModelSection.extend({
  systemPrompt: z
    .string()
    .min(1)
    .max(20_000)
    // Says nothing that a bot could not stand for.
    .default('You are a helpful, honest assistant in a messenger. Answer briefly; say so when you do not know.'),
  fallback: ModelSection.optional().describe('The model that is asked when the first one fails.'),
  knowledge: z.string().min(1).optional().describe('A folder of documents; docs/knowledge.md says of which kinds.'),
  maxOutputTokens: z.int().min(16).optional().describe('Of an answer, reasoning not counted.'),
  contextTokens: z.int().min(500).optional(),
  tools: z
    .array(z.enum(TOOL_NAMES))
    .default([])
    .describe(
      'What its model may call in private chats, for the person who writes: `my_subscriptions`, `hand_over`, …',
    ),
  pricesFromSourcesOnly: z
    .boolean()
    .optional()
    .describe(
      'Whether it may name a price, a discount or what is in stock only where a passage or a tool says so in this turn; true in a bot with a store when absent.',
    ),
  answerCache: z
    .boolean()
    .optional()
    .describe(
      'Whether a frequent question is answered with what others were told; true in a bot with a store when absent.',
    ),
  shortensContext: z
    .boolean()
    .default(true)
    .describe(
      'Whether earlier messages are told in short, and of the knowledge base only what the question speaks of goes along.',
    ),
  saysItIsABot: z
    .boolean()
    .default(false)
    .describe('Whether the first answer of a conversation says that a program answers.'),
  handoverHours: z
    .int()
    .min(1)
    .max(168)
    .default(12)
    .describe('So long the assistant stays silent where a human is to answer, unless that is ended before.'),
}).refine(
  ({ tools, contextTokens = CONTEXT_WITH_TOOLS }) => tools.length === 0 || contextTokens >= CONTEXT_WITH_TOOLS,
  {
    error: `must be at least ${CONTEXT_WITH_TOOLS} for an assistant with tools`,
    path: ['contextTokens'],
  },
);
export type AssistantSection = z.output<typeof AssistantSection>;

/** The section `desk` of a bot's description: how its staff answer. */
export const DeskSection = z
  .strictObject({
    promiseMinutes: z
      .int()
      .min(1)
      .max(1440)
      .default(30)
      .describe(
        'So soon, within opening hours, somebody takes a conversation that was handed over; else staff are reminded.',
      ),
  })
  .prefault({});

/** There is one where a bot has staff whom its people can be handed over to; what it says is for bot-adapter, which reaches them. */
export const StaffSection = z.looseObject({}).optional();

export interface AssistantModel extends ConfiguredModel {
  readonly ownPrice: Price | undefined;
}

/** What a turn needs to know of its bot. */
export interface Assistant {
  /** Of the home bot of the shop: all its accounts have one assistant. */
  readonly botId: string;
  readonly name: string;
  /** Kind of the channel in which people meet it; "unknown" of a bot that nobody described. */
  readonly channel: string;
  readonly systemPrompt: string;
  /** In the order in which they are asked; none when no model is connected. */
  readonly models: readonly AssistantModel[];
  readonly knowledgeFolder: string | undefined;
  readonly maxOutputTokens: number;
  readonly contextTokens: number;
  /** Without those that the bot has nobody for. */
  readonly tools: readonly ToolName[];
  readonly handoverHours: number;
  /** Whether there are humans whom somebody can be handed over to. */
  readonly hasStaff: boolean;
  readonly pricesFromSourcesOnly: boolean;
  readonly answerCache: boolean;
  readonly shortensContext: boolean;
  readonly saysItIsABot: boolean;
  /** See DeskSection. */
  readonly promiseMinutes: number;
  readonly budgets: BudgetLimits;
  readonly timeZone: string;
  readonly hours: OpeningHours | undefined;
}

export const spenderOf = ({ botId, budgets, timeZone }: Assistant, userId: string): Spender => ({
  botId,
  userId,
  limits: budgets,
  timeZone,
});
