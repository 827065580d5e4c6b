import {
  AccessMoved,
  AuditEntryAppendRequested,
  ChooseMyServer,
  ListMyAccesses,
  ListPersonAccesses,
  ListRegions,
  ReadVpnStatus,
  ReissueAccess,
  ReportMyLatency,
  SubscriptionChanged,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { TestVpn } from '../../test/build';

let vpn: TestVpn;
beforeAll(async () => {
  vpn = await TestVpn.start();
});
afterAll(() => vpn.app.stop());
afterEach(() => vpn.db.query(`UPDATE servers SET state = 'retired'`));

const choose = (userId: string, accessId: string, region: string | null) =>
  vpn.app.gateway.call(
    ChooseMyServer,
    { params: { accessId }, body: { region }, idempotencyKey: uuidv7() },
    { actor: vpn.person(userId) },
  );
const refusal = (status: number, code: string) => ({ status, problem: { code: `vpn-provisioner.${code}` } });

it('a person sees what is theirs and nothing of others', async () => {
  const server = await vpn.server({ name: 'Berlin', capacity: 10 });
  const [one, other] = [await vpn.buy(), await vpn.buy()];
  expect(await vpn.mine(one)).toMatchObject({
    ...{ subscriptionId: one.subscriptionId, state: 'ready', link: expect.stringContaining('/s/') as string },
    servers: [{ serverId: server.id, name: 'Berlin', region: 'de', load: 20, best: true }],
    traffic: { usedBytes: 0, limitBytes: 100_000_000_000 },
    devices: { limit: 3 },
  });
  const { data } = await vpn.app.gateway.call(ListMyAccesses, { query: {} }, { actor: vpn.person(one.userId) });
  expect(data).toHaveLength(1);
  const { id } = await vpn.mine(other);
  await expect(choose(one.userId, id, null)).rejects.toMatchObject(refusal(404, 'access_not_found'));
  const body = { measured: [{ serverId: server.id, ms: 5 }] };
  await expect(
    vpn.app.gateway.call(ReportMyLatency, { params: { accessId: id }, body }, { actor: vpn.person(one.userId) }),
  ).rejects.toMatchObject(refusal(404, 'access_not_found'));
});

it('a person chooses a region, is moved there without doing anything, and not where there is no room', async () => {
  const [de, nl] = [await vpn.server(), await vpn.server({ region: 'nl' })];
  await vpn.server({ region: 'se', capacity: 0 });
  const state = await vpn.buy({ region: 'de' });
  const { id } = await vpn.mine(state);
  await expect(choose(state.userId, id, 'se')).rejects.toMatchObject(refusal(409, 'no_capacity'));
  await expect(choose(state.userId, id, 'fr')).rejects.toMatchObject(refusal(409, 'no_capacity'));
  expect((await choose(state.userId, id, 'nl')).state).toBe('moving');
  const moved = await vpn.app.probe.until(AccessMoved, ({ data }) => data.accessId === id);
  expect(moved.data).toMatchObject({ reason: 'chosen', from: { serverId: de.id }, to: { serverId: nl.id } });
  await vpn.settled();
  expect(await vpn.mine(state)).toMatchObject({ state: 'ready', servers: [{ serverId: nl.id }] });
  expect([de.panel.active, nl.panel.active.length]).toEqual([[], 1]);
  // What the person chose stays when the subscription changes in other things, until it says another region itself.
  await vpn.app.probe.say(
    SubscriptionChanged({ ...state, revision: 2, features: { 'vpn.servers': 1, 'vpn.devices': 9 } }),
  );
  await until(() => vpn.granted(state, 2), { what: 'the change' });
  expect((await vpn.mine(state)).servers).toMatchObject([{ serverId: nl.id }]);
  await vpn.app.probe.say(SubscriptionChanged({ ...state, revision: 3, region: 'nl' }));
  await vpn.app.probe.say(SubscriptionChanged({ ...state, revision: 4, region: 'de' }));
  await vpn.app.probe.until(AccessMoved, ({ data }) => data.accessId === id && data.to.serverId === de.id);
});

it('what devices measure puts the fastest server first, and those who come later near', async () => {
  const [far, near] = [await vpn.server({ region: 'us' }), await vpn.server({ region: 'de' })];
  const state = await vpn.buy({ features: { 'vpn.servers': 2 } });
  await vpn.settled();
  const { id } = await vpn.mine(state);
  const report = (measured: { serverId: string; ms: number }[]) =>
    vpn.app.gateway.call(
      ReportMyLatency,
      { params: { accessId: id }, body: { measured } },
      { actor: vpn.person(state.userId) },
    );
  const order = async () =>
    (await vpn.mine(state)).servers.map(({ serverId, latencyMs, best }) => [serverId, latencyMs, best]);
  await report([
    { serverId: far.id, ms: 20 },
    { serverId: near.id, ms: 90 },
    { serverId: uuidv7(), ms: 1 },
  ]);
  expect(await order()).toEqual([
    [far.id, 20, true],
    [near.id, 90, false],
  ]);
  await report([{ serverId: far.id, ms: 200 }]);
  expect(await order()).toEqual([
    [near.id, 90, true],
    [far.id, 200, false],
  ]);
  far.panel.power = 'dead';
  await report([{ serverId: far.id, ms: 1 }]);
  for (let i = 0; i < 3; i++) await vpn.probe();
  expect((await order())[0]![0]).toBe(near.id);
});

it('regions have names, and say whether there is room', async () => {
  await vpn.server({ region: 'de', capacity: 1 });
  await vpn.server({ region: 'us-east', capacity: 5 });
  await vpn.buy({ region: 'de' });
  const answer = await vpn.app.gateway.call(ListRegions, { query: { botId: 'shop' } }, { actor: vpn.person() });
  expect(answer).toEqual({
    maintenance: false,
    data: [
      { id: 'de', name: { en: 'Germany', ru: 'Германия' }, available: false, load: 100 },
      { id: 'us-east', name: { en: 'United States, east', ru: 'Соединенные Штаты, east' }, available: true, load: 0 },
    ],
  });
  const status = await fetch(`${vpn.app.url}${ReadVpnStatus.path}`, { headers: await vpn.app.as('bot-adapter') });
  expect(await status.json()).toMatchObject({
    maintenance: false,
    regions: [{ id: 'de', available: false }, { id: 'us-east' }],
  });
  expect((await fetch(`${vpn.app.url}${ReadVpnStatus.path}`, { headers: await vpn.app.as('tts-worker') })).status).toBe(
    404,
  );
});

it('staff see what a person is owed, of their bots alone, and let them in by new credentials', async () => {
  const server = await vpn.server();
  const state = await vpn.buy();
  const list = (bots?: string[]) =>
    vpn.app.gateway.call(
      ListPersonAccesses,
      { query: { userId: state.userId } },
      { actor: { kind: 'staff', id: 'ann', roles: [], scopes: ['servers:read'], ...(bots && { bots }) } },
    );
  const [access] = (await list()).data;
  expect(access).toMatchObject({
    ...{ state: 'ready', status: 'active', owedSince: null },
    keys: [{ serverId: server.id, state: 'serving', confirmed: true, error: null }],
  });
  expect((await list(['another'])).data).toEqual([]);
  const before = { ...server.panel.users.get(access!.panelUser)!.credentials };
  await vpn.app.gateway.call(ReissueAccess, { params: { accessId: access!.id }, idempotencyKey: uuidv7() });
  await vpn.app.probe.until(AuditEntryAppendRequested, ({ data }) => data.action === ReissueAccess.id);
  await until(() => server.panel.users.get(access!.panelUser)!.credentials.uuid !== before.uuid, {
    what: 'new credentials',
  });
});
