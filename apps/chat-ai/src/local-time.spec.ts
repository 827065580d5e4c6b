import { localTime, midnightIn } from './local-time';

describe('local time', () => {
  it.each([
    ['Europe/Berlin', '2026-11-28T13:35:07Z', '2026-11-28', '14:35:07'],
    ['Asia/Kathmandu', '2026-12-31T18:15:00Z', '2027-01-01', '00:00:00'],
    ['America/Los_Angeles', '2026-03-08T10:00:00Z', '2026-03-08', '03:00:00'],
  ])('in %s at %s', (timeZone, utc, date, time) => {
    expect(localTime(timeZone, new Date(utc))).toEqual({ date, time });
  });

  it.each([
    ['UTC', '2026-11-28', '2026-11-28T00:00:00Z'],
    ['Asia/Tokyo', '2026-11-28', '2026-11-27T15:00:00Z'],
    ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00Z'],
    ['Europe/Berlin', '2026-03-30', '2026-03-29T22:00:00Z'],
    ['Europe/Berlin', '2026-10-26', '2026-10-25T23:00:00Z'],
    ['America/New_York', '2026-11-01', '2026-11-01T04:00:00Z'],
  ])('in %s the day %s begins at %s', (timeZone, day, utc) => {
    expect(midnightIn(timeZone, Date.parse(day))).toEqual(new Date(utc));
  });
});
