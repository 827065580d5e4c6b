import {
  AccessMoved,
  AuditEntryAppendRequested,
  ChangeMigration,
  PlanMigration,
  PreviewMigration,
  ReadMigration,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { type AServer, GB, TestVpn } from '../../test/build';
import { MoversService } from './movers.service';

let vpn: TestVpn;
beforeAll(async () => {
  vpn = await TestVpn.start();
});
afterAll(() => vpn.app.stop());
afterEach(() => vpn.db.query(`UPDATE servers SET state = 'retired'`));

type Asked = z.input<(typeof PlanMigration)['body']>;
type State = z.input<(typeof ChangeMigration)['body']>['state'];

const plan = (body: Asked) => vpn.app.gateway.call(PlanMigration, { body, idempotencyKey: uuidv7() });
const read = (migrationId: string) => vpn.app.gateway.call(ReadMigration, { params: { migrationId } });
async function become(migrationId: string, state: State) {
  const { revision } = await read(migrationId);
  return vpn.app.gateway.call(ChangeMigration, { params: { migrationId }, body: { state }, ifMatch: `"${revision}"` });
}
const refusal = (status: number, code: string) => ({ status, problem: { code: `vpn-provisioner.${code}` } });
const ended = (migrationId: string) =>
  until(
    async () => {
      await vpn.tick('tend-migrations');
      const migration = await read(migrationId);
      return ['done', 'rolled-back'].includes(migration.state) && migration;
    },
    { what: 'the end' },
  );
const movesOf = (server: AServer) =>
  vpn.app.probe.all(AccessMoved).filter(({ data }) => data.from.serverId === server.id);

/** With so many people on the first. */
async function installation(people: number, targets: number) {
  const from = await vpn.server();
  const states = await vpn.buyMany(people);
  await vpn.settled();
  const others: AServer[] = [];
  for (let i = 0; i < targets; i++) others.push(await vpn.server({ region: 'nl' }));
  return { from, states, others };
}

it('people are moved as the preview says, served by one server at each moment, and those who used something have less left', async () => {
  const { from, states, others } = await installation(20, 2);
  const asked = { fromServerId: from.id, toServerIds: others.map(({ id }) => id) };
  const preview = await vpn.app.gateway.call(PreviewMigration, { query: asked });
  expect(preview).toMatchObject({ people: 20, withoutRoom: 0 });
  expect(preview.targets.map(({ people }) => people)).toEqual([10, 10]);
  const { id, state, progress } = await plan({ ...asked, reason: 'The contract ends' });
  expect([state, progress.total]).toEqual(['planned', 0]);
  expect(movesOf(from)).toEqual([]);
  // Nobody has read the panel since.
  const names = [...from.panel.users.keys()];
  for (const name of names) from.panel.use(name, 30 * GB);
  await become(id, 'running');
  const done = await ended(id);
  expect(done).toMatchObject({ state: 'done', progress: { total: 20, moved: 20, waiting: 0, preparing: 0 } });
  await vpn.settled();
  expect(others.map(({ panel }) => panel.active.length)).toEqual([10, 10]);
  expect(from.panel.active).toEqual([]);
  expect(movesOf(from).map(({ data }) => data.reason)).toEqual(Array.from({ length: 20 }, () => 'planned'));
  for (const name of names) {
    const now = others.map(({ panel }) => panel.users.get(name)).find(Boolean)!;
    expect(now.limitBytes).toBe(70 * GB);
  }
  expect((await vpn.mine(states[0]!)).traffic.usedBytes).toBe(30 * GB);
  const audited = vpn.app.probe.all(AuditEntryAppendRequested).filter(({ data }) => data.resourceId === id);
  expect(audited.map(({ data }) => data.action)).toEqual([PlanMigration.id, ChangeMigration.id]);
  // A day later they are gone from there altogether.
  vpn.app.clock.advance(25 * 3_600_000);
  await vpn.tick('tend-accesses');
  await until(() => from.panel.users.size === 0, { what: 'the panel to forget them' });
});

it('a part of the people is moved, and only so many as there is room for', async () => {
  const { from, others } = await installation(12, 1);
  const [target] = others;
  await vpn.db.query('UPDATE servers SET capacity = 4 WHERE id = $1', [target!.id]);
  expect(await vpn.app.gateway.call(PreviewMigration, { query: { fromServerId: from.id, people: 6 } })).toMatchObject({
    ...{ people: 6, withoutRoom: 2, targets: [{ serverId: target!.id, people: 4 }] },
  });
  const { id } = await plan({ fromServerId: from.id, people: 6 });
  await become(id, 'running');
  await until(async () => (await read(id)).progress.moved === 4, { what: 'those with room' });
  await vpn.settled();
  expect((await read(id)).progress).toMatchObject({ total: 6, waiting: 2 });
  expect(from.panel.active).toHaveLength(8);
  expect((await vpn.read(target!.id)).people).toBe(4);
  await vpn.db.query('UPDATE servers SET capacity = 100 WHERE id = $1', [target!.id]);
  expect((await ended(id)).progress).toMatchObject({ moved: 6, waiting: 0 });
});

it('one that is paused moves nobody else, and goes on', async () => {
  const { from, others } = await installation(10, 1);
  others[0]!.panel.delayMs = 30;
  const { id } = await plan({ fromServerId: from.id });
  await become(id, 'running');
  // Those that have a server already are carried over.
  await become(id, 'paused');
  await expect(become(id, 'cancelled')).rejects.toMatchObject(refusal(409, 'migration_state_refused'));
  const another = await plan({ fromServerId: from.id });
  await expect(become(another.id, 'running')).rejects.toMatchObject(refusal(409, 'migration_in_the_way'));
  expect(await become(another.id, 'cancelled')).toMatchObject({ state: 'cancelled' });
  await vpn.settled();
  await become(id, 'running');
  expect((await ended(id)).progress.moved).toBe(10);
});

it('one that is rolled back brings everybody back, wherever they were, and nobody is served twice', async () => {
  const { from, states, others } = await installation(16, 1);
  const [target] = others;
  let made = 0;
  // Some are moved already, some on their way, when staff have seen enough.
  const enough = Promise.withResolvers<void>();
  const rolledBack = Promise.withResolvers<void>();
  target!.panel.onCall = async (operation) => {
    if (operation !== 'ensure' || ++made <= 6) return;
    enough.resolve();
    await rolledBack.promise;
  };
  const { id } = await plan({ fromServerId: from.id });
  await become(id, 'running');
  await enough.promise;
  await become(id, 'rolling-back');
  rolledBack.resolve();
  target!.panel.onCall = () => undefined;
  const done = await ended(id);
  await vpn.settled();
  expect(done.progress).toMatchObject({ total: 16, moved: 0, rolledBack: 16 });
  expect(from.panel.active).toHaveLength(16);
  expect(target!.panel.active).toEqual([]);
  for (const state of states) expect((await vpn.mine(state)).servers).toMatchObject([{ serverId: from.id }]);
  for (const { data } of movesOf(target!))
    expect(data).toMatchObject({ reason: 'rolled_back', to: { serverId: from.id } });
  expect(movesOf(target!)).toHaveLength(movesOf(from).length);
});

it('whoever arrives just while they are to be brought back is brought back, and not left without any server', async () => {
  const { from, states, others } = await installation(1, 1);
  const [target] = others;
  const asked = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  target!.panel.onCall = async (operation) => {
    if (operation !== 'ensure') return;
    asked.resolve();
    await goesOn.promise;
  };
  const { id } = await plan({ fromServerId: from.id });
  await become(id, 'running');
  await asked.promise;
  const movers = vpn.app.service.nest.get(MoversService, { strict: false }) as unknown as {
    hold: (...args: unknown[]) => Promise<unknown>;
  };
  const hold = movers.hold.bind(movers);
  // What is to be brought back was looked up; the panel answers before anybody holds them.
  const spy = jest.spyOn(movers, 'hold').mockImplementationOnce(async (...args) => {
    goesOn.resolve();
    await until(() => movesOf(from).length === 1, { what: 'the arrival' });
    return hold(...args);
  });
  await become(id, 'rolling-back');
  const done = await ended(id);
  spy.mockRestore();
  await vpn.settled();
  expect(done.progress).toMatchObject({ total: 1, moved: 0, rolledBack: 1 });
  expect(from.panel.active).toHaveLength(1);
  expect(target!.panel.active).toEqual([]);
  expect((await vpn.mine(states[0]!)).servers).toMatchObject([{ serverId: from.id }]);
});

it('a server that is drained takes nobody, is left by whoever is renewed, and by all when that is asked for', async () => {
  const { from, states, others } = await installation(6, 1);
  await vpn.open(false, from);
  const { id } = await plan({ fromServerId: from.id });
  await become(id, 'running');
  await ended(id);
  await vpn.settled();
  expect((await vpn.read(from.id)).people).toBe(0);
  for (const state of states) expect((await vpn.mine(state)).servers).toMatchObject([{ serverId: others[0]!.id }]);
});

it('people are not moved to where they are, nor to what is no server in service', async () => {
  const { from, others } = await installation(1, 1);
  const refused = refusal(422, 'migration_targets_refused');
  await expect(plan({ fromServerId: from.id, toServerIds: [from.id] })).rejects.toMatchObject(refused);
  await expect(plan({ fromServerId: from.id, toServerIds: [uuidv7()] })).rejects.toMatchObject(refused);
  await vpn.open(false, others[0]!);
  await expect(plan({ fromServerId: from.id, toServerIds: [others[0]!.id] })).rejects.toMatchObject(refused);
  await expect(plan({ fromServerId: uuidv7() })).rejects.toMatchObject(refusal(404, 'server_not_found'));
});

it('a server that dies in the middle of a planned migration is left by everybody', async () => {
  const { from, states, others } = await installation(10, 1);
  const { id } = await plan({ fromServerId: from.id, people: 3 });
  await become(id, 'running');
  from.panel.power = 'dead';
  while ((await vpn.read(from.id)).health.state === 'up') await vpn.probe();
  await until(() => movesOf(from).length === 10, { what: 'all to be moved' });
  expect((await read(id)).state).toBe('done');
  for (const state of states) expect((await vpn.mine(state)).servers).toMatchObject([{ serverId: others[0]!.id }]);
});
