import { comparableHours } from './usage-history';

it('an hour is compared with whole hours also where the clocks differ by half an hour', () => {
  const hour = new Date('2026-11-26T09:00:00Z');
  const { begins } = comparableHours(hour, 'Asia/Kolkata', new Date('2026-01-01T00:00:00Z'));
  expect(begins[0]).toEqual(new Date('2026-11-19T09:00:00Z'));
});
