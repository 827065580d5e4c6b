import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { TcpProxy, until } from '@switchboard/testing';
import { MemoryCounters } from './memory-counters';
import { type Balance, type Charge, type Counters, type RateLimit, shareOf } from './rate-limit';
import { RedisCounters } from './redis-counters';

const MINUTE = 60_000;
const url = process.env['TEST_REDIS_URL'];
const redisMissing = process.env['REDIS_MISSING'];

const window = (limit: number): RateLimit => ({ name: `w${randomUUID()}`, limit, windowMs: MINUTE, kind: 'window' });
const spread = (limit: number, burst: number): RateLimit => ({ ...window(limit), kind: 'spread', burst });
const charge = (limit: RateLimit, cost = 1, subject = 'key:1'): Charge => ({ limit, subject, cost });

/** Here no request waits for its limits. */
const PATIENT_MS = 30_000;

function suite(make: () => Counters) {
  let counters: Counters;
  beforeAll(() => (counters = make()));
  // Whole minutes, so that a cell begins there.
  const start = Math.floor(Date.now() / MINUTE) * MINUTE;
  const pay = async (charges: Charge[], at = start): Promise<Balance[]> => counters.pay(charges, at);
  const allowed = async (...args: Parameters<typeof pay>) => (await pay(...args)).every((balance) => balance.allowed);

  it('allows what a limit has, and no more', async () => {
    const limit = window(3);
    const balances: Balance[] = [];
    for (let i = 0; i < 4; i++) balances.push(...(await pay([charge(limit)], start + i)));
    expect(balances.map((balance) => [balance.allowed, balance.remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
    expect(balances[3]!.resetMs).toBeCloseTo(MINUTE - 3, 0);
    expect(await allowed([charge(limit, 1, 'key:2')])).toBe(true);
  });

  it('counts the former cell by the part of it that is still in the window', async () => {
    const limit = window(10);
    await pay([charge(limit, 10)], start);
    expect(await allowed([charge(limit)], start + MINUTE)).toBe(false);
    expect(await allowed([charge(limit, 5)], start + 1.5 * MINUTE)).toBe(true);
    expect(await allowed([charge(limit)], start + 1.5 * MINUTE)).toBe(false);
    expect(await allowed([charge(limit, 10)], start + 4 * MINUTE)).toBe(true);
  });

  it('takes nothing of any limit when one refuses', async () => {
    const [wide, narrow] = [window(10), spread(60, 1)];
    expect(await allowed([charge(wide), charge(narrow)])).toBe(true);
    expect(await allowed([charge(wide), charge(narrow)])).toBe(false);
    expect((await pay([charge(wide)]))[0]!.remaining).toBe(8);
  });

  it('a spread limit gives a burst, and then one call after another', async () => {
    const limit = spread(60, 5);
    const now = start + 7;
    for (let i = 0; i < 5; i++) expect(await allowed([charge(limit)], now)).toBe(true);
    const [refused] = await pay([charge(limit)], now);
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused!.resetMs).toBeCloseTo(1000, 0);
    expect(await allowed([charge(limit)], now + 999)).toBe(false);
    expect(await allowed([charge(limit)], now + 1001)).toBe(true);
  });

  it('a spread limit that was used up before the clock went back gives again soon', async () => {
    const limit = spread(60, 5);
    await pay([charge(limit, 5)], start + 60 * MINUTE);
    expect((await pay([charge(limit)], start))[0]).toMatchObject({ allowed: false, resetMs: expect.closeTo(1000, 0) });
    expect(await allowed([charge(limit)], start + 999)).toBe(false);
    expect(await allowed([charge(limit)], start + 1001)).toBe(true);
  });

  it('gives away its share of a limit only', async () => {
    const limit = shareOf(window(10), 0.5);
    for (let i = 0; i < 5; i++) expect(await allowed([charge(limit)])).toBe(true);
    expect(await allowed([charge(limit)])).toBe(false);
  });

  it.each([1, 0.5, 1 / 3])('counts what was used of a share of %p', async (share) => {
    const [cells, tried] = [window(30), spread(15, 15)].map((limit) => shareOf(limit, share)) as [RateLimit, RateLimit];
    const used: number[][] = [];
    for (let i = 0; i < 3; i++) used.push((await pay([charge(cells), charge(tried)])).map((b) => b.used));
    expect(used).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('a spread limit gives no more than its burst and its rate in any time, however calls come', async () => {
    const calls = fc.array(fc.record({ afterMs: fc.nat(5000), cost: fc.integer({ min: 1, max: 3 }) }), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(calls, async (all) => {
        const limit = spread(60, 10);
        const given: { at: number; cost: number }[] = [];
        let at = start;
        for (const { afterMs, cost } of all) {
          at += afterMs;
          if (await allowed([charge(limit, cost)], at)) given.push({ at, cost });
        }
        for (const first of given) {
          for (const last of given.filter((other) => other.at >= first.at)) {
            const between = given.filter((one) => one.at >= first.at && one.at <= last.at);
            const sum = between.reduce((total, { cost }) => total + cost, 0);
            // In Redis times are kept to a tenth of a millisecond.
            expect(sum).toBeLessThanOrEqual(10 + (last.at - first.at) / 1000 + 0.001);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  it('a window never lets through twice its limit in a true window', async () => {
    const calls = fc.array(fc.nat(20_000), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(calls, async (gaps) => {
        const limit = window(8);
        const given: number[] = [];
        let at = start;
        for (const gap of gaps) if (await allowed([charge(limit)], (at += gap))) given.push(at);
        for (const first of given)
          expect(given.filter((one) => one >= first && one < first + MINUTE).length).toBeLessThan(16);
      }),
      { numRuns: 20 },
    );
  });
}

describe('counters in memory', () => suite(() => new MemoryCounters()));

(redisMissing && process.env['CI'] !== 'true' ? describe.skip : describe)('counters in Redis', () => {
  let redis: RedisCounters;
  beforeAll(async () => {
    if (!url) throw new Error(redisMissing ?? 'TEST_REDIS_URL is not set: run specs with `npm test -- <path>`');
    redis = new RedisCounters(url, (subject) => subject, PATIENT_MS);
    redis.open();
    const answers = () =>
      redis.pay([charge(window(1))], Date.now()).then(
        () => true,
        () => false,
      );
    await until(answers, { what: 'Redis' });
  });
  afterAll(() => redis.close());

  suite(() => redis);

  it('go by the clock of Redis, whatever that of a replica says', async () => {
    const limit = spread(3, 3);
    const before = await redis.pay([charge(limit, 3)], Date.now() + 10 * MINUTE);
    expect(before).toMatchObject([{ allowed: true }]);
    const refused = { allowed: false, remaining: 0, resetMs: expect.closeTo(MINUTE / 3, -4) };
    expect(await redis.pay([charge(limit)])).toMatchObject([refused]);
  });

  it('fail soon when Redis says nothing, and go on when it is back', async () => {
    const proxy = await TcpProxy.to(url!);
    const away = new RedisCounters(proxy.url, (subject) => subject);
    away.open();
    const answers = () =>
      away.pay([charge(window(5))], Date.now()).then(
        () => true,
        () => false,
      );
    await until(answers, { what: 'Redis behind the proxy' });
    proxy.cut();
    expect(await answers()).toBe(false);
    proxy.restore();
    await until(answers, { what: 'Redis to be back', timeoutMs: 20_000 });
    away.close();
    await proxy.close();
  });
});
