import type { ByUse } from '@switchboard/contracts';

const MILLION = 1_000_000n;

/** What of it the plan does not bring. */
export const beyondPlan = (micros: number, { freeMicros }: ByUse): number => Math.max(0, micros - freeMicros);

/**
 * What use beyond a plan costs, rounded in favour of the person; undefined where it is not sold in the currency. In whole numbers: both
 * factors together exceed what a number holds.
 */
export function priceOfUse(beyondMicros: number, { prices }: ByUse, currency: string): number | undefined {
  const price = prices[currency];
  return price === undefined ? undefined : Number((BigInt(beyondMicros) * BigInt(price)) / MILLION);
}

/** How much may be used beyond the plan until it costs so much; what is not sold in the currency is not to be had. */
export function useFor(limitMinor: number, { prices }: ByUse, currency: string): number {
  const price = prices[currency];
  return price === undefined ? 0 : Number((BigInt(limitMinor) * MILLION) / BigInt(price));
}
