import { endOfQuietHours, USUAL_QUIET_HOURS } from './quiet-hours';

describe('quiet hours', () => {
  it.each<[string, string, string, string | undefined]>([
    ['in the evening they last until the morning', 'UTC', '2026-05-04T22:00:00Z', '2026-05-05T09:00:00.000Z'],
    ['after midnight as well', 'UTC', '2026-05-05T03:10:00Z', '2026-05-05T09:00:00.000Z'],
    ['at their end they are over', 'UTC', '2026-05-05T09:00:00Z', undefined],
    ['by day there are none', 'UTC', '2026-05-05T21:59:59Z', undefined],
    ['they are those of where a person is', 'Asia/Tokyo', '2026-05-05T13:30:00Z', '2026-05-06T00:00:00.000Z'],
    ['and it may be day there', 'America/New_York', '2026-05-05T22:30:00Z', undefined],
    [
      'when the clocks go forward the morning comes earlier',
      'Europe/Berlin',
      '2026-03-28T22:00:00Z',
      '2026-03-29T07:00:00.000Z',
    ],
  ])('%s', (_, timeZone, time, end) => {
    expect(endOfQuietHours(USUAL_QUIET_HOURS, timeZone, new Date(time))?.toISOString()).toBe(end);
  });

  it('may be within one day, or none', () => {
    const noon = { from: '12:00', to: '14:00' };
    expect(endOfQuietHours(noon, 'UTC', new Date('2026-05-05T13:00:00Z'))?.toISOString()).toBe(
      '2026-05-05T14:00:00.000Z',
    );
    expect(endOfQuietHours(noon, 'UTC', new Date('2026-05-05T22:00:00Z'))).toBeUndefined();
    expect(endOfQuietHours({ from: '00:00', to: '00:00' }, 'UTC', new Date())).toBeUndefined();
  });
});
