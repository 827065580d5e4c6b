import { CHANGE, replay } from '../../test/replay-usage';
import type { Disturbance } from '../../test/simulated-usage';
import { DAY_MS } from './usage-history';

jest.setTimeout(10 * 60_000);

describe('usage that is as it should be, looked at every minute of a month', () => {
  it.each([11, 12, 13, 14, 15, 16])('wakes nobody more than twice (%i)', async (seed) => {
    const fired = await replay({ days: 30, seed });
    expect(fired.filter(({ severity }) => severity === 'critical').length).toBeLessThanOrEqual(2);
    // Warnings wait for the morning, and are to be read: not more than one in two days.
    expect(fired.length).toBeLessThanOrEqual(15);
  });
});

it('prompts that grow by a fiftieth a day are noticed within two weeks', async () => {
  const disturb: Disturbance = (minute, at) => {
    const factor = 1.02 ** Math.floor((at.getTime() - CHANGE.getTime()) / DAY_MS);
    if (at < CHANGE) return;
    for (const field of ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'] as const)
      minute[field] *= factor;
  };
  expect((await replay({ disturb, days: 14, everyMinutes: 5 })).length).toBeGreaterThan(0);
});
