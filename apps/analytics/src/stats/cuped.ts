import { solvePositive } from './linear-system';
import type { Sample } from './samples';

/** Means, variances and covariances of a metric and of what was known of each person before, in one group. */
export interface CovariateMoments {
  readonly n: number;
  /** Of the metric, then of each covariate. */
  readonly means: readonly number[];
  /** Symmetric, in the same order; unbiased. */
  readonly covariances: readonly (readonly number[])[];
}

export interface Adjusted {
  readonly samples: readonly Sample[];
  /** Variance after the adjustment as a part of the variance before: 0.6 saves 40 % of the persons. */
  readonly varianceRatio: number;
  /** By covariate. */
  readonly theta: readonly number[];
}

/**
 * Takes from each group's mean what the persons in it would have done anyway: Y′ = Y − θ (X − X̄), with θ and X̄ pooled over the
 * groups. Persons who were not there before are told apart by a covariate of their own (1 for them), so that their zeros bend
 * no line. Source: Deng, Xu, Kohavi, Walker, "Improving the Sensitivity of Online Controlled Experiments by Utilizing
 * Pre-Experiment Data", WSDM 2013.
 */
export function cuped(groups: readonly CovariateMoments[]): Adjusted {
  const size = groups[0]!.means.length;
  const persons = groups.reduce((sum, { n }) => sum + n, 0);
  const freedom = groups.reduce((sum, { n }) => sum + Math.max(0, n - 1), 0);
  const pooled = (i: number, k: number) =>
    groups.reduce((sum, { n, covariances }) => sum + Math.max(0, n - 1) * covariances[i]![k]!, 0) / freedom;
  const covariates = Array.from({ length: size - 1 }, (_, i) => i + 1);
  const theta = solvePositive(
    covariates.map((i) => covariates.map((k) => pooled(i, k))),
    covariates.map((i) => pooled(0, i)),
  );
  const centre = covariates.map((i) => groups.reduce((sum, { n, means }) => sum + n * means[i]!, 0) / persons);
  // Y itself, and each covariate with its θ taken off.
  const weights = [1, ...theta.map((each) => -each)];
  const samples = groups.map(({ n, means, covariances }) => ({
    n,
    mean: means[0]! - theta.reduce((sum, each, i) => sum + each * (means[i + 1]! - centre[i]!), 0),
    variance: Math.max(0, quadratic(weights, covariances)),
  }));
  const before = pooled(0, 0);
  const after = samples.reduce((sum, { n, variance }) => sum + Math.max(0, n - 1) * variance, 0) / freedom;
  return { samples, varianceRatio: before === 0 ? 1 : after / before, theta };
}

const quadratic = (weights: readonly number[], matrix: readonly (readonly number[])[]) =>
  weights.reduce((sum, w, i) => sum + w * weights.reduce((inner, v, k) => inner + v * matrix[i]![k]!, 0), 0);
