import { alwaysValidInterval, alwaysValidMargin, difference, fixedInterval } from '../src/stats/comparison';
import type { Sample } from '../src/stats/samples';

// Experiments in which nothing differs.

/** xorshift32: the same numbers in every run of a spec, above 0 and below 1. */
export function random(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ((state >>> 0) + 0.5) / 2 ** 32;
  };
}

export const normal = (next: () => number): number => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());

/** The moments of two samples together. */
export function together(a: Sample, b: Sample): Sample {
  if (a.n === 0) return b;
  const n = a.n + b.n;
  const squares = a.variance * (a.n - 1) + b.variance * (b.n - 1) + ((a.mean - b.mean) ** 2 * a.n * b.n) / n;
  return { n, mean: (a.mean * a.n + b.mean * b.n) / n, variance: squares / (n - 1) };
}

export interface FalseAlarms {
  /** Shares of the experiments in which each way of looking finds a difference on some day. */
  readonly naive: number;
  readonly alwaysValid: number;
  readonly oneSided: number;
  /** On the last day, by the naive one. */
  readonly atTheEnd: number;
}

export interface Simulated {
  readonly runs: number;
  readonly days: number;
  /** Of each group. */
  readonly peopleADay: number;
  /** What one day's people of a group did. */
  readonly day: (next: () => number) => Sample;
}

export function falseAlarms({ runs, days, peopleADay, day }: Simulated): FalseAlarms {
  const next = random(20261127);
  const found = { naive: 0, alwaysValid: 0, oneSided: 0, atTheEnd: 0 };
  const nobody: Sample = { n: 0, mean: 0, variance: 0 };
  const leavesOut = ({ low, high }: { low: number; high: number }) => low > 0 || high < 0;
  for (let run = 0; run < runs; run++) {
    let [control, treatment] = [nobody, nobody];
    const seen = { naive: false, alwaysValid: false, oneSided: false };
    for (let today = 1; today <= days; today++) {
      control = together(control, day(next));
      treatment = together(treatment, day(next));
      const estimate = difference(control, treatment);
      const peeking = { n: 2 * peopleADay * today, plannedN: 2 * peopleADay * days, alpha: 0.05 };
      const naive = leavesOut(fixedInterval(estimate, 0.05));
      seen.naive ||= naive;
      seen.alwaysValid ||= leavesOut(alwaysValidInterval(estimate, peeking));
      seen.oneSided ||= estimate.value > alwaysValidMargin(estimate, peeking);
      if (today === days && naive) found.atTheEnd++;
    }
    for (const way of ['naive', 'alwaysValid', 'oneSided'] as const) if (seen[way]) found[way]++;
  }
  return {
    naive: found.naive / runs,
    alwaysValid: found.alwaysValid / runs,
    oneSided: found.oneSided / runs,
    atTheEnd: found.atTheEnd / runs,
  };
}
