import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Buyer, expectedPurchases, expectedRepeats, fitBgNbd, probabilityAlive } from './bg-nbd';
import { inverseDiagonal, solvePositive } from './linear-system';
import { fitLogistic, predictLogistic } from './logistic-regression';
import { minimise } from './nelder-mead';

const read = <T>(file: string) => JSON.parse(readFileSync(join(__dirname, 'golden', file), 'utf8')) as T;

describe('logistic regression', () => {
  const golden = read<{
    features: number[][];
    labels: (0 | 1)[];
    plain: number[];
    standardErrors: number[];
    ridge3: number[];
  }>('logistic.json');

  it('finds the maximum of the likelihood, and how sure it is', () => {
    const model = fitLogistic(golden.features, golden.labels);
    expect(model.converged).toBe(true);
    [model.intercept, ...model.coefficients].forEach((value, i) => expect(value).toBeCloseTo(golden.plain[i]!, 7));
    model.standardErrors.forEach((value, i) => expect(value).toBeCloseTo(golden.standardErrors[i]!, 6));
  });

  it('is drawn to zero by a penalty, but for the intercept', () => {
    const model = fitLogistic(golden.features, golden.labels, { ridge: 3 });
    [model.intercept, ...model.coefficients].forEach((value, i) => expect(value).toBeCloseTo(golden.ridge3[i]!, 7));
  });

  it('of groups that a line separates has no end without a penalty, and one with it', () => {
    const features = [[-2], [-1], [1], [2]];
    const labels = [0, 0, 1, 1] as const;
    expect(fitLogistic(features, labels, { iterations: 20 }).converged).toBe(false);
    const model = fitLogistic(features, labels, { ridge: 0.1 });
    expect(model.converged).toBe(true);
    expect(predictLogistic(model, [2])).toBeGreaterThan(0.9);
  });

  it('gives a feature that is always the same no weight', () => {
    const model = fitLogistic(
      golden.features.map((row) => [...row, 1]),
      golden.labels,
    );
    expect(model.coefficients[2]).toBe(0);
  });
});

describe('a system of equations', () => {
  it('is solved', () => {
    const a = [
      [4, 2, 0.6],
      [2, 5, 1],
      [0.6, 1, 3],
    ];
    const x = solvePositive(a, [1, 2, 3]);
    a.forEach((row, i) => expect(row.reduce((sum, each, k) => sum + each * x[k]!, 0)).toBeCloseTo([1, 2, 3][i]!, 12));
  });

  it('without a column of its own does without it', () => {
    expect(
      solvePositive(
        [
          [2, 2],
          [2, 2],
        ],
        [4, 4],
      ),
    ).toEqual([expect.closeTo(2, 12), 0]);
    expect(
      inverseDiagonal([
        [4, 0],
        [0, 0],
      ]),
    ).toEqual([0.25, Infinity]);
  });
});

describe('a minimum', () => {
  it("is found in Rosenbrock's valley", () => {
    const { at, converged } = minimise(([x, y]) => 100 * (y! - x! ** 2) ** 2 + (1 - x!) ** 2, [-1.2, 1]);
    expect(converged).toBe(true);
    at.forEach((x) => expect(x).toBeCloseTo(1, 4));
  });

  it('is looked for where the function is defined', () => {
    const { at } = minimise(([x]) => x! - Math.log(x!), [0.2]);
    expect(at[0]).toBeCloseTo(1, 4);
  });
});

describe('repeat buyers', () => {
  const { rows } = read<{ rows: [number, number, number, number][] }>('cdnow.json');
  const buyers: Buyer[] = rows.map(([repeats, recency, age, count]) => ({ repeats, recency, age, count }));
  const published = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };

  const fit = fitBgNbd(buyers);

  it('are fitted as published for CDNOW', () => {
    expect(fit.converged).toBe(true);
    for (const name of ['r', 'alpha', 'a', 'b'] as const) expect(fit[name]).toBeCloseTo(published[name], 2);
    // Of all 2357; source: the same paper, table 2.
    expect(fit.logLikelihood * 2357).toBeCloseTo(-9582.4, 1);
  });

  it('are fitted the same in days as in weeks', () => {
    const days = fitBgNbd(buyers.map((one) => ({ ...one, recency: one.recency * 7, age: one.age * 7 })));
    expect(days.r).toBeCloseTo(published.r, 2);
    expect(days.alpha / 7).toBeCloseTo(published.alpha, 2);
  });

  it('are expected to buy as published', () => {
    // Source: P. S. Fader, B. G. S. Hardie, K. L. Lee, "Implementing the BG/NBD Model for Customer Base Analysis in Excel", 2005
    expect(expectedPurchases(fit, { repeats: 2, recency: 30.43, age: 38.86 }, 39)).toBeCloseTo(1.226, 3);
    const times = [0.1429, 1, 3, 31.8571, 32, 78];
    const expected = [0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576];
    times.forEach((time, i) => expect(expectedRepeats(fit, time)).toBeCloseTo(expected[i]!, 3));
  });

  it('are alive as the simulation of the model says', () => {
    let state = 42;
    const next = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const exponential = (rate: number) => -Math.log(next()) / rate;
    const gamma = (shape: number): number => {
      // Marsaglia, Tsang.
      if (shape < 1) return gamma(shape + 1) * next() ** (1 / shape);
      const d = shape - 1 / 3;
      for (;;) {
        const x = Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
        const v = (1 + x / Math.sqrt(9 * d)) ** 3;
        if (v > 0 && Math.log(next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
      }
    };
    const model = { r: 1.2, alpha: 5, a: 1.5, b: 3 };
    let [alive, expected, people] = [0, 0, 0];
    for (let i = 0; i < 20_000; i++) {
      const rate = gamma(model.r) / model.alpha;
      const [one, other] = [gamma(model.a), gamma(model.b)];
      const leaves = one / (one + other);
      let [time, repeats, recency, isAlive] = [0, 0, 0, true];
      for (;;) {
        time += exponential(rate);
        if (time > 30) break;
        [repeats, recency] = [repeats + 1, time];
        if (next() < leaves) {
          isAlive = false;
          break;
        }
      }
      if (repeats === 0) continue;
      people++;
      alive += isAlive ? 1 : 0;
      expected += probabilityAlive(model, { repeats, recency, age: 30 });
    }
    expect(Math.abs(expected - alive) / people).toBeLessThan(0.01);
  });
});
