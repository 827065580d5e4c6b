/** How many of some people did something. */
export interface Count {
  readonly people: number;
  readonly bought: number;
}

/** Of 95 %, on both sides. */
const Z = 1.959963984540054;

export const rateOf = ({ people, bought }: Count): number | null => (people === 0 ? null : bought / people);

/**
 * The difference of two rates with its interval of 95 %; null of people who are not there. Source: Newcombe 1998, Statistics in
 * Medicine 17:873, method 10: right also for few people and for rates near 0.
 */
export function differenceOf(one: Count, other: Count): { value: number; low: number; high: number } | null {
  if (one.people === 0 || other.people === 0) return null;
  const [p, q] = [one.bought / one.people, other.bought / other.people];
  const [a, b] = [wilson(one), wilson(other)];
  return {
    value: p - q,
    low: p - q - Math.hypot(p - a.low, b.high - q),
    high: p - q + Math.hypot(a.high - p, q - b.low),
  };
}

function wilson({ people: n, bought }: Count): { low: number; high: number } {
  const p = bought / n;
  const middle = (p + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const margin = (Z / (1 + Z ** 2 / n)) * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2));
  return { low: middle - margin, high: middle + margin };
}
