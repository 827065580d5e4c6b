import fc from 'fast-check';
import { addPeriods, creditOf, timeFor } from './proration';

const at = (text: string) => new Date(text);

it.each([
  ['2026-01-31T10:00:00Z', 1, '2026-02-28T10:00:00.000Z'],
  ['2028-01-31T10:00:00Z', 1, '2028-02-29T10:00:00.000Z'],
  // Counted from the beginning: February shortens no March.
  ['2026-01-31T10:00:00Z', 2, '2026-03-31T10:00:00.000Z'],
  ['2026-12-15T00:00:00Z', 1, '2027-01-15T00:00:00.000Z'],
  ['2028-02-29T00:00:00Z', 12, '2029-02-28T00:00:00.000Z'],
])('a month after %s, %i times, is %s', (from, times, to) => {
  expect(addPeriods(at(from), { count: 1, unit: 'month' }, times).toISOString()).toBe(to);
});

it.each(['2026-01-31T10:00:00Z', '2027-12-30T10:00:00Z', '2028-02-29T10:00:00Z', '2026-03-05T10:00:00Z'])(
  'twelve months one after the other from %s end on the same day',
  (began) => {
    let end = at(began);
    for (let month = 0; month < 12; month += 1) end = addPeriods(end, { count: 1, unit: 'month' }, 1, at(began));
    expect(end).toEqual(addPeriods(at(began), { count: 12, unit: 'month' }));
  },
);

it('days that were given move the end, and months go on from there', () => {
  const began = at('2026-01-31T10:00:00Z');
  const goesOn = addPeriods(at('2026-03-05T10:00:00Z'), { count: 1, unit: 'month' }, 1, began);
  expect(goesOn).toEqual(at('2026-04-05T10:00:00Z'));
});

it('half of what was paid is left at half of the time, to the kopeck and rounded up', () => {
  const period = {
    from: at('2026-03-01T00:00:00Z'),
    to: at('2026-03-31T00:00:00Z'),
    amountMinor: 19901,
    currency: 'RUB',
  };
  expect(creditOf([period], at('2026-03-16T00:00:00Z'), 'RUB')).toEqual({ creditMinor: 9951, otherMs: 0 });
});

it('what was given, or paid in another currency, is time', () => {
  const time = { from: at('2026-03-01T00:00:00Z'), to: at('2026-03-11T00:00:00Z') };
  const periods = [
    { ...time, amountMinor: 0, currency: 'XXX' },
    { ...time, amountMinor: 500, currency: 'USD' },
  ];
  expect(creditOf(periods, at('2026-03-06T00:00:00Z'), 'RUB')).toEqual({ creditMinor: 0, otherMs: 10 * 86_400_000 });
});

const period = fc
  .record({
    start: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    length: fc.integer({ min: 1, max: 400 * 86_400_000 }),
    amountMinor: fc.integer({ min: 1, max: 1_000_000_000_000 }),
  })
  .map(({ start, length, amountMinor }) => ({
    ...{ from: new Date(start), to: new Date(start + length), amountMinor, currency: 'RUB' },
  }));

it('nobody gets more back than they paid, nor less than their share', () => {
  fc.assert(
    fc.property(period, fc.double({ min: 0, max: 1, noNaN: true }), (paid, share) => {
      const length = paid.to.getTime() - paid.from.getTime();
      const now = new Date(paid.from.getTime() + Math.floor(length * share));
      const { creditMinor } = creditOf([paid], now, 'RUB');
      const left = BigInt(paid.to.getTime() - now.getTime()) * BigInt(paid.amountMinor);
      expect(creditMinor).toBeLessThanOrEqual(paid.amountMinor);
      expect(BigInt(creditMinor) * BigInt(length)).toBeGreaterThanOrEqual(left);
      expect(BigInt(creditMinor - 1) * BigInt(length)).toBeLessThan(left);
    }),
  );
});

it('a whole price buys a whole period, and money is never turned into less time than it is worth', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 1, max: 1_000_000_000 }),
      fc.integer({ min: 1, max: 400 * 86_400_000 }),
      (percent, price, periodMs) => {
        const amount = Math.floor((price * percent) / 100);
        expect(timeFor(price, price, periodMs)).toBe(periodMs);
        expect(BigInt(timeFor(amount, price, periodMs)) * BigInt(price)).toBeGreaterThanOrEqual(
          BigInt(amount) * BigInt(periodMs),
        );
      },
    ),
  );
});
