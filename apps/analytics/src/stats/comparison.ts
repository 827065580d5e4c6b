import { chiSquareTail, normalCdf, normalPdf, normalQuantile, studentQuantile, studentTwoSided } from './distributions';
import type { Sample } from './samples';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** By how much a treatment differs from the control, and how sure that is. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  readonly degreesOfFreedom: number;
}

/** The difference of two means. Source: B. L. Welch, 1947; degrees of freedom after Satterthwaite. */
export function difference(control: Sample, treatment: Sample): Estimate {
  const [c, t] = [control.variance / control.n, treatment.variance / treatment.n];
  const freedom = (c + t) ** 2 / (c ** 2 / (control.n - 1) + t ** 2 / (treatment.n - 1));
  return {
    value: treatment.mean - control.mean,
    standardError: Math.sqrt(c + t),
    degreesOfFreedom: Number.isNaN(freedom) ? Infinity : freedom,
  };
}

/** A mean closer to zero than this is no ground to divide by. */
const SMALLEST_MEAN_IN_ERRORS = 3;

/**
 * The same as a share of the control's mean, by the delta method; undefined where that mean is less than three standard
 * errors from zero, because what is divided by it then can be anything.
 */
export function relativeDifference(control: Sample, treatment: Sample): Estimate | undefined {
  const errorOfControl = Math.sqrt(control.variance / control.n);
  if (control.mean === 0 || Math.abs(control.mean) < SMALLEST_MEAN_IN_ERRORS * errorOfControl) return undefined;
  const { degreesOfFreedom } = difference(control, treatment);
  const square =
    (control.variance * treatment.mean ** 2) / (control.mean ** 4 * control.n) +
    treatment.variance / (control.mean ** 2 * treatment.n);
  return {
    value: (treatment.mean - control.mean) / control.mean,
    standardError: Math.sqrt(square),
    degreesOfFreedom,
  };
}

/** Two-sided, for data that is looked at once. */
export function fixedInterval({ value, standardError, degreesOfFreedom }: Estimate, alpha: number): Interval {
  return around(value, studentQuantile(1 - alpha / 2, degreesOfFreedom) * standardError);
}

/** Two-sided p of data that is looked at once. */
export function pValue({ value, standardError, degreesOfFreedom }: Estimate): number {
  if (standardError === 0) return value === 0 ? 1 : 0;
  return studentTwoSided(value / standardError, degreesOfFreedom);
}

/** How an interval that may be looked at every day is tuned. */
export interface Peeking {
  /** Persons so far, of both groups. */
  readonly n: number;
  /** Persons, of both groups, at which the interval shall be narrowest. */
  readonly plannedN: number;
  readonly alpha: number;
}

/**
 * An interval that holds at all times at once: however often one looks, the chance that it ever leaves out the truth is at
 * most `alpha`. Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic
 * confidence sequences", arXiv:2103.06476v7, equations 9 and 161.
 */
export function alwaysValidInterval(estimate: Estimate, { n, plannedN, alpha }: Peeking): Interval {
  const rho = tuning(alpha, plannedN);
  const spread = n * rho ** 2 + 1;
  const factor = ((2 * spread) / (n * rho) ** 2) * Math.log(Math.sqrt(spread) / alpha);
  return around(estimate.value, estimate.standardError * Math.sqrt(n * factor));
}

/** How far the estimate may be on one side of the truth, at all times at once; ibid., equation 134. */
export function alwaysValidMargin({ standardError }: Estimate, { n, plannedN, alpha }: Peeking): number {
  const rho = tuning(2 * alpha, plannedN);
  const spread = n * rho ** 2 + 1;
  const factor = ((2 * spread) / (n * rho) ** 2) * Math.log1p(Math.sqrt(spread) / (2 * alpha));
  return standardError * Math.sqrt(n * factor);
}

const tuning = (alpha: number, plannedN: number) =>
  Math.sqrt((-2 * Math.log(alpha) + Math.log(1 - 2 * Math.log(alpha))) / plannedN);

export interface Belief {
  readonly mean: number;
  readonly deviation: number;
  /** Probability that the treatment is better. */
  readonly chanceToWin: number;
  /** What is lost on average by choosing the treatment, as a share of the control's mean. */
  readonly expectedLoss: number;
}

/** What to believe of a relative difference that one expects to be small: a normal prior N(0, 0.3²), weighed by precision. */
export function belief(lift: Estimate, priorDeviation = 0.3): Belief {
  const [prior, data] = [priorDeviation ** -2, lift.standardError ** -2];
  const deviation = Math.sqrt(1 / (prior + data));
  const expected = lift.standardError === 0 ? lift.value : (lift.value * data) / (prior + data);
  if (deviation === 0 || lift.standardError === 0)
    return { mean: expected, deviation: 0, chanceToWin: expected > 0 ? 1 : 0, expectedLoss: Math.max(0, -expected) };
  const z = expected / deviation;
  return {
    mean: expected,
    deviation,
    chanceToWin: normalCdf(z),
    expectedLoss: deviation * normalPdf(z) - expected * normalCdf(-z),
  };
}

/** Persons that each group needs to find a difference of `effect` in a mean. */
export function neededPerGroup({ spread, effect, alpha = 0.05, power = 0.8 }: Needed): number {
  return Math.ceil((2 * (normalQuantile(1 - alpha / 2) + normalQuantile(power)) ** 2 * spread) / effect ** 2);
}

export interface Needed {
  /** The variance of a person's value; of a share `p` it is p (1 − p). */
  readonly spread: number;
  readonly effect: number;
  readonly alpha?: number;
  readonly power?: number;
}

const around = (value: number, margin: number): Interval => ({ low: value - margin, high: value + margin });

/** Whether several estimates are of the same thing: Cochran's Q, weighed by precision. */
export function interactionP(estimates: readonly Estimate[]): number {
  const usable = estimates.filter(({ standardError }) => standardError > 0);
  if (usable.length < 2) return 1;
  const weights = usable.map(({ standardError }) => standardError ** -2);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const middle = usable.reduce((sum, { value }, i) => sum + weights[i]! * value, 0) / total;
  const q = usable.reduce((sum, { value }, i) => sum + weights[i]! * (value - middle) ** 2, 0);
  return chiSquareTail(q, usable.length - 1);
}
