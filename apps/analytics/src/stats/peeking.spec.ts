import { falseAlarms, normal } from '../../test/false-alarms';

/** χ² with so many degrees of freedom, by Marsaglia and Tsang's method. */
function chiSquare(freedom: number, next: () => number): number {
  const d = freedom / 2 - 1 / 3;
  for (;;) {
    const x = normal(next);
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return 2 * d * v;
  }
}

describe('two thousand experiments in which nothing differs, looked at on each of 28 days', () => {
  const people = 100;
  // Mean and variance of a day are drawn instead of its values: of normal values they are independent, and known.
  const day = (next: () => number) => ({
    n: people,
    mean: normal(next) / Math.sqrt(people),
    variance: chiSquare(people - 1, next) / (people - 1),
  });
  const rates = falseAlarms({ runs: 2000, days: 28, peopleADay: people, day });

  it('are found to differ by an interval for a single look in more than three of twenty', () => {
    expect(rates.naive).toBeGreaterThanOrEqual(0.15);
    expect(rates.atTheEnd).toBeGreaterThan(0.035);
    expect(rates.atTheEnd).toBeLessThan(0.065);
  });

  it('are found to differ by an interval that holds at all times in one of twenty at most', () => {
    expect(rates.alwaysValid).toBeLessThanOrEqual(0.05);
    expect(rates.oneSided).toBeLessThanOrEqual(0.05);
  });
});
