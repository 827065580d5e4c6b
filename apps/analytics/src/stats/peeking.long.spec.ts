import { falseAlarms, normal } from '../../test/false-alarms';
import { sampleOf } from './samples';

const PEOPLE = 100;

describe('two thousand experiments in which nothing differs, value by value', () => {
  it.each<[string, (next: () => number) => number]>([
    ['normal values', normal],
    ['money, which few people spend', (next) => (next() < 0.05 ? -Math.log(next()) * 10 : 0)],
    ['whether somebody came back', (next) => (next() < 0.3 ? 1 : 0)],
  ])(
    'are seldom found to differ by an interval that holds at all times, and often by one that does not: %s',
    (_, draw) => {
      const day = (next: () => number) => sampleOf(Array.from({ length: PEOPLE }, () => draw(next)));
      const rates = falseAlarms({ runs: 2000, days: 28, peopleADay: PEOPLE, day });
      expect(rates.naive).toBeGreaterThanOrEqual(0.15);
      expect(rates.alwaysValid).toBeLessThanOrEqual(0.05);
      expect(rates.oneSided).toBeLessThanOrEqual(0.05);
    },
  );
});
