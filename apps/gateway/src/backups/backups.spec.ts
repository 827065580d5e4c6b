import { ListBackups, ReadBackup, StartBackup, TryBackup } from '@switchboard/contracts';
import { BackupStore, backupPlace, createStorage, KeyRing, Schedules } from '@switchboard/service-kit';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { gatewayApp } from '../gateway.app';

const DAY_MS = 86_400_000;
const BACKUP_KEY = `backups:${randomBytes(32).toString('base64')}`;

describe('backups of the installation', () => {
  let app: TestApp;
  let folder: string;
  const storeAt = (name: string) =>
    new BackupStore(createStorage({ kind: 'disk', folder: join(folder, name) }), new KeyRing(BACKUP_KEY));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'switchboard-backups-'));
    app = await startApp(gatewayApp, {
      env: { BACKUP_KEY, BACKUP_FOLDER: join(folder, 'main'), GATEWAY_OFF_SITE_FOLDER: join(folder, 'elsewhere') },
    });
  });
  afterEach(async () => {
    await app.stop();
    await rm(folder, { recursive: true });
  });

  const list = async () => app.gateway.call(ListBackups, { query: { limit: 50 } });
  const key = () => ({ idempotencyKey: uuidv7() });
  type Listed = Awaited<ReturnType<typeof list>>['data'];
  const untilThey = (are: (data: Listed) => boolean) =>
    until(
      async () => {
        const { data } = await list();
        return are(data) && (data as [Listed[number], ...Listed]);
      },
      { what: 'the backups', timeoutMs: 60_000 },
    );
  const atRest = () =>
    untilThey((data) => data.every(({ state, lastTrial }) => state !== 'running' && lastTrial?.state !== 'running'));
  /** Has the next slot of a schedule run. */
  const run = async (job: string) => {
    expect(await app.service.nest.get(Schedules).runSlot(job, app.clock.now())).toBe(true);
    const done = `SELECT FROM schedules WHERE job = '${job}' AND last_success_slot = last_slot`;
    await until(async () => (await app.service.db.query<unknown[]>(done)).length === 1, { what: `the end of ${job}` });
  };
  const nightly = async () => {
    await run('back-up-installation');
    const [latest] = await untilThey(([latest]) => latest?.state === 'done' && latest.offSiteAt !== null);
    return latest;
  };
  const metric = async (name: string) => {
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    const [, value] = new RegExp(`^${name}\\{[^}]*\\} (\\S+)`, 'm').exec(metrics) ?? [];
    return value === undefined ? undefined : Number(value);
  };
  const placesIn = async (name: string) => {
    const places: string[] = [];
    for await (const place of storeAt(name).storage.list('')) places.push(place);
    return places.sort();
  };

  it('are written each night and copied elsewhere; keys go after 7 days and rows after 35, in both places', async () => {
    const first = await nightly();
    expect(await placesIn('elsewhere')).toEqual(await placesIn('main'));
    expect(await placesIn('main')).toEqual(
      expect.arrayContaining([
        backupPlace.manifest(first.id),
        backupPlace.files(first.id, 'gateway'),
        backupPlace.table(first.id, 'gateway', 'roles'),
      ]),
    );
    app.clock.advance(DAY_MS);
    const second = await nightly();
    expect(second.id > first.id).toBe(true);

    const of = async (id: string) => {
      const kept = async (name: string) => {
        const places = await placesIn(name);
        return [backupPlace.ofData(id), backupPlace.ofKeys(id)].map((prefix) =>
          places.some((place) => place.startsWith(prefix)),
        );
      };
      const [main, elsewhere] = [await kept('main'), await kept('elsewhere')];
      expect(elsewhere).toEqual(main);
      return main;
    };
    app.clock.advance(6 * DAY_MS - 1000);
    await run('forget-backups');
    expect(await of(first.id)).toEqual([true, true]);
    app.clock.advance(2000);
    await run('forget-backups');
    expect([await of(first.id), await of(second.id)]).toEqual([
      [true, false],
      [true, true],
    ]);
    app.clock.advance(28 * DAY_MS);
    await run('forget-backups');
    // Of the latest everything stays, however old it is: there is nothing else.
    expect([await of(first.id), await of(second.id)]).toEqual([
      [false, false],
      [true, true],
    ]);
    const { data } = await list();
    expect(data.map(({ id, state }) => [id, state])).toEqual([
      [second.id, 'done'],
      [first.id, 'expired'],
    ]);
  });

  it('begin from the console as well, one at a time, and once however often they are asked for', async () => {
    const idempotencyKey = uuidv7();
    const begun = await app.gateway.call(StartBackup, { idempotencyKey });
    expect(begun).toMatchObject({ state: 'running', cause: 'staff', by: 'staff:root' });
    expect(await app.gateway.call(StartBackup, { idempotencyKey })).toEqual(begun);
    const running = { status: 409, problem: { code: 'gateway.backup_running' } };
    await expect(app.gateway.call(StartBackup, key())).rejects.toMatchObject(running);
    const params = { backupId: begun.id };
    await expect(app.gateway.call(TryBackup, { params, ...key() })).rejects.toMatchObject({
      problem: { code: 'gateway.backup_not_complete' },
    });
    await atRest();
    const backup = await app.gateway.call(ReadBackup, { params });
    expect(backup).toMatchObject({ state: 'done', services: 1, error: null, trials: [] });
    const [part] = backup.parts;
    expect(part).toMatchObject({ service: 'gateway', state: 'done', sharesMoment: true });
    const rows = [...part!.tables, ...part!.keyTables].reduce((sum, table) => sum + table.rows, 0);
    expect(backup.rows).toBe(rows);
    const { lastGoodAt, encrypted, offSite } = await list();
    expect({ lastGoodAt, encrypted, offSite }).toEqual({ lastGoodAt: begun.startedAt, encrypted: true, offSite: true });
  });

  it('are restored on trial each week, and say which table is damaged', async () => {
    const backup = await nightly();
    await run('try-latest-backup');
    const [tried] = await atRest();
    expect(tried.lastTrial).toMatchObject({ state: 'passed', differing: [], error: null, rows: tried.rows });
    expect((await list()).lastTrialAt).toEqual(app.clock.now());
    expect((await placesIn('main')).filter((place) => place.startsWith('trials/'))).toEqual([]);

    const main = join(folder, 'main');
    const place = backupPlace.table(backup.id, 'gateway', 'roles');
    for (const sub of await readdir(main))
      for (const name of sub === 'partial' ? [] : await readdir(join(main, sub))) {
        const file = join(main, sub, name);
        const bytes = await readFile(file);
        if (!bytes.subarray(0, 200).toString().includes(`"${place}"`)) continue;
        await writeFile(file, bytes.subarray(0, bytes.length - 20));
      }
    app.clock.advance(7 * DAY_MS);
    await run('try-latest-backup');
    const [failed] = await atRest();
    expect(failed.lastTrial).toMatchObject({ state: 'failed', error: expect.stringContaining(place) as string });
    expect(await metric('backup_trial_age_seconds')).toBe((7 * DAY_MS) / 1000);
  });

  it('are missed: the age of the latest one grows, and from the first start on where there is none', async () => {
    const before = await metric('backup_age_seconds');
    expect(before).toBeLessThan(60);
    app.clock.advance(DAY_MS);
    expect(await metric('backup_age_seconds')).toBeGreaterThan(86_000);
    await nightly();
    expect(await metric('backup_age_seconds')).toBe(0);
    expect(await metric('backup_bytes')).toBeGreaterThan(1000);
    app.clock.advance(27 * 3_600_000);
    expect(await metric('backup_age_seconds')).toBe(27 * 3600);
    expect(await metric('backup_off_site_age_seconds')).toBe(27 * 3600);
  });

  it('fail when a part fails: then there is no manifest, and a day later nothing of it', async () => {
    await app.service.db.query('CREATE TABLE unreadable (id int)');
    await app.service.db.query('INSERT INTO unreadable VALUES (1)');
    await app.service.db.query('REVOKE SELECT ON unreadable FROM current_user');
    const { id } = await app.gateway.call(StartBackup, key());
    const [failed] = await atRest();
    expect(failed).toMatchObject({ state: 'failed', error: expect.stringMatching(/^gateway: .*unreadable/) as string });
    expect(await placesIn('main')).not.toContain(backupPlace.manifest(id));
    app.clock.advance(DAY_MS + 1000);
    await run('forget-backups');
    expect(await placesIn('main')).toEqual([]);
  });

  it('are none without a key, and nobody is told otherwise', async () => {
    const without = await startApp(gatewayApp, { env: { BACKUP_FOLDER: join(folder, 'main') } });
    await expect(without.gateway.call(StartBackup, key())).rejects.toMatchObject({
      status: 409,
      problem: { code: 'gateway.backup_key_missing' },
    });
    expect(await without.gateway.call(ListBackups, { query: { limit: 50 } })).toMatchObject({
      encrypted: false,
      data: [],
    });
    await without.stop();
  });
});
