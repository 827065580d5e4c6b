import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as contracts from '@switchboard/contracts';
import { analyticsApp } from '@switchboard/analytics';
import { chatAiApp } from '@switchboard/chat-ai';
import { gatewayApp } from '@switchboard/gateway';
import { paymentsApp } from '@switchboard/payments';
import type { ServiceClient } from '@switchboard/service-kit';
import { FakeClock, startApp, type TestApp } from '@switchboard/testing';
import { DAY_MS, DemoCompany, type DemoDay, PAST_DAYS } from './company.mts';
import { keepsRealBots, wantsDemo } from './local.mts';
import { DemoPlayer } from './player.mts';
import { salesBetween } from './sales.mts';
import { fillDemoShop } from './shop.mts';

/** A Thursday; today's day is not over. */
const NOW = new Date('2026-10-15T15:30:00Z');
const isoDay = (at: Date) => at.toISOString().slice(0, 10);
const PAST = { from: isoDay(new Date(NOW.getTime() - PAST_DAYS * DAY_MS)), to: isoDay(NOW) };

describe('the demo company', () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  const apps = new Map<string, TestApp>();
  const app = (name: string) => apps.get(name)!;
  const client = {
    call: (route: contracts.RouteDefinition, question: object) =>
      app(contracts.serviceOf(route)).gateway.call(route, question as never),
  } as unknown as ServiceClient;
  const player = () => new DemoPlayer(client, contracts, join(folder, 'demo.json'));
  const past: DemoDay = DemoCompany.asOf(NOW).between(new Date(0), NOW);
  const rows = async (service: string, sql: string) =>
    Number((await app(service).service.db.query<{ n: string }[]>(`SELECT count(*) AS n FROM ${sql}`))[0]!.n);

  beforeAll(async () => {
    const clock = () => new FakeClock(NOW);
    for (const definition of [gatewayApp, chatAiApp, analyticsApp, paymentsApp])
      apps.set(definition.name, await startApp(definition, { clock: clock() }));
    await fillDemoShop(client, contracts);
    await player().play(NOW);
    // Some twenty thousand events: seconds, and on a busy machine more.
  }, 180_000);
  afterAll(async () => {
    for (const each of apps.values()) await each.stop();
    rmSync(folder, { recursive: true });
  });

  it('is in the boards, with people who come, stay and leave', async () => {
    const analytics = app('analytics').gateway;
    const overview = await analytics.call(contracts.ReadOverview, { query: {} });
    expect(overview.people.month).toBeGreaterThan(200);
    expect(overview.messages.today).toBeGreaterThan(10);
    const growth = await analytics.call(contracts.ReadGrowth, { query: PAST });
    expect(growth.about.people).toBe(past.joined.length);
    const dau = growth.days.map((day) => day.dau ?? 0);
    expect(Math.max(...dau.slice(-7))).toBeGreaterThan(2 * Math.max(...dau.slice(0, 7)));
    const { cohorts } = await analytics.call(contracts.ReadRetention, {
      query: { ...PAST, cohort: 'week', days: '1,7' },
    });
    expect(cohorts.filter(({ people }) => people !== null).length).toBeGreaterThan(8);
    const business = await analytics.call(contracts.ReadBusiness, { query: {} });
    expect(business.nps.answers).toBeGreaterThan(20);
    expect(business.churn.share).toBeGreaterThan(0);
  });

  it('is the same to each service: people, talks and what they have cost', async () => {
    const micros = past.turns.reduce((sum, { costMicros }) => sum + costMicros, 0);
    const burst = DemoCompany.asOf(NOW)
      .burst(NOW)
      .reduce((sum, { costMicros }) => sum + costMicros, 0);
    expect(burst).toBeGreaterThan(1_000_000);
    const { totals } = await app('chat-ai').gateway.call(contracts.ReadUsage, {
      query: { from: `${PAST.from}T00:00:00Z`, to: new Date(NOW.getTime() + DAY_MS).toISOString() },
    });
    const ledger = totals.reduce((sum, total) => sum + total.costMicros, 0);
    const usage = await app('analytics').gateway.call(contracts.ReadModelUsage, { query: PAST });
    expect(ledger).toBe(micros + burst);
    expect(usage.total.costMicros).toBe(ledger);
    expect(await rows('gateway', 'users')).toBe(past.joined.length);
    expect(await rows('analytics', 'consents')).toBe(past.joined.length);
    const { data } = await app('chat-ai').gateway.call(contracts.ListConversations, { query: { limit: 200 } });
    const activity = await app('analytics').gateway.call(contracts.ReadActivity, { query: PAST });
    const replies = activity.points.reduce((sum, point) => sum + point.replies, 0);
    expect(replies).toBe(past.turns.length);
    expect(data.length).toBeGreaterThan(50);
    expect(data.some(({ good }) => good > 0)).toBe(true);
  });

  it('sells subscriptions, which are in the board of sales as they are in the statistics', async () => {
    const sold = salesBetween(DemoCompany.asOf(NOW).joinedUntil(NOW), new Date(0), NOW);
    const paid = sold.filter(({ kind }) => kind !== 'trial');
    expect(paid.length).toBeGreaterThan(60);
    const { months } = await app('payments').gateway.call(contracts.ReadSalesBoard, {
      query: { currency: 'RUB', months: 5 },
    });
    const roubles = paid.filter(({ currency }) => currency === 'RUB');
    const sum = roubles.reduce((all, { listMinor, discountMinor }) => all + listMinor - discountMinor, 0);
    expect(months.reduce((all, { revenueMinor }) => all + revenueMinor, 0)).toBe(sum);
    expect(months.at(-1)!.mrrMinor).toBeGreaterThan(0);
    expect(months.reduce((all, { trials }) => all + trials, 0)).toBe(sold.length - paid.length);
    expect(await rows('payments', 'ledger_entries')).toBe(0);
  });

  it('has something to decide and something to mend', async () => {
    const { data } = await app('analytics').gateway.call(contracts.ListExperiments, { query: {} });
    expect(data).toMatchObject([{ key: 'lumen-greeting', state: 'running' }]);
    const arms = await app('analytics').service.db.query<{ arm: string; n: number }[]>(
      'SELECT arm, count(*)::int AS n FROM exposures GROUP BY arm ORDER BY arm',
    );
    expect(arms.map(({ arm }) => arm)).toEqual(['control', 'warm']);
    expect(Math.min(...arms.map(({ n }) => n))).toBeGreaterThan(60);
    const quarantined = await app('analytics').gateway.call(contracts.ListQuarantinedEvents, { query: {} });
    expect(quarantined.data.map(({ reason }) => reason)).toEqual(['unknown_type', 'unknown_type']);
  });

  it('is played once, however often, and goes on where it was', async () => {
    const counts = () =>
      Promise.all([
        rows('analytics', 'events'),
        rows('chat-ai', 'messages'),
        rows('chat-ai', 'usages'),
        rows('payments', 'subscription_periods'),
      ]);
    const before = await counts();
    await player().play(NOW);
    expect(await counts()).toEqual(before);
    // As after a run that was killed: nobody has noted what it had done.
    const foundedOn = DemoCompany.asOf(NOW).foundedOn.toISOString();
    const noted = new Date(NOW.getTime() - 3 * DAY_MS).toISOString();
    writeFileSync(join(folder, 'demo.json'), JSON.stringify({ foundedOn, playedUntil: noted }));
    await player().play(NOW);
    expect(await counts()).toEqual(before);
    const later = new Date(NOW.getTime() + DAY_MS);
    for (const { clock } of apps.values()) (clock as FakeClock).advance(DAY_MS);
    await player().play(later);
    const next = DemoCompany.asOf(NOW).between(NOW, later).turns.length;
    expect(next).toBeGreaterThan(50);
    expect(await rows('chat-ai', 'usages')).toBe(before[2]! + next);
  });

  it('stands still as soon as a real bot is made in the console', async () => {
    const { db } = app('gateway').service;
    const keep = (id: string, channel: object) =>
      db.query(
        `INSERT INTO bots (id, revision, state, description, secret_names, created_at, changed_at)
         VALUES ($1, 1, 'active', $2, '{}', now(), now())`,
        [id, { name: id, channel }],
      );
    await keep('tried-out', { kind: 'telegram', apiRoot: 'sandbox' });
    expect(await keepsRealBots(client, contracts)).toBe(false);
    await keep('real', { kind: 'telegram' });
    expect(await keepsRealBots(client, contracts)).toBe(true);
  });

  it('is taken out by one command, and nobody else with it', async () => {
    const real = '01996f3a-0000-7000-8000-000000000001';
    await app('analytics').service.db.query(
      `INSERT INTO consents (user_id, given, version, source, decided_at) VALUES ($1, true, '1', 'bot', now())`,
      [real],
    );
    const isThere = async () => (await app('gateway').gateway.call(contracts.ReadDemo, {})).isThere;
    expect(await isThere()).toBe(true);
    const talks = await rows('chat-ai', 'conversations');
    const [people, events] = [await rows('gateway', 'users'), await rows('analytics', 'events')];
    const subscriptions = await rows('payments', 'subscriptions');
    const taken = { people, conversations: talks, subscriptions, events, alerts: expect.any(Number) };
    expect(await player().remove()).toEqual(taken);
    expect(await rows('payments', 'orders')).toBe(0);
    expect(people).toBeGreaterThan(0);
    expect(await isThere()).toBe(false);
    expect(await rows('gateway', 'users')).toBe(0);
    expect(await rows('chat-ai', 'conversations')).toBe(0);
    expect(await rows('chat-ai', 'usages')).toBe(0);
    for (const table of ['events', 'measures', 'active_people', 'experiments', 'quarantined_events'])
      expect([table, await rows('analytics', table)]).toEqual([table, 0]);
    expect(await rows('analytics', 'consents')).toBe(1);
    // `npm start` plays along, and starts again.
    expect(await player().play(NOW)).toBe(0);
    expect(await rows('gateway', 'users')).toBe(0);
  });
});

describe('npm start', () => {
  const bots = ['lumen', 'northwind'].map((id) => ({ id, name: id, channel: 'telegram', apiRoot: 'sandbox' }));

  it('plays the demo company where nothing is real, and where it is told to', () => {
    expect(wantsDemo(bots, {})).toBe(true);
    expect(wantsDemo(bots, { DEMO_COMPANY: 'false' })).toBe(false);
    expect(wantsDemo(bots, { OPENAI_API_KEY: 'sk-1' })).toBe(false);
    expect(wantsDemo(bots, { DATABASE_URL: 'postgres://db' })).toBe(false);
    expect(wantsDemo([...bots, { id: 'real', name: 'Real', channel: 'telegram' }], {})).toBe(false);
    expect(wantsDemo(bots.slice(1), {})).toBe(false);
    expect(wantsDemo(bots, { DATABASE_URL: 'postgres://db', DEMO_COMPANY: 'true' })).toBe(true);
  });
});
