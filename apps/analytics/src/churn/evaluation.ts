import { fitLogistic } from '../stats/logistic-regression';

/** A probability that was told, and what came of it. */
export interface Judged {
  readonly p: number;
  readonly label: 0 | 1;
}

/** Mean squared error of probabilities: 0 is perfect. */
export const brierScore = (judged: readonly Judged[]): number =>
  judged.reduce((sum, { p, label }) => sum + (p - label) ** 2, 0) / judged.length;

/** The chance that one of label 1 was given more than one of label 0, ties counted half (Mann–Whitney). Null where one kind is missing. */
export function areaUnderRoc(judged: readonly Judged[]): number | null {
  const positives = judged.filter(({ label }) => label === 1).length;
  const negatives = judged.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const sorted = judged.toSorted((a, b) => a.p - b.p);
  let ranks = 0;
  for (let i = 0; i < sorted.length;) {
    let end = i;
    while (end < sorted.length && sorted[end]!.p === sorted[i]!.p) end++;
    const rank = (i + 1 + end) / 2;
    for (; i < end; i++) if (sorted[i]!.label === 1) ranks += rank;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean precision over the recall steps, those of equal probability taken together. */
export function areaUnderPrecisionRecall(judged: readonly Judged[]): number | null {
  const positives = judged.filter(({ label }) => label === 1).length;
  if (positives === 0) return null;
  const sorted = judged.toSorted((a, b) => b.p - a.p);
  let [found, area] = [0, 0];
  for (let i = 0; i < sorted.length;) {
    const before = found;
    const { p } = sorted[i]!;
    for (; i < sorted.length && sorted[i]!.p === p; i++) found += sorted[i]!.label;
    area += ((found - before) / positives) * (found / i);
  }
  return area;
}

/** How many times as many of label 1 are among the tenth with the highest probabilities as among all. */
export function liftAtTenth(judged: readonly Judged[]): number | null {
  const rate = (some: readonly Judged[]) => some.filter(({ label }) => label === 1).length / some.length;
  if (judged.length < 10 || rate(judged) === 0) return null;
  const top = judged.toSorted((a, b) => b.p - a.p).slice(0, Math.ceil(judged.length / 10));
  return rate(top) / rate(judged);
}

const SURE = 1e-6;
const logit = (p: number) => Math.log(p / (1 - p));

/** Slope of the labels over the logit of the probabilities: 1 is right, below 1 the probabilities are too extreme. */
export function calibrationSlope(judged: readonly Judged[]): number | null {
  const features = judged.map(({ p }) => [logit(Math.min(1 - SURE, Math.max(SURE, p)))]);
  const { coefficients, converged } = fitLogistic(
    features,
    judged.map(({ label }) => label),
  );
  return converged ? coefficients[0]! : null;
}

/** How far two distributions over the same bins are apart; above 0.2 what was learnt holds for others than it is used for. */
export function stabilityIndex(expected: readonly number[], seen: readonly number[], bins = 10): number {
  const sorted = expected.toSorted((a, b) => a - b);
  const edges = Array.from({ length: bins - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bins)]!);
  const shares = (values: readonly number[]) => {
    const counts = new Array<number>(bins).fill(0);
    for (const value of values) counts[edges.filter((edge) => value >= edge).length]!++;
    // An empty bin would make the index infinite.
    return counts.map((count) => (count + 0.5) / (values.length + bins / 2));
  };
  const [before, after] = [shares(expected), shares(seen)];
  return before.reduce((sum, share, i) => sum + (after[i]! - share) * Math.log(after[i]! / share), 0);
}

/** A step of a function that never falls: from `from` on it is `value`. */
export interface IsotonicStep {
  readonly from: number;
  readonly value: number;
}

/**
 * The nearest function of the score that never falls, by pooling adjacent violators. One more of label 1 is taken to be at the lowest
 * score and one of label 0 at the highest, because nothing is ever sure.
 */
export function fitIsotonic(judged: readonly Judged[]): IsotonicStep[] {
  const scores = judged.map(({ p }) => p);
  const doubts: Judged[] = [
    { p: scores.reduce((least, p) => Math.min(least, p), Infinity), label: 1 },
    { p: scores.reduce((most, p) => Math.max(most, p), -Infinity), label: 0 },
  ];
  const pools: { from: number; sum: number; count: number }[] = [];
  for (const [p, some] of [...Map.groupBy([...judged, ...doubts], (one) => one.p)].sort(([a], [b]) => a - b)) {
    pools.push({ from: p, sum: some.reduce((sum, { label }) => sum + label, 0), count: some.length });
    while (pools.length > 1) {
      const [a, b] = pools.slice(-2) as [(typeof pools)[0], (typeof pools)[0]];
      if (a.sum / a.count < b.sum / b.count) break;
      pools.splice(-2, 2, { from: a.from, sum: a.sum + b.sum, count: a.count + b.count });
    }
  }
  return pools.map(({ from, sum, count }) => ({ from, value: sum / count }));
}

/** Linear between the beginnings of two steps, so that two people who differ a little are told apart. */
export function applyIsotonic(steps: readonly IsotonicStep[], p: number): number {
  const next = steps.findIndex(({ from }) => from > p);
  if (next < 0) return steps.at(-1)!.value;
  if (next === 0) return steps[0]!.value;
  const [a, b] = [steps[next - 1]!, steps[next]!];
  return a.value + ((b.value - a.value) * (p - a.from)) / (b.from - a.from);
}
