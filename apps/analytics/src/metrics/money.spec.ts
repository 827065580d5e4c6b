import { startApp, type TestApp } from '@switchboard/testing';
import { type Deed, happened, MESSAGE } from '../../test/deeds';
import { analyticsApp } from '../analytics.app';
import { Exchange } from './rates.service';
import { RevenueService } from './revenue.service';
import type { Scope } from './scope';
import { quantileOf, UsageService } from './usage.service';

let app: TestApp;
let bots = 0;
beforeAll(async () => {
  app = await startApp(analyticsApp);
});
afterAll(() => app.stop());

const NOW = new Date('2026-06-01T12:00:00Z');

async function inBot(deeds: readonly Deed[], { more = [] }: { more?: string[] } = {}) {
  const bot = `bot-${++bots}`;
  await happened(
    app,
    deeds.map((deed) => ({ bot, ...deed })),
  );
  const scope = (about: Partial<Scope> = {}): Scope => ({
    ...{ zone: 'UTC', from: '2026-03-01', to: '2026-03-31', bots: [bot, ...more], now: NOW, ...about },
  });
  return { bot, scope, tx: app.service.db.manager };
}
const revenue = () => app.service.nest.get(RevenueService, { strict: false });
const usage = () => app.service.nest.get(UsageService, { strict: false });

const paid = (who: number | undefined, at: string, amountMinor: number, currency = 'EUR'): Deed => ({
  ...{ who, at, type: 'payments.order.paid', props: { amountMinor, currency } },
});
const refunded = (who: number, at: string, amountMinor: number, currency = 'EUR'): Deed => ({
  ...paid(who, at, amountMinor, currency),
  type: 'payments.order.refunded',
});

describe('revenue', () => {
  it('is what was paid less what was given back, by currency and day of the zone', async () => {
    const { tx, scope } = await inBot([
      paid(1, '2026-03-10T12:00:00Z', 1000),
      paid(2, '2026-03-10T22:59:00Z', 500),
      // The eleventh in Berlin.
      paid(1, '2026-03-10T23:00:00Z', 250),
      refunded(2, '2026-03-12T12:00:00Z', 500),
      paid(1, '2026-03-10T12:00:00Z', 99, 'XTR'),
    ]);
    expect(await revenue().days(tx, scope({ zone: 'Europe/Berlin' }))).toEqual([
      { day: '2026-03-10', currency: 'EUR', grossMinor: 1500, refundsMinor: 0, payments: 2, countedNetMinor: 1500 },
      { day: '2026-03-10', currency: 'XTR', grossMinor: 99, refundsMinor: 0, payments: 1, countedNetMinor: 99 },
      { day: '2026-03-11', currency: 'EUR', grossMinor: 250, refundsMinor: 0, payments: 1, countedNetMinor: 250 },
      { day: '2026-03-12', currency: 'EUR', grossMinor: 0, refundsMinor: 500, payments: 0, countedNetMinor: -500 },
    ]);
    expect(await revenue().payers(tx, scope())).toBe(2);
  });

  it('counts everybody’s money, and people only of those who agreed', async () => {
    const { tx, bot, scope } = await inBot([paid(1, '2026-03-10T12:00:00Z', 1000)]);
    // Of somebody who has not agreed.
    await app.service.db.query(
      `INSERT INTO measures (minutes, type, measure, at, bot_id, platform, kind, model, outcome, le, events, total)
       SELECT minutes, 'payments.order.paid', 'amountMinor', '2026-03-10 12:15Z', $1, '', 'EUR', '', '', 0, 1, 300
       FROM unnest('{5,15,1440}'::int[]) AS minutes`,
      [bot],
    );
    expect(await revenue().days(tx, scope())).toMatchObject([{ grossMinor: 1300, payments: 2, countedNetMinor: 1000 }]);
    expect(await revenue().payers(tx, scope())).toBe(1);
  });

  it('converts who paid in their first days, of those for whom they are over', async () => {
    const begin = (who: number, day: string): Deed => ({ who, at: `${day}T09:00:00Z` });
    const { tx, scope } = await inBot([
      begin(1, '2026-03-01'),
      paid(1, '2026-03-07T23:59:00Z', 100),
      begin(2, '2026-03-01'),
      paid(2, '2026-03-08T00:00:00Z', 100),
      begin(3, '2026-03-05'),
      begin(4, '2026-03-06'),
      paid(4, '2026-03-06T10:00:00Z', 100),
    ]);
    // The eleventh is over: seven days of who began on the fifth.
    const at = { now: new Date('2026-03-12T00:00:00Z') };
    expect(await revenue().conversion(tx, scope(at), 7)).toEqual({ days: 7, people: 3, payers: 1 });
    expect(await revenue().conversion(tx, scope(), 30)).toEqual({ days: 30, people: 4, payers: 3 });
    expect(await revenue().cohortMoney(tx, scope(at), [7, 30])).toEqual([
      { days: 7, people: 3, amounts: [{ day: '2026-03-07', currency: 'EUR', amountMinor: 100 }] },
      { days: 30, people: 0, amounts: [] },
    ]);
  });

  it('tells lives: how long, and what they brought when', async () => {
    const { tx, scope } = await inBot([
      { who: 1, at: '2026-03-01T09:00:00Z' },
      { who: 1, at: '2026-03-04T09:00:00Z' },
      paid(1, '2026-03-02T12:00:00Z', 100),
      refunded(1, '2026-05-01T12:00:00Z', 40),
      { who: 2, at: '2026-03-01T09:00:00Z' },
      { who: 2, at: '2026-05-25T09:00:00Z' },
    ]);
    const lives = await revenue().lives(tx, scope(), 10);
    expect(lives.toSorted((a, b) => a.amounts.length - b.amounts.length)).toEqual([
      { age: 92, stayed: 0, hasLeft: true, amounts: [] },
      {
        ...{ age: 92, stayed: 3, hasLeft: true },
        amounts: expect.arrayContaining([
          { age: 1, day: '2026-03-02', currency: 'EUR', amountMinor: 100 },
          { age: 61, day: '2026-05-01', currency: 'EUR', amountMinor: -40 },
        ]),
      },
    ]);
  });
});

describe('an exchange', () => {
  const rate = (currency: string, validFrom: string, usdPerUnit: number, exponent = 2) => ({
    ...{ currency, validFrom, usdPerUnit, exponent, source: 'test' },
  });
  const exchange = new Exchange([
    rate('EUR', '2026-01-01', 1.1),
    rate('EUR', '2026-03-01', 1.2),
    rate('JPY', '2026-01-01', 0.01, 0),
    rate('USD', '2000-01-01', 1),
    rate('XTR', '2026-01-01', 0.02, 0),
  ]);
  it.each<[string, string, number, string, number | undefined]>([
    ['EUR', '2026-02-28', 1000, 'USD', 1100],
    ['EUR', '2026-03-01', 1000, 'USD', 1200],
    ['XTR', '2026-03-01', 50, 'USD', 100],
    ['JPY', '2026-03-01', 120, 'EUR', 100],
    ['EUR', '2025-12-31', 1000, 'USD', undefined],
    ['GBP', '2026-03-01', 1000, 'USD', undefined],
    ['GBP', '2026-03-01', 1000, 'GBP', 1000],
  ])('%s on %s: %d are in %s %s', (currency, day, amountMinor, to, expected) => {
    const converted = exchange.convert({ currency, day, amountMinor }, to);
    if (expected === undefined) expect(converted).toBeUndefined();
    else expect(converted).toBeCloseTo(expected, 9);
  });
});

describe('usage', () => {
  const call = (at: string, model: string, costMicros: number, durationMs: number, outcome = 'answered'): Deed => ({
    ...{ who: 1, at, type: 'chat-ai.usage.recorded' },
    props: { model, costMicros, durationMs, outcome, inputTokens: 100, cachedInputTokens: 10, outputTokens: 20 },
  });

  it('adds up to the micro-dollar by model, bot and time, whatever the zone', async () => {
    const deeds = [
      call('2026-03-29T00:59:00Z', 'large', 7, 100),
      call('2026-03-29T01:00:00Z', 'large', 11, 100),
      call('2026-03-29T22:00:00Z', 'small', 13, 100, 'timed_out'),
      { who: 1, at: '2026-03-29T10:00:00Z', type: MESSAGE, props: { kind: 'voice' } },
      { who: 1, at: '2026-03-29T10:00:00Z', type: MESSAGE, props: { kind: 'text' } },
      { who: 1, at: '2026-03-29T10:00:01Z', type: 'chat-ai.reply.completed', props: { outcome: 'refused' } },
      { who: 1, at: '2026-03-29T10:00:02Z', type: 'chat-ai.reply.completed', props: { outcome: 'not_last' } },
    ];
    const { tx, bot, scope } = await inBot(deeds);
    const about = { zone: 'Europe/Berlin', from: '2026-03-29', to: '2026-03-30' };
    const costs = async (by: 'hour' | 'day') =>
      (await usage().overTime(tx, scope(about), by)).map(({ at, day, costMicros }) => [
        at.toISOString(),
        day,
        costMicros,
      ]);
    expect(await costs('day')).toEqual([
      ['2026-03-28T23:00:00.000Z', '2026-03-29', 18],
      ['2026-03-29T22:00:00.000Z', '2026-03-30', 13],
    ]);
    const hours = await costs('hour');
    // One of the days has 23 hours.
    expect(hours).toHaveLength(47);
    expect(hours.filter(([, , cost]) => cost !== 0)).toEqual([
      ['2026-03-29T00:00:00.000Z', '2026-03-29', 7],
      ['2026-03-29T01:00:00.000Z', '2026-03-29', 11],
      ['2026-03-29T22:00:00.000Z', '2026-03-30', 13],
    ]);
    expect(await usage().groups(tx, scope(about), 'model')).toMatchObject([
      { key: 'large', calls: 2, failedCalls: 0, inputTokens: 200, outputTokens: 40, costMicros: 18 },
      { key: 'small', calls: 1, failedCalls: 1, costMicros: 13 },
    ]);
    expect(await usage().groups(tx, scope(about), 'bot')).toMatchObject([{ key: bot, costMicros: 31 }]);
    expect(await usage().total(tx, scope(about))).toMatchObject({
      ...{
        messages: 2,
        voiceMessages: 1,
        replies: 2,
        failedReplies: 1,
        calls: 3,
        cachedInputTokens: 30,
        costMicros: 31,
      },
    });
    const details = await app.service.db.transaction(async (own) => {
      const rows = [];
      for await (const row of usage().details(own, scope(about))) rows.push(row);
      return rows;
    });
    expect(details.map(({ model, costMicros }) => [model, costMicros])).toEqual([
      ['large', 7],
      ['large', 11],
      ['', 0],
      ['small', 13],
    ]);
  });

  it('shows a time at which nothing was', async () => {
    const { tx, scope } = await inBot([]);
    expect(await usage().overTime(tx, scope({ to: '2026-03-02' }), 'day')).toMatchObject([
      { day: '2026-03-01', calls: 0, medianMs: null, p95Ms: null },
      { day: '2026-03-02', calls: 0, medianMs: null, p95Ms: null },
    ]);
  });

  it('tells durations as far as the bounds between which they lie do', async () => {
    const { tx, scope } = await inBot([
      ...[120, 140, 160, 180].map((ms) => call('2026-03-10T10:00:00Z', 'large', 1, ms)),
    ]);
    const [point] = await usage().overTime(tx, scope({ from: '2026-03-10', to: '2026-03-10' }), 'day');
    // Of four that lie between 100 and 200, as if they were spread evenly.
    expect(point).toMatchObject({ medianMs: 150, p95Ms: 195 });
    expect(quantileOf([], 0.5)).toBeNull();
  });
});
