import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kaplanMeier, logRank, type Observation } from './survival';

interface Golden {
  treated: [number, 0 | 1][];
  placebo: [number, 0 | 1][];
  steps: { time: number; survival: number; low: number; high: number }[];
  logRank: { chiSquare: number; p: number };
}

const golden = JSON.parse(readFileSync(join(__dirname, 'golden/survival.json'), 'utf8')) as Golden;
const observed = (rows: Golden['treated']): Observation[] => rows.map(([time, e]) => ({ time, happened: e === 1 }));

describe('how long people stay', () => {
  it('is the Kaplan–Meier estimate with the interval of R (log-log)', () => {
    const steps = kaplanMeier(observed(golden.treated));
    expect(steps.map(({ time }) => time)).toEqual(golden.steps.map(({ time }) => time));
    steps.forEach((step, i) => {
      for (const field of ['survival', 'low', 'high'] as const)
        expect(step[field]).toBeCloseTo(golden.steps[i]![field], 10);
    });
  });

  it("has Greenwood's variance: the textbook's 0.0764 after six weeks, 0.0869 after seven", () => {
    const steps = kaplanMeier(observed(golden.treated));
    expect(steps.slice(0, 2).map(({ standardError }) => Number(standardError.toFixed(4)))).toEqual([0.0764, 0.0869]);
  });

  it('differs between groups by the log-rank test', () => {
    const test = logRank([observed(golden.treated), observed(golden.placebo)]);
    expect(test.chiSquare).toBeCloseTo(golden.logRank.chiSquare, 9);
    expect(test.p).toBeCloseTo(golden.logRank.p, 12);
    expect(test.degreesOfFreedom).toBe(1);
  });

  it('of three groups has two degrees of freedom, whatever their order', () => {
    const [a, b] = [observed(golden.treated), observed(golden.placebo)];
    const c = [...a.slice(0, 8), ...b.slice(0, 8)];
    const first = logRank([a, b, c]);
    expect(first.degreesOfFreedom).toBe(2);
    expect(logRank([c, a, b]).chiSquare).toBeCloseTo(first.chiSquare, 9);
  });

  it('stands still where nobody has left, and ends where everybody has', () => {
    expect(kaplanMeier([{ time: 5, happened: false }])).toEqual([]);
    const [last] = kaplanMeier([{ time: 5, happened: true }]).slice(-1);
    expect(last).toMatchObject({ survival: 0, low: 0, high: 0 });
  });
});
