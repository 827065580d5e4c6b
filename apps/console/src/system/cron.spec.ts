import { timeOf } from './cron';

describe('when a schedule runs', () => {
  it.each([
    ['* * * * *', { every: 'minutes', minutes: 1 }],
    ['*/10 * * * *', { every: 'minutes', minutes: 10 }],
    ['17 * * * *', { every: 'hour', minute: 17 }],
    ['45 3 * * *', { every: 'day', hour: 3, minute: 45 }],
    ['17 3 * * 1', { every: 'week', day: 1, hour: 3, minute: 17 }],
  ])('is said in words for %s', (cron, time) => {
    expect(timeOf(cron)).toEqual(time);
  });

  it.each(['7,37 * * * *', '0 0 1 * *', '0 */6 * * *'])('is left as it is written for %s', (cron) => {
    expect(timeOf(cron)).toBeUndefined();
  });
});
