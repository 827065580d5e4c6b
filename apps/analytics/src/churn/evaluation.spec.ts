import fc from 'fast-check';
import {
  applyIsotonic,
  areaUnderPrecisionRecall,
  areaUnderRoc,
  brierScore,
  calibrationSlope,
  fitIsotonic,
  type Judged,
  liftAtTenth,
  stabilityIndex,
} from './evaluation';

const judged = (...pairs: [p: number, label: 0 | 1][]): Judged[] => pairs.map(([p, label]) => ({ p, label }));

describe('probabilities are judged', () => {
  const four = judged([0.1, 0], [0.4, 0], [0.35, 1], [0.8, 1]);

  // Golden values: scikit-learn's example of these four.
  it('by the area under ROC and under precision and recall', () => {
    expect(areaUnderRoc(four)).toBeCloseTo(0.75);
    expect(areaUnderPrecisionRecall(four)).toBeCloseTo(0.8333, 4);
    expect(areaUnderRoc(judged([0.5, 0], [0.5, 1]))).toBe(0.5);
    expect([areaUnderRoc(judged([0.5, 1])), areaUnderPrecisionRecall(judged([0.5, 0]))]).toEqual([null, null]);
  });

  it('by their squared error', () => {
    expect(brierScore(four)).toBeCloseTo((0.01 + 0.16 + 0.4225 + 0.04) / 4);
  });

  it('by the labels among the highest tenth', () => {
    const twenty = Array.from({ length: 20 }, (_, i): Judged => ({ p: i / 20, label: i >= 16 ? 1 : 0 }));
    expect(liftAtTenth(twenty)).toBe(5);
  });

  it('by the slope of their calibration: below 1 they are too sure', () => {
    const sure = Array.from({ length: 1000 }, (_, i): Judged => {
      const p = (i % 9) / 10 + 0.1;
      const less = 1 / (1 + Math.exp(-0.5 * Math.log(p / (1 - p))));
      return { p, label: (i * 0.6180339887) % 1 < less ? 1 : 0 };
    });
    expect(calibrationSlope(sure)!).toBeGreaterThan(0.4);
    expect(calibrationSlope(sure)!).toBeLessThan(0.6);
  });

  it('by how far people have changed since', () => {
    const numbers = Array.from({ length: 1000 }, (_, i) => (i * 0.6180339887) % 1);
    expect(stabilityIndex(numbers, numbers)).toBeCloseTo(0);
    expect(
      stabilityIndex(
        numbers,
        numbers.map((x) => x + 0.05),
      ),
    ).toBeLessThan(0.2);
    expect(
      stabilityIndex(
        numbers,
        numbers.map((x) => x + 0.5),
      ),
    ).toBeGreaterThan(0.2);
  });
});

describe('isotonic regression', () => {
  it('pools what falls, and is never sure', () => {
    expect(fitIsotonic(judged([0.1, 0], [0.15, 0], [0.2, 1], [0.3, 0], [0.35, 1], [0.4, 1]))).toEqual([
      { from: 0.1, value: 1 / 3 },
      { from: 0.2, value: 1 / 2 },
      { from: 0.35, value: 2 / 3 },
    ]);
  });

  it('never falls', () => {
    const some = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.constantFrom(0 as const, 1 as const)), {
      minLength: 1,
    });
    fc.assert(
      fc.property(some, (pairs) => {
        const all = judged(...pairs.map(([p, label]): [number, 0 | 1] => [p / 20, label]));
        const steps = fitIsotonic(all);
        const values = steps.map(({ value }) => value);
        expect(values).toEqual([...values].sort((a, b) => a - b));
        expect(Math.min(...values)).toBeGreaterThan(0);
        expect(Math.max(...values)).toBeLessThan(1);
        expect(applyIsotonic(steps, -1)).toBe(values[0]);
        expect(applyIsotonic(steps, 2)).toBe(values.at(-1));
      }),
    );
  });
});
