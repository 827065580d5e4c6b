import type { ByUse } from '@switchboard/contracts';

const MILLION = 1_000_000n;

/** What use beyond a plan costs, rounded in favour of the person. In whole numbers: both factors together exceed what a number holds. */
export function priceOfUse(micros: number, { freeMicros, prices }: ByUse, currency: string): number {
  const beyond = BigInt(Math.max(0, micros - freeMicros));
  return Number((beyond * BigInt(prices[currency] ?? 0)) / MILLION);
}

/** How much may be used until it costs so much; what is not sold in the currency is not to be had beyond the plan. */
export function useFor(limitMinor: number, { freeMicros, prices }: ByUse, currency: string): number {
  const price = prices[currency];
  return freeMicros + (price === undefined ? 0 : Number((BigInt(limitMinor) * MILLION) / BigInt(price)));
}
