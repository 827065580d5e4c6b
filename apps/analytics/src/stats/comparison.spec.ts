import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  alwaysValidInterval,
  alwaysValidMargin,
  belief,
  difference,
  fixedInterval,
  interactionP,
  neededPerGroup,
  pValue,
  relativeDifference,
} from './comparison';
import { cuped, type CovariateMoments } from './cuped';
import { benjaminiHochberg } from './many-metrics';
import { fisherExact, needsExactTest, newcombeInterval, sampleRatioMismatch, wilsonInterval } from './proportions';
import { mean, medianAbsoluteDeviation, quantile, ratioSample, sampleOf, variance, winsorised } from './samples';

interface Count {
  readonly successes: number;
  readonly n: number;
}
interface Golden {
  welch: { control: number[]; treatment: number[]; p: number; df: number; low: number; high: number };
  wilson: { values: (Count & { low: number; high: number })[] };
  newcombe: { values: { treatment: [number, number]; control: [number, number]; low: number; high: number }[] };
  fisher: { values: { treatment: [number, number]; control: [number, number]; p: number }[] };
  sampleRatio: { values: { counts: number[]; weights: number[]; chiSquare: number; p: number }[] };
  benjaminiHochberg: { p: number[]; adjusted: number[] };
  quantiles: { values: number[]; at: number[]; expected: number[]; mad: number };
}

const golden = JSON.parse(readFileSync(join(__dirname, 'golden/comparisons.json'), 'utf8')) as Golden;
const count = ([successes, n]: [number, number]): Count => ({ successes, n });

/** As GrowthBook's own tests give their input. */
const fromSums = (n: number, sum: number, squares: number) => ({
  n,
  mean: sum / n,
  variance: (squares - sum ** 2 / n) / (n - 1),
});

describe('the difference of two means', () => {
  it("is Welch's", () => {
    const { control, treatment, p, df, low, high } = golden.welch;
    const estimate = difference(sampleOf(control), sampleOf(treatment));
    expect(estimate.degreesOfFreedom).toBeCloseTo(df, 9);
    expect(pValue(estimate)).toBeCloseTo(p, 12);
    const interval = fixedInterval(estimate, 0.05);
    expect(interval.low).toBeCloseTo(low, 10);
    expect(interval.high).toBeCloseTo(high, 10);
  });

  it('as a share of the control is what GrowthBook finds', () => {
    // Source of the numbers: growthbook/growthbook, packages/stats/tests/frequentist/test_tests.py, TestTwoSidedTTest
    const [control, treatment] = [fromSums(3407, 1396.87, 52_377.9767), fromSums(3461, 2422.7, 134_698.29)];
    const lift = relativeDifference(control, treatment)!;
    const { low, high } = fixedInterval(lift, 0.05);
    expect([lift.value, lift.standardError, low, high, pValue(lift)].map((x) => Number(x.toFixed(5)))).toEqual([
      0.70732, 0.37879, -0.03526, 1.44989, 0.06191,
    ]);
    const absolute = difference(control, treatment);
    expect([absolute.standardError, pValue(absolute)].map((x) => Number(x.toFixed(5)))).toEqual([0.12478, 0.02016]);
  });

  it('as a share is refused when the control is hardly above zero', () => {
    expect(relativeDifference({ n: 100, mean: 0.2, variance: 1 }, { n: 100, mean: 0.4, variance: 1 })).toBeUndefined();
    expect(relativeDifference({ n: 100, mean: 0.4, variance: 1 }, { n: 100, mean: 0.4, variance: 1 })).toBeDefined();
    expect(relativeDifference({ n: 100, mean: 0, variance: 0 }, { n: 100, mean: 0.4, variance: 1 })).toBeUndefined();
  });

  it('of values that are all the same is certain', () => {
    const same = { n: 50, mean: 1, variance: 0 };
    expect(pValue(difference(same, same))).toBe(1);
    expect(pValue(difference(same, { ...same, mean: 2 }))).toBe(0);
  });
});

describe('an interval that holds at all times', () => {
  it('is what GrowthBook finds', () => {
    // Source of the numbers: ibid., TestSequentialTTest
    const [control, treatment] = [fromSums(3000, 1396.87, 52_377.9767), fromSums(3461, 2422.7, 134_698.29)];
    const lift = relativeDifference(control, treatment)!;
    const { low, high } = alwaysValidInterval(lift, { n: 6461, plannedN: 1000, alpha: 0.05 });
    expect([lift.value, low, high].map((x) => Number(x.toFixed(5)))).toEqual([0.50336, -0.55844, 1.56516]);
  });

  it('is wider than one for a single look, least so at the planned number of people', () => {
    const estimate = { value: 0, standardError: 1, degreesOfFreedom: Infinity };
    const width = (n: number) => alwaysValidInterval(estimate, { n, plannedN: 5000, alpha: 0.05 }).high;
    expect(width(5000)).toBeGreaterThan(fixedInterval(estimate, 0.05).high);
    expect(width(5000)).toBeLessThan(width(500));
    expect(width(5000)).toBeLessThan(width(100_000));
  });

  it('looked at from one side is narrower', () => {
    const estimate = { value: 0, standardError: 1, degreesOfFreedom: Infinity };
    const peeking = { n: 5000, plannedN: 5000, alpha: 0.05 };
    expect(alwaysValidMargin(estimate, peeking)).toBeLessThan(alwaysValidInterval(estimate, peeking).high);
  });
});

describe('shares', () => {
  it.each(golden.wilson.values)("have Wilson's interval: $successes of $n", ({ low, high, ...one }) => {
    const interval = wilsonInterval(one);
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
  });

  it.each(golden.newcombe.values)(
    "differ by Newcombe's: $treatment and $control",
    ({ treatment, control, low, high }) => {
      const interval = newcombeInterval(count(control), count(treatment));
      expect(interval.low).toBeCloseTo(low, 4);
      expect(interval.high).toBeCloseTo(high, 4);
    },
  );

  it.each(golden.fisher.values)('are tested exactly: $control and $treatment', ({ control, treatment, p }) => {
    expect(fisherExact(count(control), count(treatment))).toBeCloseTo(p, 10);
  });

  it('of small groups need the exact test', () => {
    expect(needsExactTest({ successes: 1, n: 40 }, { successes: 2, n: 40 })).toBe(true);
    expect(needsExactTest({ successes: 10, n: 40 }, { successes: 12, n: 40 })).toBe(false);
    expect(needsExactTest({ successes: 398, n: 400 }, { successes: 399, n: 400 })).toBe(true);
  });
});

describe('a mismatch of the sample ratio', () => {
  it.each(golden.sampleRatio.values)('is a χ² of $counts against $weights', ({ counts, weights, chiSquare, p }) => {
    const found = sampleRatioMismatch(counts.map((n, i) => ({ count: n, weight: weights[i]! })));
    expect(found.chiSquare).toBeCloseTo(chiSquare, 9);
    expect(found.p).toBeCloseTo(p, 12);
  });

  it('leaves arms of weight 0 out of sum, total and degrees of freedom', () => {
    const two = [
      { count: 5000, weight: 5000 },
      { count: 5200, weight: 5000 },
    ];
    const closed = { count: 700, weight: 0 };
    for (const arms of [
      [...two, closed],
      [closed, ...two],
      [two[0]!, closed, two[1]!],
    ])
      expect(sampleRatioMismatch(arms)).toEqual(sampleRatioMismatch(two));
    expect(sampleRatioMismatch(two).degreesOfFreedom).toBe(1);
  });

  it('says nothing where there is nothing to compare', () => {
    expect(sampleRatioMismatch([]).p).toBe(1);
    expect(sampleRatioMismatch([{ count: 10, weight: 10_000 }]).p).toBe(1);
    expect(
      sampleRatioMismatch([
        { count: 0, weight: 5000 },
        { count: 0, weight: 5000 },
      ]).p,
    ).toBe(1);
  });
});

describe('many metrics', () => {
  it("are adjusted by Benjamini and Hochberg's rule", () => {
    const { p, adjusted } = golden.benjaminiHochberg;
    benjaminiHochberg(p).forEach((value, i) => expect(value).toBeCloseTo(adjusted[i]!, 14));
    expect(benjaminiHochberg([])).toEqual([]);
  });

  it('are never made more certain than they were', () => {
    const p = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });
    fc.assert(
      fc.property(p, (values) => {
        const adjusted = benjaminiHochberg(values);
        values.forEach((value, i) => expect(adjusted[i]!).toBeGreaterThanOrEqual(value - 1e-12));
      }),
    );
  });
});

describe('quantiles', () => {
  it('are those of numpy, R and Postgres', () => {
    const { values, at, expected, mad } = golden.quantiles;
    at.forEach((p, i) => expect(quantile(values, p)).toBeCloseTo(expected[i]!, 12));
    expect(medianAbsoluteDeviation(values)).toBeCloseTo(mad, 12);
  });

  it('cut what is above them', () => {
    expect(winsorised([1, 2, 3, 4, 1000], 0.75)).toEqual([1, 2, 3, 4, 4]);
    expect(winsorised([], 0.9)).toEqual([]);
  });
});

/** A sequence of numbers between 0 and 1 that is the same in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const normal = (next: () => number) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

describe('a ratio of two sums', () => {
  it('has the standard error that the bootstrap over persons finds', () => {
    const next = random(7);
    const people = Array.from({ length: 400 }, () => {
      const messages = 1 + Math.floor(next() * 20);
      return { messages, words: messages * (5 + 3 * next()) + 4 * normal(next) };
    });
    const moments = (of: typeof people) => {
      const [words, messages] = [of.map((one) => one.words), of.map((one) => one.messages)];
      const [w, m] = [mean(words), mean(messages)];
      return {
        n: of.length,
        numerator: { mean: w, variance: variance(words) },
        denominator: { mean: m, variance: variance(messages) },
        covariance: of.reduce((sum, one) => sum + (one.words - w) * (one.messages - m), 0) / (of.length - 1),
      };
    };
    const sample = ratioSample(moments(people));
    const ratios = Array.from({ length: 2000 }, () => {
      const drawn = people.map(() => people[Math.floor(next() * people.length)]!);
      return mean(drawn.map(({ words }) => words)) / mean(drawn.map(({ messages }) => messages));
    });
    const [byDelta, byBootstrap] = [Math.sqrt(sample.variance / sample.n), Math.sqrt(variance(ratios))];
    expect(byDelta / byBootstrap).toBeGreaterThan(0.92);
    expect(byDelta / byBootstrap).toBeLessThan(1.08);
  });

  it('without a denominator is of nobody', () => {
    const none = { mean: 0, variance: 0 };
    expect(ratioSample({ n: 5, numerator: none, denominator: none, covariance: 0 }).n).toBe(0);
  });
});

describe('what people did before', () => {
  const momentsOf = (rows: readonly (readonly number[])[]): CovariateMoments => {
    const means = rows[0]!.map((_, i) => mean(rows.map((row) => row[i]!)));
    const covariances = means.map((a, i) =>
      means.map((b, k) => rows.reduce((sum, row) => sum + (row[i]! - a) * (row[k]! - b), 0) / (rows.length - 1)),
    );
    return { n: rows.length, means, covariances };
  };
  const group = (seed: number, effect: number, n = 4000) => {
    const next = random(seed);
    return Array.from({ length: n }, () => {
      const isNew = next() < 0.3;
      const habit = isNew ? 0 : 10 + 3 * normal(next);
      return [(isNew ? 4 : habit) + effect + normal(next), habit, isNew ? 1 : 0];
    });
  };

  it('takes away the variance it explains, and neither adds nor takes an effect', () => {
    const rows = [group(1, 0), group(2, 0.2)];
    const { samples, varianceRatio } = cuped(rows.map(momentsOf));
    // Without noise of habit the rest has variance 1 of about 1 + 6.3 + …
    expect(varianceRatio).toBeLessThan(0.12);
    const adjusted = difference(samples[0]!, samples[1]!);
    expect(Math.abs(adjusted.value - 0.2)).toBeLessThan(3 * adjusted.standardError);
    const plain = difference(sampleOf(rows[0]!.map(([y]) => y!)), sampleOf(rows[1]!.map(([y]) => y!)));
    expect(adjusted.standardError).toBeLessThan(0.4 * plain.standardError);
  });

  it('is the regression on it: residuals give the same numbers', () => {
    const rows = [group(3, 0, 300), group(4, 1, 250)];
    const { samples, theta } = cuped(rows.map(momentsOf));
    const all = rows.flat();
    const centre = [1, 2].map((i) => mean(all.map((row) => row[i]!)));
    rows.forEach((part, g) => {
      const residuals = part.map(
        (row) => row[0]! - theta[0]! * (row[1]! - centre[0]!) - theta[1]! * (row[2]! - centre[1]!),
      );
      expect(samples[g]!.mean).toBeCloseTo(mean(residuals), 9);
      expect(samples[g]!.variance).toBeCloseTo(variance(residuals), 9);
    });
  });

  it('that nobody did changes nothing', () => {
    const rows = [1, 2].map((seed) => group(seed, 0, 100).map(([y]) => [y!, 0, 1]));
    const { samples, varianceRatio } = cuped(rows.map(momentsOf));
    expect(varianceRatio).toBeCloseTo(1, 12);
    samples.forEach((sample, i) => expect(sample.mean).toBeCloseTo(mean(rows[i]!.map(([y]) => y!)), 12));
  });
});

describe('what to believe', () => {
  it('is what was expected and what was seen, weighed by how sure each is', () => {
    // 0.3² and 0.1²: nine parts of ten are the data's.
    const seen = belief({ value: 0.1, standardError: 0.1, degreesOfFreedom: 100 });
    expect(seen.mean).toBeCloseTo(0.09, 12);
    expect(seen.deviation).toBeCloseTo(Math.sqrt(0.009), 12);
  });

  it('counts the chance to win and the loss as the integral does', () => {
    const {
      mean: m,
      deviation: s,
      chanceToWin,
      expectedLoss,
    } = belief({
      value: 0.04,
      standardError: 0.05,
      degreesOfFreedom: 100,
    });
    let [win, loss] = [0, 0];
    const step = s / 2000;
    for (let x = m - 9 * s; x <= m + 9 * s; x += step) {
      const weight = (Math.exp(-((x - m) ** 2) / (2 * s * s)) / (s * Math.sqrt(2 * Math.PI))) * step;
      if (x > 0) win += weight;
      else loss -= x * weight;
    }
    expect(chanceToWin).toBeCloseTo(win, 3);
    expect(expectedLoss).toBeCloseTo(loss, 5);
  });
});

it('people needed for an effect: the textbook 16 σ²/δ²', () => {
  expect(neededPerGroup({ spread: 1, effect: 1 })).toBe(16);
  // 2 (1.959964 + 0.841621)² = 15.6978 per σ²/δ²
  expect(neededPerGroup({ spread: 4, effect: 0.1 })).toBe(Math.ceil(15.6978 * 400));
});

it('parts of the people that differ are told from parts that do not', () => {
  const part = (value: number, standardError: number) => ({ value, standardError, degreesOfFreedom: 100 });
  expect(interactionP([part(0.1, 0.1), part(0.12, 0.2)])).toBeGreaterThan(0.9);
  expect(interactionP([part(0.1, 0.02), part(-0.1, 0.02)])).toBeLessThan(1e-6);
  // Two parts are a z test: (0.3 − 0.1) / √(0.1² + 0.1²) = 1.414, of which p is 0.157.
  expect(interactionP([part(0.3, 0.1), part(0.1, 0.1)])).toBeCloseTo(0.1573, 4);
  expect(interactionP([part(0.1, 0.1)])).toBe(1);
});
