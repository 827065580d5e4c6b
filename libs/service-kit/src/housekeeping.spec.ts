import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, startApp, type TestApp, until } from '@switchboard/testing';
import { shopApp } from '../test/shop.app';
import { MEDIA_STORAGE } from './media';
import { Schedules } from './schedules';
import type { MediaStorage } from './storage/media-storage';

const DAY_MS = 86_400_000;

describe('the housekeeping of every service', () => {
  let app: TestApp;
  const query = <Row>(sql: string, values?: unknown[]) => app.service.db.query(sql, values) as Promise<Row[]>;
  let day = 0;
  /** Has the next slot of a job run, a day after the last one. */
  const run = async (job: string) => {
    const slot = new Date(Date.now() + ++day * DAY_MS);
    expect(await app.service.nest.get(Schedules).runSlot(job, slot)).toBe(true);
    const done = `SELECT FROM schedules WHERE job = '${job}' AND last_success_slot = last_slot`;
    await until(async () => (await query(done)).length === 1, { what: `the end of ${job}` });
  };

  beforeAll(async () => {
    app = await startApp(shopApp, { clock: new FakeClock(new Date('2026-03-28T23:59:00Z')) });
  });
  afterAll(() => app.stop());

  it('makes and drops partitions of the inbox as midnights pass', async () => {
    const partitions = async () => {
      const rows = await query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'inbox'::regclass ORDER BY 1`,
      );
      return [rows.length, rows[0]!.name, rows.at(-1)!.name];
    };
    expect(await partitions()).toEqual([12, 'inbox_20260321', 'inbox_20260401']);
    app.clock.advance(2 * 60_000);
    await run('keep-inbox-partitions');
    expect(await partitions()).toEqual([12, 'inbox_20260322', 'inbox_20260402']);
    app.clock.advance(DAY_MS);
    await run('keep-inbox-partitions');
    expect(await partitions()).toEqual([12, 'inbox_20260323', 'inbox_20260403']);
  });

  it('forgets jobs that were given up a month ago, and no others', async () => {
    const old = [
      ['given-up-long-ago', 31, 10],
      ['given-up', 29, 10],
      ['tried-long-ago', 31, 9],
    ];
    for (const [job, days, attempts] of old) {
      const [added] = await query<{ id: string }>('SELECT id FROM shop_jobs.add_job($1, max_attempts => 10)', [job]);
      const sql = `UPDATE shop_jobs._private_jobs SET attempts = $2, run_at = now() - make_interval(days => $3) WHERE id = $1`;
      await query(sql, [added!.id, attempts, days]);
    }
    for (let times = 0; times < 2; times++) await run('forget-given-up-jobs');
    const kept = await query(`SELECT task_identifier AS job FROM shop_jobs.jobs WHERE attempts > 1 ORDER BY id`);
    expect(kept).toEqual([{ job: 'given-up' }, { job: 'tried-long-ago' }]);
  });

  it('removes what killed processes have left half written, also of a process that has been running for long', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-partial-'));
    const running = await startApp(shopApp, { env: { MEDIA_FOLDER: folder } });
    const partial = join(folder, 'shop', 'partial');
    await running.service.nest
      .get<MediaStorage>(MEDIA_STORAGE)
      .put('a', Buffer.from('a'), { contentType: 'text/plain' });
    await writeFile(join(partial, 'half'), 'what somebody said');
    // By the clock of the disk, which need not be that of the process.
    const longAgo = new Date((await stat(join(partial, 'half'))).mtimeMs - 40 * DAY_MS);
    await utimes(join(partial, 'half'), longAgo, longAgo);
    await running.service.nest.get(Schedules).runSlot('remove-partial-files', new Date());
    await until(async () => (await readdir(partial)).length === 0, { what: 'the file to be removed' });
    await running.stop();
    await rm(folder, { recursive: true });
  });

  it('forgets answers of repeated requests after a day', async () => {
    const hoursAgo = (hours: number) => new Date(app.clock.now().getTime() - hours * 3_600_000);
    for (const hours of [25, 23])
      await query(
        `INSERT INTO idempotency_keys (principal, route, key, request_hash, answer, created_at) VALUES ('person:anna', 'shop', $1, '', '', $2)`,
        [`of ${hours} hours ago`, hoursAgo(hours)],
      );
    await run('forget-idempotency-keys');
    expect(await query('SELECT key FROM idempotency_keys')).toEqual([{ key: 'of 23 hours ago' }]);
  });

  it('forgets dead letters, also discarded ones, after two months, and none that is tried still', async () => {
    const old = [
      ['dead', 61],
      ['dead', 59],
      ['discarded', 61],
      ['retrying', 61],
    ];
    for (const [state, days] of old)
      await query(
        `INSERT INTO parked_events (consumer, event_id, type, subject, envelope, state, attempts, error, reason, parked_at, due_at)
         VALUES ('nobody', gen_random_uuid(), $1, 's', '{}', $2, 5, 'Error', 'exhausted', now() - make_interval(days => $3), now() + interval '1 hour')`,
        [`shop.${state}-${days}.v1`, state, days],
      );
    await run('forget-dead-letters');
    const kept = await query<{ type: string }>(`SELECT type FROM parked_events WHERE consumer = 'nobody' ORDER BY id`);
    expect(kept.map(({ type }) => type)).toEqual(['shop.dead-59.v1', 'shop.retrying-61.v1']);
  });
});
