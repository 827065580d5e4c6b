import { SubscriptionActivated } from '@switchboard/contracts';
import { FakeClock, until } from '@switchboard/testing';
import { type AServer, TestVpn } from '../../test/build';
import { Rows } from '../../test/rows';

it('however many come at once, in however many processes, no server gets more people than it may have, and all are spread fairly', async () => {
  const clock = new FakeClock();
  const vpn = await TestVpn.start({ clock, env: { DATABASE_POOL: '8' } });
  const { database, keys } = vpn.app;
  const second = await TestVpn.start({ clock, database, keys });
  const shape = [
    ...[
      { region: 'de', capacity: 20 },
      { region: 'de', capacity: 10 },
      { region: 'nl', capacity: 10, weight: 2 },
    ],
    ...[
      { region: 'nl', capacity: 10 },
      { region: 'us', capacity: 15 },
      { region: 'us', capacity: 5 },
    ],
  ];
  const servers: AServer[] = [];
  for (const one of shape) servers.push(await vpn.server({ ...one, parallelCalls: 3 }));
  for (const { panel } of servers) panel.delayMs = 5;
  const people = async () => Promise.all(servers.map(async ({ id }) => (await vpn.read(id)).people));
  // As many want to be in each of three regions.
  await vpn.buyMany(45, (i) => ({ region: ['de', 'nl', 'us'][i % 3]! }));
  await vpn.settled();
  const fair = [10, 5, 10, 5, 11.25, 3.75];
  (await people()).forEach((n, i) => expect(Math.abs(n - fair[i]!)).toBeLessThanOrEqual(1));
  // There is room for 25 more.
  await vpn.buyMany(35, (i) => ({ region: ['de', 'nl', 'us'][i % 3]! }));
  await until(async () => (await people()).reduce((a, b) => a + b) === 70, { what: 'all places to be taken' });
  await vpn.tick('tend-accesses');
  expect(await people()).toEqual(shape.map(({ capacity }) => capacity));
  expect(servers.map(({ panel }) => panel.users.size)).toEqual(shape.map(({ capacity }) => capacity));
  for (const { panel } of servers) expect(panel.mostAtOnce).toBeLessThanOrEqual(3);
  await vpn.db.query('UPDATE servers SET capacity = 30 WHERE id = $1', [servers[0]!.id]);
  await vpn.tick('tend-accesses');
  await vpn.settled();
  expect(await people()).toEqual([30, 10, 10, 10, 15, 5]);
  await second.app.stop({ keepDatabase: true });
  await vpn.app.stop();
});

it('as many as find no room keep nobody from theirs, and no server counts more than it has', async () => {
  const vpn = await TestVpn.start();
  const [full, other] = [await vpn.server({ capacity: 1 }), await vpn.server()];
  await vpn.open(false, other);
  await vpn.buy();
  await vpn.buyMany(4);
  // More than are tried at once have waited for longer.
  const rows = new Rows(vpn.app);
  for (let i = 0; i < 3; i++) await rows.access([], { owedSince: new Date(0), toldVersion: 0, serverCount: 1 });
  await vpn.db.query(
    `INSERT INTO accesses (id, subscription_id, user_id, bot_id, revision, status, period_start, valid_until, served_until, server_count,
       used_bytes, panel_user, credentials, enabled, version, told_version, delayed_version, link_version, created_at, owed_since)
     SELECT gen_random_uuid(), gen_random_uuid(), user_id, bot_id, 1, 'active', now(), valid_until, served_until, 0,
       0, 'user-' || i, credentials, true, 1, 0, 1, 1, now(), '2000-01-01' FROM (SELECT * FROM accesses LIMIT 1) a, generate_series(1, 1000) AS i`,
  );
  const waiting = vpn.subscription();
  await vpn.app.probe.say(SubscriptionActivated(waiting));
  const isTried = `SELECT FROM accesses WHERE subscription_id = $1 AND tried_at IS NOT NULL`;
  await vpn.tick('tend-accesses');
  await vpn.tick('tend-accesses');
  expect(await vpn.db.query(isTried, [waiting.subscriptionId])).toHaveLength(1);
  await vpn.db.query(`DELETE FROM accesses WHERE server_count = 0`);
  await vpn.open(true, other);
  await vpn.tick('tend-accesses');
  await vpn.settled();
  const [counted] = await vpn.db.query<[{ wrong: number }]>(
    `SELECT count(*)::int AS wrong FROM server_people p
     WHERE people <> (SELECT count(*) FROM access_keys k WHERE k.server_id = p.server_id AND k.occupies)`,
  );
  expect(counted.wrong).toBe(0);
  expect((await vpn.read(full.id)).people).toBe(1);
  expect((await vpn.read(other.id)).people).toBe(8);
  await vpn.app.stop();
});
