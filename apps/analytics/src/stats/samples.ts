/** What comparisons need to know of the values of one group. */
export interface Sample {
  readonly n: number;
  readonly mean: number;
  /** Unbiased, that is, divided by n − 1; of a ratio that of its linearisation, see `ratioSample`. */
  readonly variance: number;
}

export const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Unbiased; 0 for fewer than two values. */
export function variance(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const centre = mean(values);
  return values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (values.length - 1);
}

export const sampleOf = (values: readonly number[]): Sample => ({
  n: values.length,
  mean: values.length === 0 ? 0 : mean(values),
  variance: variance(values),
});

/** The share `p` of the values lies below it: linear between neighbours, as `percentile_cont` of Postgres and type 7 of R. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * p;
  const [below, above] = [sorted[Math.floor(position)]!, sorted[Math.ceil(position)]!];
  return below + (above - below) * (position - Math.floor(position));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The median distance from the median. */
export function medianAbsoluteDeviation(values: readonly number[], centre = median(values)): number {
  return median(values.map((x) => Math.abs(x - centre)));
}

/** Values above the quantile `p` are put down to it: one that spends a hundred times as much decides nothing alone. */
export function winsorised(values: readonly number[], p: number): number[] {
  if (values.length === 0) return [];
  const limit = quantile(values, p);
  return values.map((x) => Math.min(x, limit));
}

/** Sums over the persons of one group of a numerator and a denominator, such as characters and answers. */
export interface RatioMoments {
  readonly n: number;
  readonly numerator: { readonly mean: number; readonly variance: number };
  readonly denominator: { readonly mean: number; readonly variance: number };
  readonly covariance: number;
}

/**
 * A ratio of two means as if each person had one value, by the delta method: what one person does many times is not
 * independent, so persons are counted and not what they do. Source: Deng, Knoblich, Lu, "Applying the Delta Method in
 * Metric Analytics", KDD 2018.
 */
export function ratioSample({ n, numerator, denominator, covariance }: RatioMoments): Sample {
  if (n === 0 || denominator.mean === 0) return { n: 0, mean: 0, variance: 0 };
  const ratio = numerator.mean / denominator.mean;
  const spread = numerator.variance - 2 * ratio * covariance + ratio ** 2 * denominator.variance;
  return { n, mean: ratio, variance: Math.max(0, spread) / denominator.mean ** 2 };
}
