import { CheckDrift, ListDriftReports, PanelDrifted } from '@switchboard/contracts';
import { erasePerson, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { type AServer, GB, TestVpn } from '../../test/build';

let vpn: TestVpn;
beforeAll(async () => {
  vpn = await TestVpn.start();
});
afterAll(() => vpn.app.stop());
afterEach(() => vpn.db.query(`UPDATE servers SET state = 'retired'`));

const reportsOf = async ({ id: serverId }: AServer) =>
  (await vpn.app.gateway.call(ListDriftReports, { params: { serverId } })).data;

async function check(server: AServer, query: { removals?: number } = {}) {
  const before = (await reportsOf(server)).length;
  await vpn.app.gateway.call(CheckDrift, { params: { serverId: server.id }, query, idempotencyKey: uuidv7() });
  const report = await until(
    async () => {
      const reports = await reportsOf(server);
      return reports.length > before && reports[0];
    },
    { what: 'the report' },
  );
  await vpn.settled();
  return report!;
}

const aStranger = (name: string) => ({
  ...{ name, credentials: { uuid: uuidv7(), password: 'x' }, enabled: true, usedBytes: 5 },
  ...{ expiresAt: new Date(), limitBytes: null, devices: null },
});

it('what was changed, removed, made or revived on a panel by hand is put right, and what is not ours is left alone', async () => {
  const server = await vpn.server();
  const people = await vpn.buyMany(6);
  await vpn.settled();
  const { users } = server.panel;
  const [deleted, disabled, limited, extended, revoked, right] = [...users.keys()] as [string, ...string[]];
  const before = new Map([...users].map(([name, user]) => [name, { ...user }]));
  users.delete(deleted);
  users.get(disabled!)!.enabled = false;
  users.get(limited!)!.limitBytes = 999 * GB;
  users.get(extended!)!.expiresAt = new Date(Date.now() + 1e12);
  users.get(revoked!)!.credentials = { uuid: uuidv7(), password: 'other' };
  const strangers = ['admin', 'sb_not-really-ours', `sb_${'a'.repeat(29)}`];
  for (const name of strangers) users.set(name, aStranger(name));

  expect(await check(server)).toMatchObject({ seen: 8, repaired: 5, orphans: 0, strangers: 3 });
  expect(new Map([...users].filter(([name]) => !strangers.includes(name)))).toEqual(before);
  for (const name of strangers) expect(users.get(name)).toMatchObject({ usedBytes: 5, enabled: true });
  const said = await vpn.app.probe.until(PanelDrifted, ({ data }) => data.serverId === server.id);
  expect(said.data).toMatchObject({ repaired: 5, orphans: 0, strangers: 3 });
  expect(users.get(right!)).toEqual(before.get(right!));

  // All is well now, and nobody is troubled.
  expect(await check(server)).toMatchObject({ repaired: 0, orphans: 0 });
  expect(vpn.app.probe.all(PanelDrifted).filter(({ data }) => data.serverId === server.id)).toHaveLength(1);
  expect(people).toHaveLength(6);
});

it('who was erased is removed from panels, at once or when they answer again, and an old state of a panel does not bring them back', async () => {
  const server = await vpn.server();
  const state = await vpn.buy();
  const kept = new Map([...server.panel.users].map(([name, user]) => [name, { ...user }]));
  server.panel.power = 'dead';
  expect(await erasePerson(vpn.app, state.userId)).toEqual([]);
  server.panel.power = 'up';
  vpn.app.clock.advance(61_000);
  await vpn.tick('tend-accesses');
  await until(() => server.panel.users.size === 0, { what: 'the panel to forget' });
  // Somebody restores a backup of the panel.
  for (const [name, user] of kept) server.panel.users.set(name, user);
  expect(await check(server)).toMatchObject({ seen: 1, orphans: 1, repaired: 0, strangers: 0 });
  await until(() => server.panel.users.size === 0, { what: 'the panel to forget again' });
});

it('who is owed again while they wait to be removed stays', async () => {
  const server = await vpn.server();
  const state = await vpn.buy();
  const [name] = [...server.panel.users.keys()];
  await vpn.db.query('INSERT INTO panel_removals (server_id, panel_user, due_at, attempts) VALUES ($1, $2, $3, 0)', [
    ...[server.id, name, vpn.app.clock.now()],
  ]);
  await vpn.tick('tend-accesses');
  await vpn.settled();
  expect(server.panel.users.has(name!)).toBe(true);
  expect((await vpn.mine(state)).state).toBe('ready');
});

it('whoever an older database does not know stays until staff have said that nobody is owed them', async () => {
  const server = await vpn.server();
  const lost = await vpn.buyMany(30);
  await vpn.buyMany(20);
  await vpn.settled();
  // As a backup was that was taken before they came.
  const ids = lost.map(({ subscriptionId }) => subscriptionId);
  await vpn.db.query('DELETE FROM accesses WHERE subscription_id = ANY($1)', [ids]);
  const held = () => vpn.metric('vpn_panel_users_held', `server="${server.name}"`);

  expect(await check(server)).toMatchObject({ seen: 50, orphans: 0, held: 30 });
  expect(server.panel.users.size).toBe(50);
  const said = await vpn.app.probe.until(PanelDrifted, ({ data }) => data.serverId === server.id);
  expect(said.data).toMatchObject({ orphans: 0, held: 30 });
  expect(await held()).toBe(30);
  // More than was said: somebody else is among them.
  expect(await check(server, { removals: 29 })).toMatchObject({ orphans: 0, held: 30 });
  expect(server.panel.users.size).toBe(50);

  expect(await check(server, { removals: 30 })).toMatchObject({ orphans: 30, held: 0 });
  await until(() => server.panel.users.size === 20, { what: 'the panel to forget' });
  expect(await held()).toBe(0);
});

it('who is owed and not confirmed yet, or about to be removed, is known', async () => {
  const server = await vpn.server();
  const waiting = await vpn.buyMany(30);
  await vpn.settled();
  const ids = waiting.map(({ subscriptionId }) => subscriptionId);
  // As of a panel that does what it is asked and answers too late.
  await vpn.db.query(
    'UPDATE access_keys SET applied = NULL WHERE access_id IN (SELECT id FROM accesses WHERE subscription_id = ANY($1))',
    [ids],
  );
  expect(await check(server)).toMatchObject({ seen: 30, orphans: 0, held: 0 });
  await vpn.db.query('DELETE FROM accesses WHERE subscription_id = ANY($1)', [ids]);
  await vpn.db.query(
    'INSERT INTO panel_removals (server_id, panel_user, due_at, attempts) SELECT $1, unnest($2::text[]), $3, 5',
    [server.id, [...server.panel.users.keys()], new Date(vpn.app.clock.now().getTime() + 600_000)],
  );
  expect(await check(server)).toMatchObject({ seen: 30, orphans: 0, held: 0 });
  expect(server.panel.users.size).toBe(30);
});

it('all panels are looked at every day, also those after one that is dead', async () => {
  const [dead, server] = [await vpn.server(), await vpn.server()];
  dead.panel.power = 'dead';
  for (let day = 1; day <= 2; day++) {
    // The first was made when the server came.
    const before = (await reportsOf(server)).length;
    await vpn.tick('check-all-drift');
    await until(async () => (await reportsOf(server)).length > before, { what: `day ${day}` });
  }
});
