import { type Life, predictLifetimeValues, type Prediction } from './lifetime-value';

/** The same numbers each time. Source: mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** People who leave with a chance per day, are active on three days of five, and pay 100 on one day of twenty. */
function simulate(people: number, leaves: (day: number) => number, random: () => number): Life[] {
  return Array.from({ length: people }, () => {
    const age = 15 + Math.floor(random() * 185);
    const brought: { day: number; amount: number }[] = [];
    let stayed = 0;
    for (let day = 0; day < age && (day === 0 || random() >= leaves(day)); day++) {
      const pays = random() < 0.05;
      if (pays) brought.push({ day, amount: 100 });
      if (pays || random() < 0.6) stayed = day;
    }
    return { age, stayed, hasLeft: age - stayed > 14, brought };
  });
}

function truth(leaves: (day: number) => number, horizon: number): number {
  let [there, value] = [1, 0];
  for (let day = 0; day < horizon; day++) {
    if (day > 0) there *= 1 - leaves(day);
    value += there * 5;
  }
  return value;
}

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

  it('has an interval of 80 %: the truth is outside of it in about one case of five', () => {
    const random = randomFrom(3);
    const horizon = 60;
    const expected = truth(() => 0.03, horizon);
    const within = Array.from({ length: 40 }, () => {
      const lives = simulate(150, () => 0.03, random);
      const [{ low, high }] = predictLifetimeValues(lives, [{ observed: 0, horizon }], random) as [Prediction];
      return low <= expected && expected <= high;
    }).filter(Boolean).length;
    expect(within).toBeGreaterThan(24);
    expect(within).toBeLessThan(39);
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
