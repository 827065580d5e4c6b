import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { solvePositive } from './linear-system';
import { fitLogistic, predictLogistic } from './logistic-regression';

const read = <T>(file: string) => JSON.parse(readFileSync(join(__dirname, 'golden', file), 'utf8')) as T;

describe('logistic regression', () => {
  const golden = read<{
    features: number[][];
    labels: (0 | 1)[];
    plain: number[];
    ridge3: number[];
  }>('logistic.json');

  it('finds the maximum of the likelihood', () => {
    const model = fitLogistic(golden.features, golden.labels);
    expect(model.converged).toBe(true);
    [model.intercept, ...model.coefficients].forEach((value, i) => expect(value).toBeCloseTo(golden.plain[i]!, 7));
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
  });
});
