import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kaplanMeier, type Observation } from './survival';

interface Golden {
  treated: [number, 0 | 1][];
  steps: { time: number; survival: number; low: number; high: number }[];
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

  it('stands still where nobody has left, and ends where everybody has', () => {
    expect(kaplanMeier([{ time: 5, happened: false }])).toEqual([]);
    const [last] = kaplanMeier([{ time: 5, happened: true }]).slice(-1);
    expect(last).toMatchObject({ survival: 0, low: 0, high: 0 });
  });
});
