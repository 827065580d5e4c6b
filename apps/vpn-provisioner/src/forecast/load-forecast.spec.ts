import { adviceFor, type RegionServer } from './capacity-advice';
import { forecastWeek, HOURS_PER_WEEK } from './load-forecast';

/** Mulberry32: the same numbers in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * People online: evenings, weekends, growth by some percent a week, noise, and up to the last week, which nobody could foresee
 * otherwise, days on which something happened.
 */
function simulated(weeks: number, seed: number, growth: number): number[] {
  const random = randomFrom(seed);
  const noise = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const days = Array.from({ length: weeks * 7 }, (_, day) => {
    const chance = random();
    const usual = 1 + 0.04 * noise();
    if (day >= (weeks - 1) * 7) return usual;
    return chance < 0.03 ? 0.4 : chance > 0.97 ? 1.5 : usual;
  });
  return Array.from({ length: weeks * HOURS_PER_WEEK }, (_, hour) => {
    const [day, ofDay] = [Math.floor(hour / 24), hour % 24];
    const evening =
      1 + 0.5 * Math.sin(((ofDay - 14) / 24) * 2 * Math.PI) + 0.25 * Math.sin(((ofDay - 8) / 12) * 2 * Math.PI);
    const weekend = day % 7 >= 5 ? 1.25 : 1;
    const level = 400 * (1 + growth) ** (hour / HOURS_PER_WEEK);
    return Math.max(0, Math.round(level * evening * weekend * days[day]! * (1 + 0.05 * noise())));
  });
}

const errorOf = (forecast: readonly number[], actual: readonly number[]) =>
  actual.reduce((sum, load, i) => sum + Math.abs(forecast[i]! - load) / load, 0) / actual.length;

describe('the load of the coming week', () => {
  it.each([0, 0.02, 0.06, -0.03])(
    'is within 15 %% of what comes, and nearer than that of last week (growth %p)',
    (growth) => {
      const errors = Array.from({ length: 10 }, (_, seed) => {
        const all = simulated(9, seed + 1, growth);
        const known = all.slice(0, 8 * HOURS_PER_WEEK);
        const actual = all.slice(8 * HOURS_PER_WEEK);
        return { ours: errorOf(forecastWeek(known)!, actual), naive: errorOf(known.slice(-HOURS_PER_WEEK), actual) };
      });
      const mean = (of: 'ours' | 'naive') => errors.reduce((sum, error) => sum + error[of], 0) / errors.length;
      expect(mean('ours')).toBeLessThan(0.15);
      expect(mean('ours')).toBeLessThan(mean('naive'));
      expect(Math.max(...errors.map(({ ours }) => ours))).toBeLessThan(0.15);
    },
  );

  it('is not told of too little, and of nothing is nothing', () => {
    expect(forecastWeek(simulated(2, 1, 0))).toBeUndefined();
    expect(forecastWeek(Array(3 * HOURS_PER_WEEK).fill(0))).toEqual(Array(HOURS_PER_WEEK).fill(0));
  });
});

describe('advice about capacity', () => {
  const server = (id: string, capacity: number, monthlyCostMinor: number): RegionServer => ({
    ...{ id, capacity, monthlyCostMinor, currency: 'EUR' },
  });
  const servers = [server('a', 100, 500), server('b', 200, 800), server('c', 100, 700)];

  it.each([
    [319, undefined],
    [320, { kind: 'add', expectedPercent: 80, monthlyCostMinor: 800, currency: 'EUR' }],
    // 160 is 80 % of what is left without the cheapest by its room, and 53 % without one of the small ones.
    [160, { kind: 'drop', serverId: 'c', expectedPercent: 40, monthlyCostMinor: 700, currency: 'EUR' }],
    [120, { kind: 'drop', serverId: 'b', expectedPercent: 30, monthlyCostMinor: 800, currency: 'EUR' }],
    [200, undefined],
  ])('for %p people of 400', (expected, advice) => {
    expect(adviceFor(servers, expected)).toEqual(advice);
  });

  it('never drops the last one, and says nothing of a region without room', () => {
    expect(adviceFor([server('a', 100, 500)], 1)).toBeUndefined();
    expect(adviceFor([server('a', 100, 500), server('b', 0, 900)], 1)).toBeUndefined();
    expect(adviceFor([], 10)).toBeUndefined();
  });
});
