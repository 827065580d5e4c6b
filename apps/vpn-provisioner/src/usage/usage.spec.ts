import {
  type Actor,
  type EventOf,
  ListMyAccesses,
  ListMyUsage,
  ListUsageAnomalies,
  SubscriptionActivated,
  SubscriptionChanged,
  SubscriptionRenewed,
  TrafficUsed,
  UsageAnomalyDetected,
  VpnUsageRecorded,
} from '@switchboard/contracts';
import { Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Rows } from '../../test/rows';
import { Access } from '../accesses/access.entity';
import { AccessesService } from '../accesses/accesses.service';
import { definePanel, type PanelDefinition, PanelUnavailable, type SeenUser } from '../panels/panel';
import type { Server } from '../servers/server.entity';
import { usedBetween } from '../traffic/traffic-counter';
import { TrafficPartitions } from '../traffic/traffic-partitions';
import { defineVpnProvisioner } from '../vpn-provisioner.module';
import { TrafficBudgets } from './traffic-budgets.service';
import { nextPeriod } from './traffic-periods';
import { UsageCounting } from './usage-counting.service';
import { UsageService } from './usage.service';

const GB = 1024 ** 3;
const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/** Panels whose counters a test sets. */
const counters = new Map<string, Map<string, number>>();
const away = new Set<string>();
const pretended = (kind: string, counts?: PanelDefinition['counts']) =>
  definePanel({
    ...{ kind, settings: z.object({}), secrets: [], lacks: [], ...(counts && { counts }) },
    create: ({ serverId }) => {
      const users = () => counters.get(serverId) ?? new Map<string, number>();
      const seen = (name: string, usedBytes: number): SeenUser => ({
        ...{ name, usedBytes, enabled: true, isServed: true, expiresAt: null, limitBytes: null, devices: null },
        ...{ credentials: {}, onlineAt: null },
      });
      return {
        ensure: (user) =>
          Promise.resolve({
            ...seen(user.name, users().get(user.name) ?? 0),
            ...{ enabled: user.enabled, expiresAt: user.expiresAt, limitBytes: user.limitBytes, devices: user.devices },
          }),
        read: (name) => Promise.resolve(users().has(name) ? seen(name, users().get(name)!) : undefined),
        remove: () => Promise.resolve(),
        list: async function* () {
          let first = true;
          for (const [name, used] of users()) {
            yield seen(name, used);
            if (away.has(serverId) && first) throw new PanelUnavailable('unreachable', 'the connection broke');
            first = false;
          }
        },
        health: () => Promise.resolve({ version: '1', onlineUsers: 0, cpu: 0, memory: 0 }),
      };
    },
  });

const vpnApp = defineVpnProvisioner([pretended('pretended'), pretended('sliding', 'last-30-days')]);

describe('a counter', () => {
  it.each([
    [100, 150, 'total', 50],
    [100, 100, 'total', 0],
    [100, 30, 'total', 30],
    [100, 30, 'last-30-days', 0],
    [100, 130, 'last-30-days', 30],
  ] as const)('that goes from %p to %p (%s) has counted %p', (before, now, kind, used) => {
    expect(usedBetween(before, now, kind)).toBe(used);
  });
});

describe('the next period', () => {
  it.each([
    ['2026-01-31T10:00:00Z', { count: 1, unit: 'month' }, '2026-02-10T00:00:00Z', '2026-02-28T10:00:00.000Z'],
    ['2026-01-31T10:00:00Z', { count: 1, unit: 'month' }, '2026-02-28T10:00:00Z', '2026-03-31T10:00:00.000Z'],
    ['2026-01-31T10:00:00Z', { count: 3, unit: 'month' }, '2027-02-01T00:00:00Z', '2027-04-30T10:00:00.000Z'],
    ['2026-01-01T00:00:00Z', { count: 30, unit: 'day' }, '2026-01-31T00:00:00Z', '2026-03-02T00:00:00.000Z'],
    ['2026-01-01T00:00:00Z', { count: 30, unit: 'day' }, '2025-12-01T00:00:00Z', '2026-01-31T00:00:00.000Z'],
  ] as const)('of %s, %j, at %s begins %s', (from, period, now, next) => {
    expect(nextPeriod(new Date(from), period, new Date(now)).toISOString()).toBe(next);
  });
});

describe('usage', () => {
  let app: TestApp;
  let rows: Rows;
  let server: Server;
  const of = ({ userId }: Access): { actor: Actor } => ({
    actor: { kind: 'person', id: userId, roles: [], scopes: ['me:*'] },
  });

  beforeAll(async () => {
    app = await startApp(vpnApp);
    rows = new Rows(app);
    server = await rows.server({ panelKind: 'pretended' });
  });
  afterAll(() => app.stop());

  /** Its counters have been read, and have shown nothing. */
  const read = ({ id }: Access) =>
    app.service.db.query(
      `UPDATE access_keys SET applied = '{"enabled": true}', panel_used_at = $2 WHERE access_id = $1 AND panel_used_at IS NULL`,
      [id, app.clock.now()],
    );
  const served = async (with_: Partial<Access> = {}, at: readonly Server[] = [server]) => {
    const access = await rows.access(at, with_);
    await read(access);
    return access;
  };
  const show = ({ panelUser }: Access, bytes: number, at = server) =>
    void (counters.get(at.id) ?? counters.set(at.id, new Map()).get(at.id)!).set(panelUser, bytes);
  const count = (at = server) =>
    app.service.nest.get(UsageCounting, { strict: false }).count(at.id, new AbortController().signal);
  const now = ({ id }: Access) => app.service.db.manager.findOneByOrFail(Access, { id });
  const said = <E extends typeof TrafficUsed>(event: E, { id }: Access) =>
    app.probe.all(event).filter(({ data }) => data.accessId === id) as EventOf<E>[];

  it('is what counters show on top of what they showed before, whatever begins anew', async () => {
    const access = await served();
    const other = await rows.server({ panelKind: 'pretended' });
    const sliding = await rows.server({ panelKind: 'sliding' });
    show(access, 5 * GB);
    await count();
    await count();
    show(access, 7 * GB);
    await count();
    expect((await now(access)).usedBytes).toBe(7 * GB);
    show(access, 1 * GB);
    await count();
    expect((await now(access)).usedBytes).toBe(8 * GB);

    // It goes on at another server, and what is still used at the first one counts as well.
    await rows.key(access, other);
    await rows.key(access, sliding);
    await read(access);
    for (const [at, bytes] of [
      [other, 2],
      [server, 1.5],
      [sliding, 3],
    ] as const)
      show(access, bytes * GB, at);
    for (const at of [other, server, sliding]) await count(at);
    expect((await now(access)).usedBytes).toBe(13.5 * GB);
    show(access, 1 * GB, sliding);
    await count(sliding);
    expect((await now(access)).usedBytes).toBe(13.5 * GB);
    const { days } = await app.gateway.call(ListMyUsage, { params: { accessId: access.id }, query: {} }, of(access));
    expect([days.length, days.at(-1)!.bytes, days.at(-2)!.bytes]).toEqual([30, 13.5 * GB, 0]);
  });

  it('is counted once by many, and goes on after a list that broke off', async () => {
    const some = await Promise.all([served(), served(), served()]);
    for (const access of some) show(access, GB);
    away.add(server.id);
    await count();
    away.delete(server.id);
    await Promise.all([count(), count(), count()]);
    for (const access of some) expect((await now(access)).usedBytes).toBe(GB);
  });

  it('is not that of somebody who had the name at the panel before', async () => {
    const access = await rows.access([server]);
    show(access, 50 * GB);
    await count();
    expect((await now(access)).usedBytes).toBe(0);
  });

  it('is told at 80 and at 100 per cent, and what is used up is served no more until there is more of it', async () => {
    const access = await served({ limitBytes: 10 * GB });
    show(access, 7.9 * GB);
    await count();
    show(access, 8 * GB);
    await count();
    await count();
    show(access, 10.1 * GB);
    await count();
    await until(() => said(TrafficUsed, access).length === 2, { what: 'both events' });
    expect(said(TrafficUsed, access).map(({ data }) => data.percent)).toEqual([80, 100]);
    expect(await now(access)).toMatchObject({ enabled: false, suspendedFor: 'traffic_used' });

    await app.probe.say(
      SubscriptionChanged({
        ...stateOf(access, { revision: 2 }),
        features: { 'vpn.traffic-bytes': 20 * GB, 'vpn.devices': null, 'vpn.servers': 1 },
      }),
    );
    await until(async () => (await now(access)).enabled, { what: 'what was bought to count' });
    expect(await now(access)).toMatchObject({
      suspendedFor: null,
      limitBytes: 20 * GB,
      usedBytes: Math.round(10.1 * GB),
    });
  });

  const stateOf = (
    { subscriptionId, userId, botId, periodStart, validUntil }: Access,
    { revision }: { revision: number },
  ): EventOf<typeof SubscriptionActivated>['data'] => ({
    ...{ subscriptionId, userId, botId, revision, planId: randomUUID(), level: 'plus', status: 'active' },
    ...{ startedAt: periodStart.toISOString(), periodStart: periodStart.toISOString(), autoRenew: true },
    ...{ validUntil: validUntil.toISOString(), servedUntil: validUntil.toISOString() },
    ...{ period: { count: 1, unit: 'month' }, features: { 'vpn.traffic-bytes': 10 * GB, 'vpn.servers': 1 } },
  });

  it('begins anew with each period of the plan, also of what was used up', async () => {
    const begun = app.clock.now();
    const access = await served({ limitBytes: 10 * GB, validUntil: new Date(begun.getTime() + 70 * DAY_MS) });
    await app.probe.say(SubscriptionRenewed(stateOf(access, { revision: 2 })));
    const budget = async () =>
      (
        await app.service.db.query<{ renews_at: Date }[]>(
          'SELECT renews_at FROM traffic_budgets WHERE subscription_id = $1',
          [access.subscriptionId],
        )
      )[0];
    const { renews_at: renewsAt } = await until(budget, { what: 'the budget' });
    expect(renewsAt).toEqual(nextPeriod(begun, { count: 1, unit: 'month' }, begun));
    const { data } = await app.gateway.call(ListMyAccesses, { query: {} }, of(access));
    expect(data[0]!.traffic).toMatchObject({ limitBytes: 10 * GB, resetsAt: renewsAt });
    show(access, 11 * GB);
    await count();
    expect((await now(access)).enabled).toBe(false);

    app.clock.set(renewsAt);
    await app.service.nest.get(Schedules, { strict: false }).runSlot('renew-traffic', new Date(Date.now() + HOUR_MS));
    await until(async () => (await now(access)).usedBytes === 0, { what: 'the new period' });
    expect(await now(access)).toMatchObject({ enabled: true, suspendedFor: null });
    // What the panel has counted before is no part of it.
    await count();
    show(access, 12 * GB);
    await count();
    expect((await now(access)).usedBytes).toBe(GB);
    expect((await budget())!.renews_at).toEqual(nextPeriod(begun, { count: 1, unit: 'month' }, renewsAt));
  });

  it('begins anew also while that of somebody else cannot', async () => {
    const begun = app.clock.now();
    const [broken, other] = [await served(), await served()];
    for (const one of [broken, other]) await app.probe.say(SubscriptionRenewed(stateOf(one, { revision: 2 })));
    const due = async () =>
      await app.service.db.query<{ id: string }[]>(
        'SELECT subscription_id AS id FROM traffic_budgets WHERE subscription_id = ANY($1) AND renews_at <= $2',
        [[broken.subscriptionId, other.subscriptionId], app.clock.now()],
      );
    app.clock.set(nextPeriod(begun, { count: 1, unit: 'month' }, begun));
    await until(async () => (await due()).length === 2, { what: 'both to be due' });
    await app.service.db.query(`UPDATE traffic_budgets SET renews_at = 'epoch' WHERE subscription_id = $1`, [
      broken.subscriptionId,
    ]);
    const accesses = app.service.nest.get(AccessesService, { strict: false });
    const renew = accesses.renewTraffic.bind(accesses);
    const spy = jest
      .spyOn(accesses, 'renewTraffic')
      .mockImplementation((tx, access) =>
        access.id === broken.id ? Promise.reject(new Error('broken')) : renew(tx, access),
      );
    const budgets = app.service.nest.get(TrafficBudgets, { strict: false });
    await expect(budgets.renewDue(new AbortController().signal)).rejects.toThrow('failed');
    spy.mockRestore();
    expect(await due()).toEqual([{ id: broken.subscriptionId }]);
  });

  it('is told to other services by the hour, once', async () => {
    const access = await served();
    show(access, 3 * GB);
    await count();
    const hour = new Date(Math.floor(app.clock.now().getTime() / HOUR_MS) * HOUR_MS);
    const tell = () => app.service.nest.get(UsageService, { strict: false }).tell(new AbortController().signal);
    const told = () => app.probe.all(VpnUsageRecorded).filter(({ data }) => data.accessId === access.id);
    await tell();
    expect(told()).toEqual([]);
    app.clock.advance(HOUR_MS);
    await Promise.all([tell(), tell()]);
    await until(() => told().length > 0, { what: 'the event' });
    await tell();
    expect(told().map(({ data }) => [data.hour, data.bytes])).toEqual([[hour.toISOString(), 3 * GB]]);
  });

  it('is shown by the days of a zone, and of no other person', async () => {
    const access = await served();
    const add = (at: string, bytes: number) =>
      app.service.db.query(
        `INSERT INTO traffic_hours (access_id, user_id, bot_id, hour, bytes) VALUES ($1, $2, 'shop', $3, $4)`,
        [access.id, access.userId, at, bytes],
      );
    const today = app.clock.now().toISOString().slice(0, 10);
    const yesterday = new Date(Date.parse(today) - DAY_MS).toISOString().slice(0, 10);
    app.clock.set(new Date(`${today}T12:00:00Z`));
    await add(`${yesterday}T19:00:00Z`, 1);
    await add(`${yesterday}T21:00:00Z`, 2);
    await add(`${today}T03:00:00Z`, 4);
    const days = async (zone: string) => {
      const query = { days: 2, zone };
      return (await app.gateway.call(ListMyUsage, { params: { accessId: access.id }, query }, of(access))).days;
    };
    expect(await days('UTC')).toEqual([
      { day: yesterday, bytes: 3 },
      { day: today, bytes: 4 },
    ]);
    expect(await days('Europe/Moscow')).toEqual([
      { day: yesterday, bytes: 1 },
      { day: today, bytes: 6 },
    ]);
    await expect(days('Mars/Olympus')).rejects.toMatchObject({ status: 422 });
    const stranger = await served();
    await expect(
      app.gateway.call(ListMyUsage, { params: { accessId: access.id }, query: {} }, of(stranger)),
    ).rejects.toMatchObject({ problem: { code: 'vpn-provisioner.access_not_found' } });
  });

  it('that is unusual is told to staff, once a day for each kind', async () => {
    const [networks, devices, step, steady, fair] = await Promise.all([
      served(),
      served(),
      served(),
      served(),
      served(),
    ]);
    const at = app.clock.now();
    const hoursAgo = (hours: number) => new Date(Math.floor(at.getTime() / HOUR_MS - hours) * HOUR_MS);
    const add = (access: Access, hours: number, gb: number) =>
      app.service.db.query(
        `INSERT INTO traffic_hours (access_id, user_id, bot_id, hour, bytes) VALUES ($1, $2, 'shop', $3, $4)`,
        [access.id, access.userId, hoursAgo(hours), gb * GB],
      );
    for (let day = 1; day <= 13; day += 1) {
      await add(step, 2 + 24 * day, 2);
      await add(steady, 2 + 24 * day, 25);
    }
    await add(step, 2, 40);
    await add(steady, 2, 40);
    await add(fair, 2, 11);
    await app.service.db.query(
      `INSERT INTO link_networks (access_id, user_id, day, network) SELECT $1, $2, $3::date, n::text FROM generate_series(1, 31) n`,
      [networks.id, networks.userId, at.toISOString().slice(0, 10)],
    );
    await app.service.db.query(
      `INSERT INTO devices (id, access_id, user_id, identity, name, first_seen_at, seen_at)
       SELECT gen_random_uuid(), $1, $2, n::text, '', $3, $3 FROM generate_series(1, 11) n`,
      [devices.id, devices.userId, hoursAgo(1)],
    );
    await app.service.db.query(
      `INSERT INTO traffic_budgets (subscription_id, user_id, revision, counted_from, fair_use_bytes) VALUES ($1, $2, 1, $3, $4)`,
      [fair.subscriptionId, fair.userId, at, 10 * GB],
    );
    const schedules = app.service.nest.get(Schedules, { strict: false });
    for (const later of [1, 2])
      await schedules.runSlot('detect-usage-anomalies', new Date(Date.now() + later * HOUR_MS));
    await until(() => app.probe.all(UsageAnomalyDetected).length >= 4, { what: 'what is unusual' });
    const found = app.probe
      .all(UsageAnomalyDetected)
      .map(({ data }) => [data.accessId, data.kind, data.value, data.usual]);
    expect(found.toSorted()).toEqual(
      [
        [networks.id, 'many_networks', 31, 30],
        [devices.id, 'many_devices', 11, 10],
        [step.id, 'sudden_step', 40 * GB, 2 * GB],
        [fair.id, 'fair_use', 11 * GB, 10 * GB],
      ].toSorted(),
    );
    const page = await app.gateway.call(ListUsageAnomalies, { query: { kind: 'fair_use' } });
    expect(page.data).toMatchObject([{ accessId: fair.id, userId: fair.userId, kind: 'fair_use' }]);
    const actor: Actor = { kind: 'staff', id: 'support', roles: [], scopes: ['servers:read'], bots: ['other'] };
    expect((await app.gateway.call(ListUsageAnomalies, { query: {} }, { actor })).data).toEqual([]);
  });

  it('is kept for some months', async () => {
    const partitions = async () =>
      (
        await app.service.db.query<{ name: string }[]>(
          `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'traffic_hours'::regclass ORDER BY 1`,
        )
      ).map(({ name }) => name);
    const before = await partitions();
    app.clock.advance(200 * DAY_MS);
    await app.service.nest.get(TrafficPartitions, { strict: false }).tend();
    const after = await partitions();
    expect(after.some((name) => before.includes(name))).toBe(false);
    expect(after.length).toBe(4);
  });
});
