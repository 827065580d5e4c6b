import {
  MaintenanceChanged,
  ReadMaintenance,
  ServerDown,
  ServerUp,
  SetMaintenance,
  ListHealthSamples,
} from '@switchboard/contracts';
import { FakeClock, until } from '@switchboard/testing';
import { DAY_MS, TestVpn } from '../../test/build';
import { type Health, observed } from './server-health.states';

describe('what is believed of a server', () => {
  const after = (probes: string, from: Health = { state: 'up', against: 0, falls: 1 }) =>
    [...probes].reduce((health, probe) => observed(health, probe === '+'), from);

  it.each<[probes: string, state: string]>([
    ['--', 'up'],
    ['---', 'down'],
    ['--+--', 'up'],
    ['-+-+-+-+-+', 'up'],
    ['---+++++', 'down'],
    ['---+++++-+++++', 'down'],
  ])('after %s is that it is %s', (probes, state) => {
    expect(after(probes).state).toBe(state);
  });

  it('changes with more good probes the more often it fell, ten minutes at most', () => {
    const good = (n: number) => '+'.repeat(n);
    const down = (falls: number): Health => ({ state: 'down', against: 0, falls });
    expect(after(good(5), down(1)).state).toBe('down');
    expect(after(good(6), down(1)).state).toBe('up');
    expect(after(good(17), down(3)).state).toBe('down');
    expect(after(good(18), down(3)).state).toBe('up');
    expect(after(good(60), down(100)).state).toBe('up');
    expect(after('+', down(0)).state).toBe('up');
  });
});

describe('servers', () => {
  let vpn: TestVpn;
  beforeAll(async () => {
    vpn = await TestVpn.start();
  });
  afterAll(() => vpn.app.stop());
  afterEach(() => vpn.db.query(`UPDATE servers SET state = 'retired'`));

  const downOf = (id: string) => vpn.app.probe.all(ServerDown).filter(({ data }) => data.serverId === id);

  it('that die are known to be down within a minute, told of once, and are up again only after a minute that was good', async () => {
    const server = await vpn.server();
    server.panel.power = 'dead';
    const begun = vpn.app.clock.now().getTime();
    while ((await vpn.read(server.id)).health.state === 'up') await vpn.probe();
    expect(vpn.app.clock.now().getTime() - begun).toBeLessThanOrEqual(60_000);
    await vpn.app.probe.until(ServerDown, ({ data }) => data.serverId === server.id);
    expect((await vpn.read(server.id)).health.error).toBe('unreachable');
    server.panel.power = 'up';
    for (let i = 0; i < 5; i++) await vpn.probe();
    expect((await vpn.read(server.id)).health.state).toBe('down');
    await vpn.untilUp(server.id);
    const up = await vpn.app.probe.until(ServerUp, ({ data }) => data.serverId === server.id);
    expect(up.data.downSeconds).toBeGreaterThanOrEqual(60);
    expect(downOf(server.id)).toHaveLength(1);
    const { data } = await vpn.app.gateway.call(ListHealthSamples, {
      params: { serverId: server.id },
      query: { hours: 24 },
    });
    expect(data.reduce((sum, { failures }) => sum + failures, 0)).toBe(3);
  });

  it('that hang count as dead, and keep nobody from asking the others', async () => {
    const [hanging, other] = [await vpn.server(), await vpn.server()];
    hanging.panel.onCall = () => new Promise(() => undefined);
    await vpn.probe();
    expect((await vpn.read(hanging.id)).health).toMatchObject({ error: 'timed_out' });
    const { probedAt, error } = (await vpn.read(other.id)).health;
    expect([probedAt, error]).toEqual([vpn.app.clock.now(), null]);
    hanging.panel.onCall = () => undefined;
  });

  it('that are all gone bring maintenance within a minute, and it ends by itself when one is back', async () => {
    const server = await vpn.server();
    const changes = () => vpn.app.probe.all(MaintenanceChanged).map(({ data }) => [data.on, data.automatic]);
    const before = changes().length;
    server.panel.power = 'dead';
    for (let i = 0; i < 3; i++) await vpn.probe();
    expect(await vpn.app.gateway.call(ReadMaintenance, {})).toMatchObject({
      on: true,
      automatic: true,
      byStaff: false,
    });
    server.panel.power = 'up';
    await vpn.untilUp(server.id);
    await until(() => changes().length === before + 2, { what: 'both to be said' });
    expect(changes().slice(before)).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  it('are in maintenance as long as staff say so, whatever they are', async () => {
    await vpn.server();
    const { revision } = await vpn.app.gateway.call(ReadMaintenance, {});
    const set = (on: boolean, ifMatch: string) => vpn.app.gateway.call(SetMaintenance, { body: { on }, ifMatch });
    const on = await set(true, `"${revision}"`);
    expect(on).toMatchObject({ on: true, byStaff: true });
    await expect(set(false, `"${revision}"`)).rejects.toMatchObject({ status: 412 });
    await vpn.probe();
    await vpn.tick('go-on-returning');
    expect(await vpn.app.gateway.call(ReadMaintenance, {})).toMatchObject({ on: true });
    expect(await set(false, `"${on.revision}"`)).toMatchObject({ on: false });
  });

  it('are not known any more minute by minute after a week', async () => {
    const server = await vpn.server();
    await vpn.db.query(`INSERT INTO health_samples (server_id, at, probes, failures) VALUES ($1, $2, 1, 0)`, [
      server.id,
      new Date(vpn.app.clock.now().getTime() - 8 * DAY_MS),
    ]);
    await vpn.tick('forget-health-samples');
    const [{ n }] = await vpn.db.query<[{ n: number }]>('SELECT count(*)::int AS n FROM health_samples WHERE at < $1', [
      new Date(vpn.app.clock.now().getTime() - 7 * DAY_MS),
    ]);
    expect(n).toBe(0);
  });
});

it('of several processes one asks a server in each ten seconds, and goes on when others end', async () => {
  const clock = new FakeClock();
  const first = await TestVpn.start({ clock });
  const { database, keys } = first.app;
  const second = await TestVpn.start({ clock, database, keys });
  const server = await first.server();
  const asked = () => server.panel.calls.filter(({ operation }) => operation === 'health').length;
  for (let slot = 0; slot < 3; slot++) {
    const before = asked();
    clock.advance(11_000);
    await Promise.all([
      first.health.probeDue(),
      second.health.probeDue(),
      first.health.probeDue(),
      second.health.probeDue(),
    ]);
    // One of them, or the loop of either process, which had its eye on the clock as well.
    expect(asked() - before).toBe(1);
  }
  await first.app.stop({ keepDatabase: true });
  const before = asked();
  clock.advance(11_000);
  await until(() => asked() > before, { what: 'the other process to ask by itself' });
  await second.app.stop();
});
