import { z } from 'zod';
import { unknownTimeZone } from './own-message';
import { BotId, CostMicros } from './shapes';

/**
 * Whose days a report counts: `Europe/Berlin`, `UTC`. Offsets and abbreviations are refused, because they do not mean the same
 * everywhere: `CET` has summer time here and none in Postgres, and `+03:00` lies east for one and west for the other.
 */
export const ReportZone = z
  .string()
  .max(64)
  .refine(isReportZone, unknownTimeZone)
  .meta({ id: 'ReportZone', description: 'An IANA time zone: days and hours are those of this zone.' });

/** Of the longest report. */
const MOST_DAYS = 800;
const DAY_MS = 86_400_000;

export const reportPeriod = {
  zone: ReportZone.default('UTC'),
  from: z.iso.date().describe('The first day, in the zone. Days that are no longer kept are left out.'),
  to: z.iso.date().describe('The last day, in the zone. Days that have not come yet are left out.'),
  botId: BotId.optional().describe('Of all bots without it.'),
};

interface Days {
  readonly from: string;
  readonly to: string;
}
const isPeriod = ({ from, to }: Days) => from <= to;
const isShort = ({ from, to }: Days) => (Date.parse(to) - Date.parse(from)) / DAY_MS < MOST_DAYS;

/** The query of a report: a period, and what else it asks for. */
export const reportQuery = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .object({ ...reportPeriod, ...shape })
    .refine((days) => isPeriod(days as unknown as Days), { error: 'must not be before `from`', path: ['to'] })
    .refine((days) => isShort(days as unknown as Days), {
      error: `must be within ${MOST_DAYS} days of \`from\``,
      path: ['to'],
    });

/** Where no day of the period is kept any more. */
export const notKept = { 'analytics.days_not_kept': 422 };

/** ISO 4217; `XTR` for Telegram Stars. */
export const ReportCurrency = z.string().regex(/^[A-Z]{3}$/);

/** What models were called for, and what that cost. */
export const modelUsage = {
  calls: z.int(),
  failedCalls: z.int(),
  inputTokens: z.int(),
  cachedInputTokens: z.int(),
  outputTokens: z.int(),
  costMicros: CostMicros,
};

function isReportZone(name: string): boolean {
  if (name !== 'UTC' && !/^[A-Z][A-Za-z]*(\/[A-Za-z][A-Za-z0-9_+-]*)+$/.test(name)) return false;
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}
