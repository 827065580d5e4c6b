import {
  AccessMoved,
  ListMigrations,
  ServerUp,
  SubscriptionActivated,
  SubscriptionPaused,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { type AServer, GB, TestVpn } from '../../test/build';
import { KeysService } from '../accesses/keys.service';
import { MigrationsJobs } from './migrations.jobs';
import { MigrationsService } from './migrations.service';

let vpn: TestVpn;
beforeAll(async () => {
  vpn = await TestVpn.start();
});
afterAll(() => vpn.app.stop());
afterEach(() => vpn.db.query(`UPDATE servers SET state = 'retired'`));

async function die(server: AServer): Promise<void> {
  server.panel.power = 'dead';
  while ((await vpn.read(server.id)).health.state === 'up') await vpn.probe();
}

const movedFrom = (server: AServer) =>
  vpn.app.probe.all(AccessMoved).filter(({ data }) => data.from.serverId === server.id);

/** Nobody is let in by two panels. */
function expectNobodyTwice(servers: readonly AServer[]): void {
  const active = servers.flatMap(({ panel }) => panel.active);
  expect(active).toHaveLength(new Set(active).size);
}

it('everybody of a server that died is served by others, with what is left to them, and of it once it is back by nobody twice', async () => {
  const [dying, ...others] = [
    await vpn.server({ capacity: 1000 }),
    await vpn.server({ capacity: 20 }),
    await vpn.server({ region: 'nl', capacity: 40 }),
  ];
  await vpn.open(false, ...others);
  const people = await vpn.buyMany(50);
  await vpn.settled();
  expect(dying.panel.users.size).toBe(50);
  const names = [...dying.panel.users.keys()];
  // Half of them have used something, of which we know.
  names.slice(0, 25).forEach((name) => dying.panel.use(name, 40 * GB));
  await vpn.db.query(`UPDATE access_keys SET due_at = $1, asked = asked + 1 WHERE server_id = $2`, [
    vpn.app.clock.now(),
    dying.id,
  ]);
  await vpn.tick('tend-accesses');
  await vpn.settled();
  await vpn.open(true, ...others);

  await die(dying);
  await until(() => movedFrom(dying).length === 50, { what: 'all to be moved' });
  for (const { data } of movedFrom(dying)) expect(data.reason).toBe('server_down');
  expect(others.map(({ panel }) => panel.users.size).reduce((a, b) => a + b)).toBe(50);
  expect(others[0]!.panel.users.size).toBeLessThanOrEqual(20);
  for (const name of names) {
    const after = others.map(({ panel }) => panel.users.get(name)).find(Boolean)!;
    const before = dying.panel.users.get(name)!;
    expect(after.credentials).toEqual(before.credentials);
    expect(after.expiresAt).toEqual(before.expiresAt);
    expect(after.limitBytes).toBe(100 * GB - before.usedBytes);
  }
  const mine = await vpn.mine(people[0]!);
  expect(mine.state).toBe('ready');
  expect(mine.servers[0]!.serverId).not.toBe(dying.id);

  // It never heard of all this.
  expect(dying.panel.active).toHaveLength(50);
  const ups = vpn.app.probe.all(ServerUp).length;
  dying.panel.power = 'up';
  await vpn.untilUp(dying.id);
  // At that moment already:
  expectNobodyTwice([dying, ...others]);
  expect(dying.panel.active).toEqual([]);
  await until(() => vpn.app.probe.all(ServerUp).length === ups + 1, { what: 'it to be said' });
  expect(movedFrom(dying)).toHaveLength(50);
  await vpn.tick('tend-migrations');
  const migrations = async () => (await vpn.app.gateway.call(ListMigrations, { query: { serverId: dying.id } })).data;
  await until(async () => (await migrations())[0]!.state !== 'running', { what: 'the end' });
  expect(await migrations()).toMatchObject([
    { kind: 'failover', state: 'done', progress: { total: 50, moved: 50, waiting: 0 } },
  ]);
});

it('a server that is not put right yet is not up, however well it answers', async () => {
  const [dying] = [await vpn.server(), await vpn.server({ region: 'nl' })];
  await vpn.buy({ region: 'de' });
  await die(dying);
  await until(() => movedFrom(dying).length === 1, { what: 'the move' });
  dying.panel.power = 'up';
  dying.panel.onCall = (operation) => {
    if (operation === 'ensure' || operation === 'remove') throw new Error('disk full');
  };
  for (let i = 0; i < 8; i++) await vpn.probe();
  await until(() => dying.panel.calls.some(({ operation }) => operation === 'list'), { what: 'it to be looked at' });
  await vpn.tick('go-on-returning');
  expect((await vpn.read(dying.id)).health.state).toBe('returning');
  dying.panel.onCall = () => undefined;
  vpn.app.clock.advance(600_000);
  await vpn.tick('go-on-returning');
  await vpn.untilUp(dying.id);
  expect(dying.panel.active).toEqual([]);
});

it('whoever finds no room waits on the dead server, and is moved when there is some, or stays when it is back first', async () => {
  const [dying, small] = [await vpn.server(), await vpn.server({ region: 'nl', capacity: 1 })];
  await vpn.open(false, small);
  const people = await vpn.buyMany(3);
  await vpn.settled();
  await vpn.open(true, small);
  await die(dying);
  await until(() => movedFrom(dying).length === 1, { what: 'the first' });
  expect(small.panel.users.size).toBe(1);
  const states = await Promise.all(people.map(async (person) => (await vpn.mine(person)).state));
  expect(states.sort()).toEqual(['moving', 'moving', 'ready']);
  await vpn.db.query('UPDATE servers SET capacity = 2 WHERE id = $1', [small.id]);
  await vpn.tick('tend-migrations');
  await until(() => movedFrom(dying).length === 2, { what: 'the second' });
  dying.panel.power = 'up';
  await vpn.untilUp(dying.id);
  await vpn.tick('tend-migrations');
  await until(
    async () => (await Promise.all(people.map((one) => vpn.mine(one)))).every(({ state }) => state === 'ready'),
    {
      what: 'all to be served',
    },
  );
  expect(movedFrom(dying)).toHaveLength(2);
  expectNobodyTwice([dying, small]);
  expect(dying.panel.active).toHaveLength(1);
});

it('a target that dies while people are moved to it is followed by another', async () => {
  const dying = await vpn.server({ region: 'de' });
  const people = await vpn.buyMany(20);
  await vpn.settled();
  const [second, third] = [await vpn.server({ region: 'nl' }), await vpn.server({ region: 'us', weight: 0.01 })];
  let made = 0;
  second.panel.onCall = (operation) => {
    if (operation === 'ensure' && ++made > 5) second.panel.power = 'dead';
  };
  await die(dying);
  await until(() => second.panel.power === 'dead', { what: 'the target to die' });
  await die(second);
  await vpn.passing(async () => {
    const all = await Promise.all(people.map((one) => vpn.mine(one)));
    return all.every(({ servers }) => servers.length === 1 && servers[0]!.serverId === third.id);
  }, 'all to be served by the third');
  expect(third.panel.active).toHaveLength(20);
  second.panel.onCall = () => undefined;
  dying.panel.power = 'up';
  second.panel.power = 'up';
  await vpn.untilUp(dying.id);
  await vpn.untilUp(second.id);
  expectNobodyTwice([dying, second, third]);
});

it('a process that is killed in the middle loses nobody and moves nobody twice', async () => {
  const dying = await vpn.server();
  const people = await vpn.buyMany(12);
  await vpn.settled();
  const other = await vpn.server({ region: 'nl' });
  // What a panel was asked for is forgotten now and then, as by a kill between its answer and the commit.
  const keys = vpn.app.service.nest.get(KeysService, { strict: false });
  const confirm = keys.confirm.bind(keys);
  let calls = 0;
  const killed = jest.spyOn(keys, 'confirm').mockImplementation((task, seen) => {
    if (++calls % 3 === 0) throw new Error('killed');
    return confirm(task, seen);
  });
  await die(dying);
  await vpn.passing(() => movedFrom(dying).length >= 12, 'all to be moved');
  killed.mockRestore();
  await vpn.settled();
  expect(other.panel.users.size).toBe(12);
  expect(movedFrom(dying)).toHaveLength(12);
  for (const person of people) expect((await vpn.mine(person)).state).toBe('ready');
});

it('somebody who has not been served yet, or rests, is not moved but comes elsewhere', async () => {
  const dying = await vpn.server();
  const resting = await vpn.buy();
  await vpn.app.probe.say(SubscriptionPaused({ ...resting, status: 'paused', revision: 2 }));
  await until(async () => (await vpn.mine(resting)).state === 'paused', { what: 'the pause' });
  await vpn.settled();
  dying.panel.power = 'dead';
  const early = vpn.subscription();
  await vpn.app.probe.say(SubscriptionActivated(early));
  await until(() => dying.panel.calls.at(-1)?.operation === 'ensure', { what: 'the call' });
  const other = await vpn.newServer({ region: 'nl' });
  await die(dying);
  await vpn.untilUp(other.id);
  await vpn.tick('tend-migrations');
  await vpn.passing(() => vpn.granted(early), 'the access');
  expect((await vpn.mine(early)).servers).toMatchObject([{ serverId: other.id }]);
  expect(movedFrom(dying)).toEqual([]);
  await vpn.app.probe.say(SubscriptionActivated({ ...resting, revision: 3 }));
  await vpn.app.probe.until(AccessMoved, ({ data }) => data.subscriptionId === resting.subscriptionId);
  expect((await vpn.mine(resting)).servers).toMatchObject([{ serverId: other.id }]);
});

it('a server whose failover cannot begin keeps no other one from its own', async () => {
  const [broken, dead] = [await vpn.server(), await vpn.server()];
  await vpn.buyMany(4);
  await vpn.settled();
  await vpn.db.query(
    `UPDATE server_health SET state = 'down', since = since + CASE WHEN server_id = $1 THEN interval '-1 day' ELSE '0' END
     WHERE server_id = ANY($2)`,
    [broken.id, [broken.id, dead.id]],
  );
  const migrations = vpn.app.service.nest.get(MigrationsService, { strict: false });
  const begin = migrations.beginFailover.bind(migrations);
  const spy = jest
    .spyOn(migrations, 'beginFailover')
    .mockImplementation((tx, id) => (id === broken.id ? Promise.reject(new Error('broken')) : begin(tx, id)));
  const run = { attempt: 1, isLastAttempt: false, signal: new AbortController().signal };
  const tend = vpn.app.service.nest.get(MigrationsJobs, { strict: false }).tend({ slot: vpn.app.clock.now() }, run);
  await expect(tend).rejects.toThrow('1 of 2 failed');
  spy.mockRestore();
  const { data } = await vpn.app.gateway.call(ListMigrations, { query: { serverId: dead.id } });
  expect(data).toMatchObject([{ kind: 'failover' }]);
});
