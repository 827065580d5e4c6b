import type { PlanPeriod } from '@switchboard/contracts';

/** A time that was paid for. */
export interface PaidPeriod {
  readonly from: Date;
  readonly to: Date;
  /** 0 of a trial, and of days that were given. */
  readonly amountMinor: number;
  readonly currency: string;
}

/**
 * So much later. A month later is the same day of the month at the same time, or the last one there is: 31 January and a month is 28
 * or 29 February. Months are counted from the beginning, so that February shortens no later one: after it the 31st comes again.
 * @param since when what goes on from `from` began
 */
export function addPeriods(from: Date, { count, unit }: PlanPeriod, times = 1, since = from): Date {
  if (unit === 'day') return new Date(from.getTime() + count * times * 86_400_000);
  const later = new Date(from);
  const isLastDay = new Date(from.getTime() + 86_400_000).getUTCDate() === 1;
  const day = isLastDay ? Math.max(from.getUTCDate(), since.getUTCDate()) : from.getUTCDate();
  later.setUTCDate(1);
  later.setUTCMonth(later.getUTCMonth() + count * times);
  const lastDay = new Date(Date.UTC(later.getUTCFullYear(), later.getUTCMonth() + 1, 0)).getUTCDate();
  later.setUTCDate(Math.min(day, lastDay));
  return later;
}

/** What of a period lies after a time, as a share of it: a numerator and a denominator in milliseconds. */
function leftOf({ from, to }: PaidPeriod, now: Date): { left: number; whole: number } {
  const whole = to.getTime() - from.getTime();
  return { left: Math.min(whole, Math.max(0, to.getTime() - now.getTime())), whole };
}

/**
 * What the time that is left is worth, in the currency it was paid in. Rounded up to the smallest part of it, for the person. What
 * was paid in another currency, or was given, is told as time and not as money.
 */
export function creditOf(
  periods: readonly PaidPeriod[],
  now: Date,
  currency: string,
): { creditMinor: number; otherMs: number } {
  let creditMinor = 0;
  let otherMs = 0;
  for (const period of periods) {
    const { left, whole } = leftOf(period, now);
    if (left === 0) continue;
    if (period.amountMinor === 0 || period.currency !== currency) otherMs += left;
    else creditMinor += ceilShare(period.amountMinor, left, whole);
  }
  return { creditMinor, otherMs };
}

/** How much longer a plan lasts for money that is over: rounded up, for the person. */
export const timeFor = (amountMinor: number, priceMinor: number, periodMs: number): number =>
  ceilShare(periodMs, amountMinor, priceMinor);

/** `amount · part / whole`, rounded up; exact, whatever the sizes. */
function ceilShare(amount: number, part: number, whole: number): number {
  const product = BigInt(amount) * BigInt(part);
  const divisor = BigInt(whole);
  return Number((product + divisor - 1n) / divisor);
}
