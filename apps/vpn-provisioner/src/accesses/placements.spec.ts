import { FakeClock, until } from '@switchboard/testing';
import { type AServer, TestVpn } from '../../test/build';

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
