import {
  AccessGranted,
  AccessMoved,
  ChangeMigration,
  PlanMigration,
  SubscriptionActivated,
} from '@switchboard/contracts';
import { FakeClock, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { TestVpn } from './build';

it('what a process has begun when it ends is ended by the next, once', async () => {
  const clock = new FakeClock();
  const first = await TestVpn.start({ clock });
  const from = await first.server();
  const people = await first.buyMany(15);
  await first.settled();
  const to = await first.server({ region: 'nl', parallelCalls: 2 });
  to.panel.delayMs = 50;
  const body = { fromServerId: from.id, toServerIds: [to.id] };
  const { id, revision } = await first.app.gateway.call(PlanMigration, { body, idempotencyKey: uuidv7() });
  const running = { params: { migrationId: id }, body: { state: 'running' as const }, ifMatch: `"${revision}"` };
  await first.app.gateway.call(ChangeMigration, running);
  const late = first.subscription({ region: 'nl' });
  await first.app.probe.say(SubscriptionActivated(late));
  await until(() => to.panel.users.size >= 3, { what: 'some to be moved' });
  await first.app.stop({ keepDatabase: true });
  expect(to.panel.users.size).toBeLessThan(16);

  const { database, keys } = first.app;
  const second = await TestVpn.start({ clock, database, keys });
  await second.tick('tend-migrations');
  await second.passing(() => to.panel.active.length === 16 && from.panel.active.length === 0, 'all to be moved');
  const said = [first, second].map(({ app }) => app.probe);
  expect(said.flatMap((probe) => probe.all(AccessMoved))).toHaveLength(15);
  expect(said.flatMap((probe) => probe.all(AccessGranted))).toHaveLength(16);
  for (const state of [...people, late])
    expect((await second.mine(state)).servers).toMatchObject([{ serverId: to.id }]);
  await second.app.stop();
});

it('all periodic work is seen to run twice with the clock moved on, and nothing is lost by it', async () => {
  const vpn = await TestVpn.start();
  const { panel } = await vpn.server();
  const state = await vpn.buy({
    servedUntil: new Date(vpn.app.clock.now().getTime() + 40 * 86_400_000).toISOString(),
  });
  const jobs = [
    ...['tend-accesses', 'tend-migrations', 'go-on-returning', 'check-all-drift'],
    ...['forget-old-accesses', 'forget-health-samples'],
  ];
  for (let round = 0; round < 2; round++) {
    vpn.app.clock.advance(15 * 86_400_000);
    for (const job of jobs) await vpn.tick(job);
    await vpn.probe();
    await vpn.settled();
    expect(panel.active).toHaveLength(1);
    expect((await vpn.mine(state)).state).toBe('ready');
  }
  // A year and more after its end nothing is left of it.
  vpn.app.clock.advance(60 * 86_400_000);
  await vpn.tick('tend-accesses');
  await until(() => panel.active.length === 0, { what: 'the end' });
  vpn.app.clock.advance(410 * 86_400_000);
  await vpn.tick('tend-accesses');
  await until(() => panel.users.size === 0, { what: 'the panel to forget' });
  await vpn.settled();
  await vpn.tick('forget-old-accesses');
  expect(await vpn.db.query('SELECT FROM accesses')).toEqual([]);
  await vpn.app.stop();
});
