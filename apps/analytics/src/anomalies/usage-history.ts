import { DateTime } from 'luxon';

/** What calls of models used in one window of time, of one bot, model and purpose. */
export interface UsageWindow {
  /** When it begins. */
  readonly at: Date;
  readonly botId: string;
  readonly model: string;
  readonly purpose: string;
  readonly calls: number;
  /** Calls that ended without an answer. */
  readonly failures: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
}

/** Where usage is read from: the database, or a simulation. */
export interface UsageHistory {
  /** When the first call was made; undefined before there was any. */
  begin(): Promise<Date | undefined>;
  /** Windows of five minutes that begin from `from` on and before `to`; those without calls are left out. */
  fiveMinutes(from: Date, to: Date): Promise<readonly UsageWindow[]>;
  /** The same of hours. */
  hours(from: Date, to: Date): Promise<readonly UsageWindow[]>;
}

/** A time that is out of the ordinary for a known reason. */
export interface KnownPeriod {
  /** Null of the whole installation. */
  readonly botId: string | null;
  readonly from: Date;
  readonly to: Date;
}

export const isKnownToBeUnusual = (periods: readonly KnownPeriod[], botId: string, at: Date): boolean =>
  periods.some((one) => (one.botId === null || one.botId === botId) && one.from <= at && at < one.to);

export const FIVE_MINUTES_MS = 5 * 60_000;
export const HOUR_MS = 60 * 60_000;
export const DAY_MS = 24 * HOUR_MS;
/** Four to six weeks: enough to have a median, and not so much that last season counts. */
export const WEEKS = 6;
/** With fewer weeks than this the weekday is not looked at, and nobody is woken. */
export const WEEKS_FOR_WEEKDAYS = 3;

/** Hours that are to be compared with one hour: the same hour of the week, or of the day while there is little history. */
export interface ComparableHours {
  readonly begins: readonly Date[];
  /** How many of them are of the same weekday. */
  readonly weeks: number;
}

/**
 * The hours before that one of the same weekday and time in `zone`, so that an hour of work is compared with hours of work also
 * after the clocks were changed.
 */
export function comparableHours(hour: Date, zone: string, since: Date): ComparableHours {
  const local = DateTime.fromJSDate(hour, { zone });
  const before = (distances: readonly object[]) =>
    distances.map((distance) => local.minus(distance).toJSDate()).filter((begin) => begin >= since);
  const weekly = before(Array.from({ length: WEEKS }, (_, i) => ({ weeks: i + 1 })));
  if (weekly.length >= WEEKS_FOR_WEEKDAYS) return { begins: weekly, weeks: weekly.length };
  return { begins: before(Array.from({ length: 20 }, (_, i) => ({ days: i + 1 }))), weeks: 0 };
}

export const sumOf = <Key extends string>(rows: readonly Readonly<Record<Key, number>>[], key: Key): number =>
  rows.reduce((sum, row) => sum + row[key], 0);
