import { BEGIN, CHANGE, MINUTE_MS, replay } from '../../test/replay-usage';
import type { Disturbance } from '../../test/simulated-usage';
import { DAY_MS, HOUR_MS } from './usage-history';

const since = (at: Date, then: () => void) => {
  if (at >= CHANGE) then();
};
const daysSince = (at: Date) => Math.floor((at.getTime() - CHANGE.getTime()) / DAY_MS);
type Minute = Parameters<Disturbance>[0];
const times = (minute: Minute, factor: number, fields = Object.keys(minute) as (keyof Minute)[]) => {
  for (const field of fields) minute[field] = Math.round(minute[field] * factor);
};

/** What may go wrong, and by when it shall have been noticed. */
const PATTERNS: Record<string, { disturb: Disturbance; days: number; withinMs: number; critical?: true }> = {
  'three times the tokens': {
    disturb: (minute, at) =>
      since(at, () => times(minute, 3, ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'])),
    days: 0.1,
    withinMs: 10 * MINUTE_MS,
    critical: true,
  },
  'a tenth more each day': {
    disturb: (minute, at) => since(at, () => times(minute, 1.1 ** daysSince(at))),
    days: 4,
    withinMs: 4 * DAY_MS,
  },
  'one key that runs wild for half an hour': {
    disturb: (minute, at, { purpose }) =>
      since(at, () => {
        if (at.getTime() >= CHANGE.getTime() + 30 * MINUTE_MS || purpose !== 'turn') return;
        minute.calls += 40;
        minute.inputTokens += 40 * 4000;
        minute.outputTokens += 40 * 800;
        minute.costMicros += 40 * 50_000;
      }),
    days: 0.1,
    withinMs: 10 * MINUTE_MS,
    critical: true,
  },
  'a price that has risen by half': {
    disturb: (minute, at) => since(at, () => times(minute, 1.5, ['costMicros'])),
    days: 1,
    withinMs: 12 * HOUR_MS,
  },
  'a storm of retries': {
    disturb: (minute, at) =>
      since(at, () => {
        const retries = Math.round(minute.calls * 1.5);
        minute.calls += retries;
        minute.failures += retries;
        minute.inputTokens = Math.round(minute.inputTokens * 2.5);
        minute.costMicros = Math.round(minute.costMicros * 1.7);
      }),
    days: 0.3,
    withinMs: 4 * HOUR_MS,
  },
  'a night as busy as noon': {
    disturb: (minute, at) =>
      since(at, () => {
        if (at.getUTCHours() >= 2 && at.getUTCHours() < 5) times(minute, 8);
      }),
    days: 0.7,
    withinMs: 12.5 * HOUR_MS,
  },
  'no data at all': {
    disturb: (minute, at) => since(at, () => times(minute, 0)),
    days: 0.1,
    withinMs: 20 * MINUTE_MS,
    critical: true,
  },
  'everything counted twice': {
    disturb: (minute, at) => since(at, () => times(minute, 2)),
    days: 1,
    withinMs: 12 * HOUR_MS,
  },
  'costs in another unit': {
    disturb: (minute, at) => since(at, () => times(minute, 1000, ['costMicros'])),
    days: 0.1,
    withinMs: 5 * MINUTE_MS,
    critical: true,
  },
  'prompts that grow by a thirtieth a day': {
    disturb: (minute, at) =>
      since(at, () =>
        times(minute, 1.033 ** daysSince(at), ['inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros']),
      ),
    days: 6,
    withinMs: 6 * DAY_MS,
  },
};

describe('usage that goes wrong', () => {
  it.each(Object.entries(PATTERNS))('is noticed in time: %s', async (_name, { disturb, days, withinMs, critical }) => {
    const fired = await replay({ disturb, days, everyMinutes: days > 1 ? 5 : 1 });
    const inTime = fired.filter(({ at }) => at.getTime() <= CHANGE.getTime() + withinMs);
    expect(inTime.length).toBeGreaterThan(0);
    if (critical) expect(inTime.map(({ severity }) => severity)).toContain('critical');
  });
});

describe('usage that is as it should be', () => {
  it('wakes nobody in four days; of whole months see backtest.long.spec.ts', async () => {
    const fired = await replay({ days: 4, everyMinutes: 5 });
    expect(fired.filter(({ severity }) => severity === 'critical')).toEqual([]);
  });

  it('is not out of the ordinary when every week is like that', async () => {
    const monday = (at: Date) => at.getUTCDay() === 1 && at.getUTCHours() >= 9 && at.getUTCHours() < 11;
    const disturb: Disturbance = (minute, at) => {
      if (monday(at)) times(minute, 4);
    };
    const fired = await replay({ disturb, from: new Date(BEGIN.getTime() + 49 * DAY_MS + 7 * HOUR_MS), days: 0.25 });
    expect(fired).toEqual([]);
  });

  it('is not out of the ordinary on a day of which the reason is known, nor a week later because of it', async () => {
    const launch = { botId: 'lumen', from: CHANGE, to: new Date(CHANGE.getTime() + DAY_MS) };
    const disturb: Disturbance = (minute, at) => {
      if (launch.from <= at && at < launch.to) times(minute, 5);
    };
    const onTheDay = await replay({ disturb, known: [launch], days: 1 });
    const later = await replay({
      disturb,
      known: [launch],
      from: new Date(CHANGE.getTime() + 7 * DAY_MS),
      days: 1,
    });
    expect(onTheDay).toEqual([]);
    expect(later.filter(({ severity }) => severity === 'critical')).toEqual([]);
  });
});
