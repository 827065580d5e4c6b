import { median } from '../stats/samples';
import type { Finding } from '../alerts/finding';

/** What one person has used of one bot. */
export interface PersonUsage {
  readonly userId: string;
  readonly botId: string;
  readonly todayMicros: number;
  /** Of the 14 days before, days without usage as 0. */
  readonly pastMicros: readonly number[];
}

/** By so much more than their own median somebody uses another way, and not a little more. */
const TIMES_OWN_MEDIAN = 10;
/** Of somebody who has used nothing so far, counted as usual: two cents a day. */
const SMALLEST_MEDIAN_MICROS = 20_000;

/** What somebody uses on a usual day. */
export const usualDay = (pastMicros: readonly number[]): number =>
  Math.max(SMALLEST_MEDIAN_MICROS, pastMicros.length === 0 ? 0 : median(pastMicros));

/**
 * People who use more than all but one in a thousand do in a day, and ten times as much as they themselves usually do.
 * @param limitMicros the 99.9th percentile of what people use in a day
 */
export function unusualPersons(people: readonly PersonUsage[], limitMicros: number, day: Date): Finding[] {
  return people.flatMap(({ userId, botId, todayMicros, pastMicros }): Finding[] => {
    const usual = usualDay(pastMicros);
    if (todayMicros <= limitMicros || todayMicros <= TIMES_OWN_MEDIAN * usual) return [];
    return [
      {
        rule: 'person-usage',
        severity: 'warning',
        subject: `bot:${botId} · person`,
        botId,
        measure: 'cost_micros',
        windowSeconds: 86_400,
        expected: Math.round(usual),
        seen: todayMicros,
        score: null,
        since: day,
        contributors: [],
        userId,
        suspect: { userId, botId, usualMicros: usual },
      },
    ];
  });
}
