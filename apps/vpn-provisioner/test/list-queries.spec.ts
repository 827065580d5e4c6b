import {
  ListCapacityProposals,
  ListDriftReports,
  ListHealthSamples,
  ListMigrations,
  ListMyUsage,
  ListPersonAccesses,
  ListServers,
  ListUsageAnomalies,
} from '@switchboard/contracts';
import { rowsRead } from '@switchboard/testing';
import { AccessQueue } from '../src/accesses/access-queue';
import { AccessesJobs } from '../src/accesses/accesses.jobs';
import { BOT, TestVpn } from './build';

/** So many there are of everything. A page has fifty rows. */
const ROWS = 20_000;
/** More than some pages, and than a week of minutes of one server is shown: what reads this much reads a table. */
const READ_AT_MOST = 2000;

let vpn: TestVpn;
const ids = { person: '', server: '', access: '' };

/** A hundredth is of the server and of the bot that are looked for, and the state that is looked for is rare. */
beforeAll(async () => {
  vpn = await TestVpn.start();
  const { db } = vpn;
  const [first, second] = [await vpn.newServer(), await vpn.newServer()];
  ids.server = first.id;
  const every = (n: number, is: string, otherwise: string) =>
    `CASE WHEN i % ${n} = 0 THEN '${is}' ELSE '${otherwise}' END`;
  const series = `generate_series(1, ${ROWS}) AS i`;
  const id = (kind: string, i = 'i') =>
    `overlay(overlay(md5('${kind}' || ${i}) placing '4' from 13) placing '8' from 17)::uuid`;
  const server = `(${every(100, first.id, second.id)})::uuid`;
  const bot = every(100, BOT, 'other');
  const person = id('person', 'i % 5000');
  const at = `now() - i * interval '1 minute'`;
  const tables: Record<string, string> = {
    accesses: `INSERT INTO accesses (id, subscription_id, user_id, bot_id, revision, status, period_start, valid_until, served_until, server_count,
        used_bytes, panel_user, credentials, enabled, version, told_version, delayed_version, link_version, created_at)
      SELECT ${id('access')}, ${id('subscription')}, ${person}, ${bot}, 1, 'active', now(), now(), now(), 1,
        0, 'user-' || i, 'none', false, 1, 1, 0, 1, now() FROM ${series}`,
    access_keys: `INSERT INTO access_keys (id, access_id, server_id, user_id, state, occupies, applied_version, panel_used_bytes, asked, priority,
        attempts, created_at)
      SELECT ${id('key')}, ${id('access')}, ${server}, ${person}, 'serving', true, 1, 0, 0, 0, 0, now() FROM ${series}`,
    usage_anomalies: `INSERT INTO usage_anomalies (id, access_id, user_id, bot_id, kind, day, value, usual, detected_at)
      SELECT ${id('anomaly')}, ${id('access')}, ${person}, ${bot}, ${every(4000, 'fair_use', 'many_networks')}, current_date, 2, 1, ${at} FROM ${series}`,
    health_samples: `INSERT INTO health_samples (server_id, at, probes, failures)
      SELECT ${server}, ${at}, 1, 0 FROM ${series}`,
    server_migrations: `INSERT INTO server_migrations (id, kind, from_server_id, state, created_by, total, created_at, ended_at, revision)
      SELECT ${id('migration')}, 'planned', ${server}, ${every(4000, 'rolled-back', 'done')}, 'staff:anna', 1, ${at}, now(), 1 FROM ${series}`,
    access_moves: `INSERT INTO access_moves (id, access_id, user_id, migration_id, from_server_id, to_server_id, state, reason, created_at, ended_at)
      SELECT ${id('move')}, ${id('access')}, ${person}, ${id('migration')}, ${server}, ${server}, 'done', 'planned', now(), now() FROM ${series}`,
    drift_reports: `INSERT INTO drift_reports (id, server_id, at, seen, repaired, orphans, strangers)
      SELECT ${id('report')}, ${server}, ${at}, 1, 0, 0, 0 FROM ${series}`,
    capacity_proposals: `INSERT INTO capacity_proposals (id, region, kind, expected_percent, monthly_cost_minor, currency, state, made_at)
      SELECT ${id('proposal')}, ${every(4000, 'de-rare', 'de')}, 'add', 97, 500, 'EUR', ${every(4000, 'accepted', 'dismissed')}, ${at} FROM ${series}`,
    // Of the latest hours, and all of one month.
    traffic_hours: `INSERT INTO traffic_hours (access_id, hour, user_id, bot_id, bytes, told)
      SELECT ${id('access')}, date_trunc('hour', now()) - h * interval '1 hour', ${person}, ${bot}, 5, true
      FROM ${series}, generate_series(1, 3) AS h WHERE i % 5 = 0`,
  };
  for (const [table, sql] of Object.entries(tables)) {
    await db.query(sql);
    await db.query(`ANALYZE ${table}`);
  }
  const [known] = await db.query<[{ person: string; access: string }]>(
    `SELECT ${id('person', '4000')} AS person, ${id('access', '4000')} AS access`,
  );
  Object.assign(ids, known);
}, 120_000);
afterAll(() => vpn.app.stop());

type Queries = readonly Readonly<Record<string, unknown>>[];

it.each<[string, Parameters<typeof vpn.app.gateway.call>[0], () => Queries]>([
  ['what a person is owed', ListPersonAccesses, () => [{ userId: ids.person }]],
  [
    'unusual use',
    ListUsageAnomalies,
    () => [
      { limit: 50 },
      { limit: 50, botId: BOT },
      { limit: 50, kind: 'fair_use' },
      { limit: 50, botId: BOT, kind: 'fair_use' },
      { limit: 50, userId: ids.person },
    ],
  ],
  [
    'migrations',
    ListMigrations,
    () => [
      { limit: 50 },
      { limit: 50, serverId: ids.server },
      { limit: 50, state: 'rolled-back' },
      { limit: 50, serverId: ids.server, state: 'rolled-back' },
    ],
  ],
  ['minutes of a server', ListHealthSamples, () => [{ hours: 24 }]],
  ['what a panel was found to hold', ListDriftReports, () => [{}]],
  ['servers', ListServers, () => [{}, { region: 'de' }, { state: 'in-service' }]],
  [
    'what the forecast proposes',
    ListCapacityProposals,
    () => [
      { limit: 50 },
      { limit: 50, state: 'accepted' },
      { limit: 50, region: 'de-rare' },
      { limit: 50, state: 'accepted', region: 'de-rare' },
    ],
  ],
  ['what somebody used', ListMyUsage, () => [{ days: 92 }]],
])('a page of %s reads little more than it shows, whatever is looked for', async (_what, route, queries) => {
  for (const query of queries()) {
    const params = { serverId: ids.server, accessId: ids.access };
    const as = route === ListMyUsage ? { actor: vpn.person(ids.person) } : {};
    const read = await rowsRead(vpn.app, () => vpn.app.gateway.call(route, { query, params } as never, as));
    expect({ query, read: read.filter(({ rows }) => rows > READ_AT_MOST) }).toEqual({ query, read: [] });
    expect(read.length).toBeGreaterThan(0);
  }
});

it('looking after all accesses reads little more than is done at once, however many find no room', async () => {
  await vpn.db.query(`UPDATE accesses SET enabled = true, served_until = now() + interval '30 days', owed_since = now(),
    server_count = CASE WHEN bot_id = '${BOT}' THEN 2 ELSE 1 END`);
  await vpn.db.query('VACUUM ANALYZE accesses');
  const queue = jest.spyOn(vpn.app.service.nest.get(AccessQueue, { strict: false }), 'settle').mockResolvedValue();
  const read = await rowsRead(vpn.app, () => vpn.app.service.nest.get(AccessesJobs, { strict: false }).tend());
  expect(queue.mock.calls.length).toBeGreaterThanOrEqual(1000);
  expect(read.length).toBeGreaterThan(2);
  expect(read.filter(({ rows }) => rows > READ_AT_MOST)).toEqual([]);
});
