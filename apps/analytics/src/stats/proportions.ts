import type { Interval } from './comparison';
import { chiSquareTail, normalQuantile } from './distributions';
import { logGamma } from './special-functions';

export interface Count {
  readonly successes: number;
  readonly n: number;
}

/** Source: E. B. Wilson, 1927. */
export function wilsonInterval({ successes, n }: Count, alpha = 0.05): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const z = normalQuantile(1 - alpha / 2);
  const p = successes / n;
  const centre = p + z ** 2 / (2 * n);
  const margin = z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  return { low: Math.max(0, (centre - margin) / scale), high: Math.min(1, (centre + margin) / scale) };
}

/** Of treatment − control. Source: R. G. Newcombe, Statistics in Medicine 17 (1998), 873–890, method 10. */
export function newcombeInterval(control: Count, treatment: Count, alpha = 0.05): Interval {
  const [p1, p2] = [treatment.successes / treatment.n, control.successes / control.n];
  const [first, second] = [wilsonInterval(treatment, alpha), wilsonInterval(control, alpha)];
  return {
    low: p1 - p2 - Math.hypot(p1 - first.low, second.high - p2),
    high: p1 - p2 + Math.hypot(first.high - p1, p2 - second.low),
  };
}

/** Below this many expected successes or failures a group is too small for the normal distribution. */
const SMALLEST_EXPECTED = 5;

export function needsExactTest(control: Count, treatment: Count): boolean {
  const share = (control.successes + treatment.successes) / (control.n + treatment.n);
  return [control, treatment].some(({ n }) => Math.min(n * share, n * (1 - share)) < SMALLEST_EXPECTED);
}

/** Tables that differ in nothing but rounding are equally likely. */
const SAME = 1 + 1e-7;

/** Two-sided p of Fisher's exact test: the chance of any table with these sums that is no likelier than this one. */
export function fisherExact(control: Count, treatment: Count): number {
  const total = control.n + treatment.n;
  const successes = control.successes + treatment.successes;
  const logChoose = (n: number, k: number) => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const whole = logChoose(total, successes);
  const likelihood = (k: number) => Math.exp(logChoose(control.n, k) + logChoose(treatment.n, successes - k) - whole);
  const observed = likelihood(control.successes);
  let sum = 0;
  for (let k = Math.max(0, successes - treatment.n); k <= Math.min(control.n, successes); k++) {
    const p = likelihood(k);
    if (p <= observed * SAME) sum += p;
  }
  return Math.min(1, sum);
}

export interface RatioMismatch {
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  readonly p: number;
}

/**
 * Whether persons were spread over arms as they should have been (sample ratio mismatch), by χ². Arms of weight 0 take no
 * part, neither in the sum nor in the total nor in the degrees of freedom: an arm that was closed while the experiment ran
 * says nothing about the others.
 */
export function sampleRatioMismatch(
  arms: readonly { readonly count: number; readonly weight: number }[],
): RatioMismatch {
  const open = arms.filter(({ weight }) => weight > 0);
  const [persons, weights] = [sum(open, 'count'), sum(open, 'weight')];
  const degreesOfFreedom = open.length - 1;
  if (persons === 0 || degreesOfFreedom < 1)
    return { chiSquare: 0, degreesOfFreedom: Math.max(0, degreesOfFreedom), p: 1 };
  const chiSquare = open.reduce((total, { count, weight }) => {
    const expected = (persons * weight) / weights;
    return total + (count - expected) ** 2 / expected;
  }, 0);
  return { chiSquare, degreesOfFreedom, p: chiSquareTail(chiSquare, degreesOfFreedom) };
}

const sum = <Key extends string>(rows: readonly Readonly<Record<Key, number>>[], key: Key) =>
  rows.reduce((total, row) => total + row[key], 0);
