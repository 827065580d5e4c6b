import type { AnalyticsGuardrail, AnalyticsMetric, ChatAiPromptVersion } from '@switchboard/api-client';
import type { Formats } from '@switchboard/ui';
import { failedOutcomes } from './failed-outcomes';

type Measure = AnalyticsMetric['measure'];
type Template = Pick<AnalyticsMetric, 'measure' | 'per' | 'goal' | 'within'>;

const rated = (rating: string): Measure => ({
  event: 'chat-ai.reply.rate-requested',
  aggregate: 'any',
  where: { rating: [rating] },
});
const calls: Measure = { event: 'chat-ai.usage.recorded', aggregate: 'count' };

export type MetricId = 'liked' | 'disliked' | 'returned' | 'messages' | 'cost' | 'failures';

/** Numbers of a person that are worth comparing between prompts. */
const metrics: Readonly<Record<MetricId, Template>> = {
  liked: { measure: rated('1'), goal: 'up' },
  disliked: { measure: rated('-1'), goal: 'down' },
  returned: {
    measure: { event: 'bot-adapter.message.received', aggregate: 'any' },
    goal: 'up',
    within: { fromHours: 24, toHours: 48 },
  },
  messages: { measure: { event: 'bot-adapter.message.received', aggregate: 'count' }, goal: 'up' },
  cost: { measure: { event: 'chat-ai.usage.recorded', aggregate: 'sum', field: 'costMicros' }, goal: 'down' },
  failures: {
    measure: { ...calls, where: { outcome: [...failedOutcomes] } },
    per: calls,
    goal: 'down',
  },
};

export const primaries: readonly MetricId[] = ['liked', 'returned', 'messages', 'cost'];
export const guardrails: readonly MetricId[] = ['disliked', 'failures', 'cost', 'returned'];

/** Those of which a person either did it or did not: how they are today is said as a share. */
export const isShare = (id: MetricId): boolean => metrics[id].measure.aggregate === 'any';

export const metricOf = (id: MetricId): AnalyticsMetric => ({ winsorise: 0.995, ...metrics[id], key: id });

/** A twentieth is put up with: less cannot be told from chance before long. */
export const guardrailOf = (id: MetricId): AnalyticsGuardrail => ({ ...metricOf(id), tolerance: 0.05 });

/** A value of a metric as people write it. */
export function formatOf(
  { measure, per }: AnalyticsMetric,
  formats: Pick<Formats, 'percent' | 'cost' | 'number'>,
): (value: number) => string {
  if (measure.aggregate === 'any' || per) return (value) => formats.percent(value);
  if (measure.field === 'costMicros') return formats.cost;
  return (value) => formats.number(Math.round(value * 100) / 100);
}

/** Whether a metric is one of those that are offered here, and so has a name in the person's language. */
export const isKnown = (key: string): key is MetricId => Object.hasOwn(metrics, key);

/** What a metric that was made by the API is measured by: `chat-ai.reply.rate-requested, rating = 1`. */
export const sourceOf = ({ measure: { event, where } }: AnalyticsMetric): string =>
  [event, ...Object.entries(where ?? {}).map(([field, values]) => `${field} = ${values.join(' | ')}`)].join(', ');

export const labelOf = (key: string, names: Readonly<Record<MetricId, string>>): string =>
  (names as Readonly<Record<string, string>>)[key] ?? key;

/** Of a place such as `chat-ai.prompt:lumen`. */
export const promptBotOf = (place: string): string | undefined => /^chat-ai\.prompt:([^:]+)/.exec(place)?.[1];

/** Weights in ten-thousandths, as even as they can be: the control gets what is left over. */
export function evenWeights(count: number): number[] {
  const each = Math.floor(10_000 / count);
  return Array.from({ length: count }, (_, i) => (i === 0 ? 10_000 - each * (count - 1) : each));
}

/** What a version is called in an arm: `v3`. */
export const armKeyOf = ({ version }: Pick<ChatAiPromptVersion, 'version'>, isControl: boolean): string =>
  isControl ? 'control' : `v${version}`;
