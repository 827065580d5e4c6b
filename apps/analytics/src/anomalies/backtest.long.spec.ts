import { replay } from '../../test/replay-usage';

describe('usage that is as it should be, looked at every minute of a month', () => {
  it.each([11, 12, 13, 14, 15, 16])('wakes nobody more than twice (%i)', async (seed) => {
    const fired = await replay({ days: 30, seed });
    expect(fired.filter(({ severity }) => severity === 'critical').length).toBeLessThanOrEqual(2);
    // Warnings wait for the morning, and are to be read: not more than one in two days.
    expect(fired.length).toBeLessThanOrEqual(15);
  });
});
