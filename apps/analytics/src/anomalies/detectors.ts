import { median, medianAbsoluteDeviation } from '../stats/samples';

/** Usage is compared as a logarithm: three times as much is as far above as a third is below. */
export const logOf = (x: number): number => Math.log1p(Math.max(0, x));

/** What is usual, on the scale of logarithms. */
export interface Usual {
  readonly middle: number;
  /** The median distance from it. */
  readonly deviation: number;
}

/** Less spread than this is believed of nobody: what is usual was seen a few times only. */
const SMALLEST_DEVIATION = 0.05;
/** Makes a median deviation comparable with a standard deviation of a normal distribution. */
export const NORMAL = 0.6745;

export function usualOf(logs: readonly number[]): Usual {
  const middle = median(logs);
  return { middle, deviation: medianAbsoluteDeviation(logs, middle) };
}

/**
 * By how many robust deviations a value is above what is usual.
 * @param calls expected in the window: so few calls spread by themselves
 * Source: Iglewicz, Hoaglin, "How to Detect and Handle Outliers", 1993: 3.5 and more is an outlier
 */
export function robustScore(log: number, { middle, deviation }: Usual, calls: number): number {
  const spread = Math.max(deviation, SMALLEST_DEVIATION, 1 / Math.sqrt(Math.max(1, calls)));
  return (NORMAL * (log - middle)) / spread;
}

const SMOOTHING = 0.2;
const LIMIT = 3;

/**
 * An exponentially weighted moving average of scores that are 0 on average with a deviation of 1, for changes too small to be
 * seen at once. `exceeds` is its last value in parts of its control limit.
 * Source: NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.4, with λ = 0.2 and L = 3.
 */
export function ewma(scores: readonly number[]): { value: number; exceeds: number; since: number } {
  let value = 0;
  // The first of the scores since which it has stayed above zero.
  let since = 0;
  scores.forEach((score, i) => {
    value = SMOOTHING * score + (1 - SMOOTHING) * value;
    if (value <= 0) since = i + 1;
  });
  const remembered = 1 - (1 - SMOOTHING) ** (2 * scores.length);
  const limit = LIMIT * Math.sqrt((SMOOTHING / (2 - SMOOTHING)) * remembered);
  return { value, exceeds: scores.length === 0 ? 0 : value / limit, since };
}

const SLACK = 0.5;
const DECISION = 5;

/**
 * Adds up how far scores lie above half a deviation; `exceeds` is the last sum in parts of the decision interval.
 * Source: ibid., 6.3.2.3, with k = 0.5 and h = 5.
 */
export function cusum(scores: readonly number[]): { value: number; exceeds: number; since: number } {
  let value = 0;
  let since = 0;
  scores.forEach((score, i) => {
    value = Math.max(0, value + score - SLACK);
    if (value === 0) since = i + 1;
  });
  return { value, exceeds: value / DECISION, since };
}
