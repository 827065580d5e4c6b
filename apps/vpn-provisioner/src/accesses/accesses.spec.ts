import { setTimeout as sleep } from 'node:timers/promises';
import {
  AccessDelayed,
  AccessGranted,
  AccessRevoked,
  SubscriptionActivated,
  SubscriptionChanged,
  SubscriptionEnded,
  SubscriptionExpired,
  SubscriptionPaused,
  SubscriptionRenewed,
  SubscriptionResumed,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { DAY_MS, GB, TestVpn } from '../../test/build';
import { AccessesJobs } from './accesses.jobs';
import { AccessesService } from './accesses.service';
import { KeysService } from './keys.service';

let vpn: TestVpn;
beforeAll(async () => {
  vpn = await TestVpn.start();
});
afterAll(() => vpn.app.stop());
/** Each has servers of its own. */
afterEach(() => vpn.db.query(`UPDATE servers SET state = 'draining'`));

const said = (event: typeof AccessGranted | typeof AccessRevoked, { subscriptionId }: { subscriptionId: string }) =>
  vpn.app.probe.all(event as typeof AccessGranted).filter(({ data }) => data.subscriptionId === subscriptionId);

describe('what is bought', () => {
  it('is there with its exact end and limit before it is said to be, once, however often it is heard', async () => {
    const { panel, id, region } = await vpn.server();
    const state = vpn.subscription();
    const event = await vpn.app.probe.say(SubscriptionActivated(state));
    for (let i = 0; i < 4; i++) await vpn.app.probe.say(SubscriptionActivated(state));
    await vpn.app.probe.sayAgain(event);
    const granted = await vpn.app.probe.until(
      AccessGranted,
      ({ data }) => data.subscriptionId === state.subscriptionId,
    );
    expect(granted.data).toMatchObject({ first: true, revision: 1, servers: [{ serverId: id, region }] });
    expect([...panel.users.values()]).toMatchObject([
      { enabled: true, expiresAt: new Date(state.servedUntil), limitBytes: 100 * GB, devices: 3, usedBytes: 0 },
    ]);
    expect(await vpn.mine(state)).toMatchObject({ state: 'ready', servers: [{ serverId: id, best: true }] });
    await vpn.settled();
    expect(said(AccessGranted, state)).toHaveLength(1);
    expect(panel.users.size).toBe(1);
  });

  it('is what the highest revision says, in whatever order they come', async () => {
    const { panel } = await vpn.server();
    const first = vpn.subscription();
    const renewed = {
      ...first,
      revision: 2,
      servedUntil: new Date(Date.parse(first.servedUntil) + 30 * DAY_MS).toISOString(),
    };
    const changed = { ...renewed, revision: 3, features: { ...first.features, 'vpn.traffic-bytes': 500 * GB } };
    await vpn.app.probe.say(SubscriptionChanged(changed));
    await vpn.app.probe.until(AccessGranted, ({ data }) => data.subscriptionId === first.subscriptionId);
    await vpn.app.probe.say(SubscriptionRenewed(renewed));
    await vpn.app.probe.say(SubscriptionActivated(first));
    const marker = await vpn.buy();
    await vpn.settled();
    expect(said(AccessGranted, first)).toHaveLength(1);
    const user = [...panel.users.values()].find(({ limitBytes }) => limitBytes === 500 * GB)!;
    expect(user).toMatchObject({ enabled: true, expiresAt: new Date(changed.servedUntil) });
    expect(said(AccessGranted, marker)).toHaveLength(1);
  });

  it('is over for good when that was heard first', async () => {
    const { panel } = await vpn.server();
    const state = vpn.subscription();
    await vpn.app.probe.say(SubscriptionEnded({ ...state, status: 'ended', revision: 2 }));
    await vpn.app.probe.say(SubscriptionActivated(state));
    await vpn.buy();
    expect(panel.users.size).toBe(1);
    expect(said(AccessGranted, state)).toEqual([]);
    expect(said(AccessRevoked, state)).toEqual([]);
  });

  it('is locked out again when a restored database hears late that it was ended', async () => {
    const { panel } = await vpn.server();
    const state = await vpn.buy({ revision: 3 });
    await vpn.app.probe.say(SubscriptionChanged({ ...state, status: 'ended', revision: 1_000_004 }));
    await vpn.app.probe.until(AccessRevoked, ({ data }) => data.subscriptionId === state.subscriptionId);
    expect([...panel.users.values()]).toMatchObject([{ enabled: false }]);
  });

  it('is not looked after again when only its revision is another one', async () => {
    await vpn.server();
    const state = await vpn.buy();
    await vpn.settled();
    const version = () =>
      vpn.db.query('SELECT version FROM accesses WHERE subscription_id = $1', [state.subscriptionId]);
    const before = await version();
    const accesses = vpn.app.service.nest.get(AccessesService, { strict: false });
    const again = { ...state, revision: 1_000_001 };
    expect(await vpn.db.transaction((tx) => accesses.apply(tx, again))).toBeUndefined();
    expect(await version()).toEqual(before);
    const elsewhere = { ...again, revision: 1_000_002, region: 'nl' };
    expect(await vpn.db.transaction((tx) => accesses.apply(tx, elsewhere))).toMatchObject({ region: 'nl' });
  });

  it('of something else than a VPN is no access', async () => {
    await vpn.server();
    const state = vpn.subscription({ features: { 'chat.micros-per-day': 5 } });
    await vpn.app.probe.say(SubscriptionActivated(state));
    await vpn.buy();
    expect(await vpn.mine(state)).toBeUndefined();
  });

  it('is renewed with what is left and what was used', async () => {
    const { panel } = await vpn.server();
    const state = await vpn.buy();
    const [user] = [...panel.users.values()];
    panel.use(user!.name, 30 * GB);
    const servedUntil = new Date(Date.parse(state.servedUntil) + 30 * DAY_MS).toISOString();
    await vpn.app.probe.say(SubscriptionRenewed({ ...state, revision: 2, servedUntil }));
    await vpn.app.probe.until(
      AccessGranted,
      ({ data }) => data.revision === 2 && data.subscriptionId === state.subscriptionId,
    );
    expect(said(AccessGranted, state).map(({ data }) => data.first)).toEqual([true, false]);
    expect(panel.users.get(user!.name)).toMatchObject({
      expiresAt: new Date(servedUntil),
      limitBytes: 100 * GB,
      usedBytes: 30 * GB,
    });
    expect((await vpn.mine(state)).traffic).toMatchObject({ usedBytes: 30 * GB, limitBytes: 100 * GB });
  });

  it('counts its traffic anew in a new period, whatever the panel has counted', async () => {
    const { panel } = await vpn.server();
    const state = await vpn.buy();
    const [user] = [...panel.users.values()];
    panel.use(user!.name, 40 * GB);
    const periodStart = new Date(Date.parse(state.periodStart) + DAY_MS).toISOString();
    await vpn.app.probe.say(SubscriptionRenewed({ ...state, revision: 2, periodStart }));
    await vpn.app.probe.until(
      AccessGranted,
      ({ data }) => data.revision === 2 && data.subscriptionId === state.subscriptionId,
    );
    await vpn.settled();
    // Though nobody had read the 40 GB before.
    expect((await vpn.mine(state)).traffic).toMatchObject({ limitBytes: 100 * GB, usedBytes: 0 });
    expect(panel.users.get(user!.name)!.limitBytes).toBe(140 * GB);
  });

  it('is served by several servers, in different regions where none is wanted', async () => {
    const [a, b, c] = [await vpn.server(), await vpn.server(), await vpn.server({ region: 'nl' })];
    const state = await vpn.buy({ features: { 'vpn.servers': 2 } });
    await vpn.settled();
    const { servers } = await vpn.mine(state);
    expect(servers.map(({ region }) => region).sort()).toEqual(['de', 'nl']);
    expect(a.panel.users.size + b.panel.users.size).toBe(1);
    const [user] = [...c.panel.users.values()];
    expect(user).toMatchObject({ limitBytes: null, devices: null });
    // Everywhere by the same name and credentials.
    expect([...a.panel.users.values(), ...b.panel.users.values()][0]).toMatchObject({
      name: user!.name,
      credentials: user!.credentials,
    });
  });
});

describe('a panel that', () => {
  it('does what it is asked and whose answer is lost makes no second user, and no word before it is read back', async () => {
    const { panel } = await vpn.server();
    panel.power = 'deaf';
    const state = vpn.subscription();
    await vpn.app.probe.say(SubscriptionActivated(state));
    await until(() => panel.users.size === 1, { what: 'the user' });
    expect(said(AccessGranted, state)).toEqual([]);
    panel.power = 'up';
    await vpn.passing(() => vpn.granted(state), 'the access');
    expect(panel.users.size).toBe(1);
  });

  it('was asked just before the process was killed is asked again, and changes nothing', async () => {
    const { panel } = await vpn.server();
    const keys = vpn.app.service.nest.get(KeysService, { strict: false });
    const confirm = jest.spyOn(keys, 'confirm').mockImplementationOnce(() => {
      throw new Error('killed');
    });
    const state = vpn.subscription();
    await vpn.app.probe.say(SubscriptionActivated(state));
    await until(() => confirm.mock.calls.length > 0, { what: 'the call' });
    await vpn.passing(() => vpn.granted(state), 'the access');
    confirm.mockRestore();
    expect(panel.users.size).toBe(1);
    expect(said(AccessGranted, state)).toHaveLength(1);
  });

  it('lies is never believed, and others serve instead', async () => {
    const liar = await vpn.server();
    liar.panel.lies = true;
    const state = vpn.subscription();
    await vpn.app.probe.say(SubscriptionActivated(state));
    await until(() => liar.panel.calls.filter(({ operation }) => operation === 'ensure').length > 0, { what: 'a lie' });
    const honest = await vpn.server({ region: 'nl' });
    const granted = await vpn.passing(() => vpn.granted(state), 'the access');
    expect(granted.data.servers.map(({ serverId }) => serverId)).toEqual([honest.id]);
    expect(granted.data.first).toBe(true);
    await until(() => liar.panel.users.size === 0, { what: 'the liar to forget them' });
  });

  it('refuses is left for another at once', async () => {
    const refusing = await vpn.server();
    refusing.panel.refuses = true;
    const other = await vpn.server({ region: 'nl', weight: 0.01 });
    const state = await vpn.buy();
    expect((await vpn.mine(state)).servers.map(({ serverId }) => serverId)).toEqual([other.id]);
  });

  it('is dead for longer than a minute is told of, once, and the person is served when it is back', async () => {
    const { panel } = await vpn.server();
    panel.power = 'dead';
    const state = vpn.subscription();
    await vpn.app.probe.say(SubscriptionActivated(state));
    await until(() => panel.calls.some(({ operation }) => operation === 'ensure'), { what: 'a call' });
    const [{ id }] = await vpn.db.query<[{ id: string }]>('SELECT id FROM accesses WHERE user_id = $1', [state.userId]);
    const accesses = vpn.app.service.nest.get(AccessesService, { strict: false });
    for (let i = 0; i < 2; i++) await vpn.db.transaction((tx) => accesses.tellIfDelayed(tx, id));
    const delayed = await vpn.app.probe.until(
      AccessDelayed,
      ({ data }) => data.subscriptionId === state.subscriptionId,
    );
    expect(delayed.data.reason).toBe('panels_unavailable');
    expect((await vpn.mine(state)).state).toBe('preparing');
    panel.power = 'up';
    await vpn.passing(() => vpn.granted(state), 'the access');
    expect(
      vpn.app.probe.all(AccessDelayed).filter(({ data }) => data.subscriptionId === state.subscriptionId),
    ).toHaveLength(1);
  });
});

it('nobody waits for room longer than until there is some', async () => {
  const state = vpn.subscription();
  await vpn.app.probe.say(SubscriptionActivated(state));
  await until(async () => (await vpn.mine(state))?.state === 'preparing', { what: 'the access' });
  const metrics = await (await fetch(`${vpn.app.url}/metrics`, { headers: await vpn.app.as('operator') })).text();
  expect(metrics).toMatch(/vpn_paid_not_served_accesses\{[^}]*\} 1/);
  await vpn.server();
  await vpn.tick('tend-accesses');
  await vpn.app.probe.until(AccessGranted, ({ data }) => data.subscriptionId === state.subscriptionId);
});

describe('what is not paid any more', () => {
  const revoked = (state: { subscriptionId: string }) =>
    vpn.app.probe.until(AccessRevoked, ({ data }) => data.subscriptionId === state.subscriptionId);

  it.each([
    [SubscriptionPaused, 'paused'],
    [SubscriptionExpired, 'expired'],
    [SubscriptionEnded, 'ended'],
  ] as const)('is locked out at all panels and then forgotten there: %p', async (event, status) => {
    const [a, b] = [await vpn.server(), await vpn.server({ region: 'nl' })];
    const state = await vpn.buy({ features: { 'vpn.servers': 2 } });
    await vpn.settled();
    await vpn.app.probe.say(event({ ...state, status, revision: 2 }));
    expect((await revoked(state)).data.reason).toBe(status);
    expect([...a.panel.users.values(), ...b.panel.users.values()].map(({ enabled }) => enabled)).toEqual([
      false,
      false,
    ]);
    expect((await vpn.read(a.id)).people).toBe(0);
    vpn.app.clock.advance(8 * DAY_MS);
    await vpn.tick('tend-accesses');
    await until(() => a.panel.users.size + b.panel.users.size === 0, { what: 'the panels to forget' });
    expect(said(AccessRevoked, state)).toHaveLength(1);
  });

  it('comes back with its name, its credentials and its servers', async () => {
    const { panel } = await vpn.server();
    const state = await vpn.buy();
    const before = { ...[...panel.users.values()][0]! };
    await vpn.app.probe.say(SubscriptionPaused({ ...state, status: 'paused', revision: 2 }));
    await revoked(state);
    await vpn.app.probe.say(SubscriptionResumed({ ...state, revision: 3 }));
    await vpn.app.probe.until(
      AccessGranted,
      ({ data }) => data.revision === 3 && data.subscriptionId === state.subscriptionId,
    );
    expect([...panel.users.values()]).toMatchObject([
      { name: before.name, credentials: before.credentials, enabled: true },
    ]);
  });

  it('is said to be over once, whatever changes meanwhile', async () => {
    await vpn.server();
    const state = await vpn.buy();
    await vpn.app.probe.say(SubscriptionPaused({ ...state, status: 'paused', revision: 2 }));
    await revoked(state);
    const features = { ...state.features, 'vpn.devices': 9 };
    await vpn.app.probe.say(SubscriptionChanged({ ...state, status: 'paused', revision: 3, features }));
    await vpn.app.probe.say(SubscriptionResumed({ ...state, revision: 4, features }));
    await until(() => vpn.granted(state, 4), { what: 'the access' });
    expect(said(AccessRevoked, state)).toHaveLength(1);
  });

  it('is told of to operators when more of it was sold by revisions that count as old', async () => {
    await vpn.server();
    const state = await vpn.buy({ revision: 9 });
    const older = () => vpn.metric('vpn_older_states_total');
    const validUntil = async () => {
      const [row] = await vpn.db.query<[{ at: Date }]>(
        'SELECT valid_until AS at FROM accesses WHERE subscription_id = $1',
        [state.subscriptionId],
      );
      return row.at.toISOString();
    };
    // Late: nothing is lost with it.
    const late = new Date(Date.parse(state.validUntil) - DAY_MS).toISOString();
    await vpn.app.probe.say(SubscriptionRenewed({ ...state, revision: 7, validUntil: late }));
    expect(await older()).toBe(0);
    // By a payments whose database was restored.
    const later = new Date(Date.parse(state.validUntil) + 30 * DAY_MS).toISOString();
    const renewed = { ...state, validUntil: later, servedUntil: later };
    await vpn.app.probe.say(SubscriptionRenewed({ ...renewed, revision: 6 }));
    await until(async () => (await older()) === 1, { what: 'the older state to be counted' });
    expect(await validUntil()).toBe(state.validUntil);
    await vpn.app.probe.say(SubscriptionChanged({ ...renewed, revision: 1_000_007 }));
    await until(async () => (await validUntil()) === later, { what: 'what was sold' });
  });

  it('is looked after while somebody else holds many', async () => {
    await vpn.server();
    const some = await vpn.buyMany(2);
    await vpn.settled();
    const owe =
      'UPDATE accesses SET owed_since = $2, version = version + 1 WHERE subscription_id = ANY($1) RETURNING id';
    const [owed] = await vpn.db.query<[{ id: string }[], number]>(owe, [
      ...[some.map(({ subscriptionId }) => subscriptionId), vpn.app.clock.now()],
    ]);
    const jobs = vpn.app.service.nest.get(AccessesJobs, { strict: false });
    for (const held of [owed, owed.toReversed()]) {
      let tended = Promise.resolve();
      await vpn.db.transaction(async (tx) => {
        for (const { id } of held) {
          await tx.query('SELECT FROM accesses WHERE id = $1 FOR UPDATE', [id]);
          if (id !== held[0]!.id) continue;
          tended = jobs.tend();
          await Promise.race([tended, sleep(300)]);
        }
      });
      await tended;
    }
    await vpn.tick('tend-accesses');
    await vpn.settled();
  });

  it('is found where it is served by nobody and nothing says so', async () => {
    const { panel } = await vpn.server();
    const state = await vpn.buy();
    const lost = `UPDATE access_keys k SET state = 'leaving', occupies = false, due_at = NULL FROM accesses a WHERE a.id = k.access_id AND a.subscription_id = $1`;
    await vpn.db.query(lost, [state.subscriptionId]);
    panel.users.clear();
    await vpn.settled();
    expect(panel.active).toEqual([]);
    await vpn.tick('find-unserved-accesses');
    await vpn.settled();
    expect(panel.active).toHaveLength(1);
    expect((await vpn.mine(state)).state).toBe('ready');
  });

  it('ends by itself when nobody says so', async () => {
    const { panel } = await vpn.server();
    const soon = new Date(vpn.app.clock.now().getTime() + DAY_MS).toISOString();
    const state = await vpn.buy({ validUntil: soon, servedUntil: soon });
    vpn.app.clock.advance(DAY_MS + 1000);
    await vpn.tick('tend-accesses');
    expect((await revoked(state)).data.reason).toBe('expired');
    expect(panel.active).toEqual([]);
    expect((await vpn.mine(state)).state).toBe('expired');
  });
});
