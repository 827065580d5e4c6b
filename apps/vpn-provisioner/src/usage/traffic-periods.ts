import type { PlanPeriod } from '@switchboard/contracts';
import { DateTime } from 'luxon';

const DAY_MS = 24 * 60 * 60_000;

/** The end of the n-th period from a time on. Months are counted from there each time: from 31 January they end on 28 February and 31 March. */
function endOf(from: Date, { count, unit }: PlanPeriod, n: number): Date {
  if (unit === 'day') return new Date(from.getTime() + n * count * DAY_MS);
  return DateTime.fromJSDate(from, { zone: 'utc' })
    .plus({ months: n * count })
    .toJSDate();
}

/** When what is counted by periods begins anew next. */
export function nextPeriod(from: Date, period: PlanPeriod, now: Date): Date {
  const longestMs = period.count * DAY_MS * (period.unit === 'day' ? 1 : 31);
  let n = Math.max(1, Math.floor((now.getTime() - from.getTime()) / longestMs));
  while (endOf(from, period, n) <= now) n += 1;
  return endOf(from, period, n);
}
