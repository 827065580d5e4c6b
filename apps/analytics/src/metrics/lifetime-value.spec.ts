import { randomFrom, simulate, truth } from '../../test/simulated-lives';
import { type Life, predictLifetimeValues } from './lifetime-value';

describe('the lifetime value', () => {
  it.each<[string, (day: number) => number]>([
    ['at the same risk every day', () => 0.02],
    ['at a risk that falls', (day) => 0.12 / Math.sqrt(day + 1)],
    ['at hardly any risk', () => 0.002],
  ])('of people %s is predicted to 10 %', (_, leaves) => {
    const lives = simulate(1000, leaves, randomFrom(42));
    const outlooks = [
      { observed: 0, horizon: 30 },
      { observed: 30, horizon: 180 },
      { observed: 30, horizon: 365 },
    ];
    predictLifetimeValues(lives, outlooks, randomFrom(7)).forEach(({ value, low, high }, i) => {
      expect(Math.abs(value / truth(leaves, outlooks[i]!.horizon) - 1)).toBeLessThan(0.1);
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    });
  });

  it('is nothing where nobody pays, and everybody’s where nobody leaves', () => {
    const life = (amount: number): Life => ({ age: 60, stayed: 59, hasLeft: false, brought: [{ day: 59, amount }] });
    const predict = (amount: number) =>
      predictLifetimeValues(
        Array.from({ length: 30 }, () => life(amount)),
        [{ observed: 0, horizon: 120 }],
      );
    expect(predict(0)).toEqual([{ value: 0, low: 0, high: 0 }]);
    // 28 in the last 28 days of life.
    expect(predict(28)[0]!.value).toBeCloseTo(120);
  });
});
