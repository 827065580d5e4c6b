import { z } from 'zod';
import { Instant } from './api.shapes';
import { TimeZone } from './bot';
import { UsagePurpose } from './chat-ai.events';
import { defineRoute } from './define-route';
import { BotId, CostMicros } from './shapes';

const used = {
  botId: BotId,
  model: z.string(),
  calls: z.int(),
  inputTokens: z.int(),
  cachedInputTokens: z.int(),
  outputTokens: z.int(),
  costMicros: CostMicros,
  callsWithoutPrice: z.int().describe('Whose cost is not in the sum, because nobody knows the price.'),
};

const UsageTotal = z.object(used).meta({ id: 'chat-ai.UsageTotal' });

const isForwards = ({ from, to }: { from: Date; to: Date }) => from < to;
const backwards = { error: 'must be later than `from`', path: ['to'] };

export const ReadUsage = defineRoute({
  id: 'chat-ai.usage.read',
  method: 'GET',
  path: '/usage',
  summary: 'What calls of models used and cost in a period, per bot and model.',
  permission: 'usage:read',
  query: z.object({ from: Instant, to: Instant }).refine(isForwards, backwards),
  answer: z.object({ from: Instant, to: Instant, totals: z.array(UsageTotal) }),
  bots: 'filtered',
});

const DAY_MS = 86_400_000;
/** More points than that no chart shows, and no answer carries. */
const LONGEST_DAYS = { hour: 31, day: 400 };

export const ReadUsageSeries = defineRoute({
  id: 'chat-ai.usage-series.read',
  method: 'GET',
  path: '/usage/series',
  summary: 'The same hour by hour or day by day, for charts. Hours and days in which nothing was used are left out.',
  permission: 'usage:read',
  query: z
    .object({
      from: Instant,
      to: Instant,
      step: z.enum(['hour', 'day']).default('day').describe('At most 31 days by the hour, 400 by the day.'),
      zone: TimeZone.default('UTC').describe('In which hours and days begin.'),
      botId: BotId.optional(),
      model: z.string().max(200).optional(),
      purpose: UsagePurpose.optional(),
      userId: z.uuid().optional(),
    })
    .refine(isForwards, backwards)
    .refine(({ from, to, step }) => to.getTime() - from.getTime() <= LONGEST_DAYS[step] * DAY_MS, {
      error: 'is too far from `from`: 31 days by the hour, 400 by the day',
      path: ['to'],
    }),
  answer: z.object({
    from: Instant,
    to: Instant,
    points: z.array(
      z
        .object({ at: Instant.describe('When the hour or the day begins.'), ...used })
        .meta({ id: 'chat-ai.UsagePoint' }),
    ),
  }),
  problems: { 'chat-ai.unknown_zone': 422 },
  bots: 'filtered',
});
