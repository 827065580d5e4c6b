import { setTimeout as sleep } from 'node:timers/promises';
import { LockSession } from '@switchboard/bus';
import { startApp, type TestApp, until } from '@switchboard/testing';
import { Ship, shipping, shopApp } from '../test/shop.app';
import { QUEUES } from './job-queues';
import { type JobOptions, Jobs } from './jobs';

describe('jobs', () => {
  let app: TestApp;
  const query = <Row>(sql: string, values?: unknown[]) => app.service.db.query(sql, values) as Promise<Row[]>;
  const ship = (item: string, options?: JobOptions) =>
    app.service.db.transaction((tx) => app.service.nest.get(Jobs).add(tx, Ship, { item }, options));
  const jobs = (what: string) => query<Record<string, unknown>>(`SELECT ${what} FROM shop_jobs.jobs ORDER BY id`);

  beforeEach(async () => {
    app = await startApp(shopApp);
  });
  afterEach(async () => {
    jest.useRealTimers();
    shipping.work = () => Promise.resolve();
    await app.stop();
  });

  it('of one queue run one after the other, in their order, while other queues go on', async () => {
    const log: string[] = [];
    const parcel = Promise.withResolvers<void>();
    shipping.work = async (item) => {
      log.push(`begin ${item}`);
      if (item === 'parcel') await parcel.promise;
      log.push(`end ${item}`);
    };
    await ship('parcel', { queue: 'van:1' });
    await ship('letter', { queue: 'van:1' });
    await ship('bicycle', { queue: 'van:2' });
    await until(() => log.includes('end bicycle'), { what: 'the other queue' });
    expect(log).toEqual(['begin parcel', 'begin bicycle', 'end bicycle']);
    parcel.resolve();
    await until(() => log.length === 6, { what: 'the rest of the first queue' });
    expect(log.slice(3)).toEqual(['end parcel', 'begin letter', 'end letter']);
  });

  it('of one queue follow each other at once, and not by the next look for jobs', async () => {
    const times: number[] = [];
    shipping.work = async () => {
      times.push(performance.now());
      await sleep(30);
    };
    await Promise.all(Array.from({ length: 9 }, (_, n) => ship(`${n}`, { queue: 'van:1' })));
    await until(() => times.length === 9, { what: 'all of them' });
    expect(times.at(-1)! - times[0]!).toBeLessThan(3000);
  });

  it('of one queue do so also where the database is slow to write that one has ended', async () => {
    await query(
      `CREATE FUNCTION shop_jobs.slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.04); RETURN NEW; END $$`,
    );
    await query(
      `CREATE TRIGGER slowly BEFORE UPDATE ON shop_jobs._private_job_queues
       FOR EACH ROW WHEN (OLD.locked_at IS NOT NULL AND NEW.locked_at IS NULL) EXECUTE FUNCTION shop_jobs.slowly()`,
    );
    const times: number[] = [];
    shipping.work = () => {
      times.push(performance.now());
      return Promise.resolve();
    };
    await Promise.all(Array.from({ length: 10 }, (_, n) => ship(`${n}`, { queue: 'van:1' })));
    await until(() => times.length === 10, { what: 'all of them' });
    expect(times.at(-1)! - times[0]!).toBeLessThan(4000);
  });

  it('of different queues do not wait for each other, though their number is fixed', async () => {
    await app.stop();
    app = await startApp(shopApp, { env: { SHOP_JOB_CONCURRENCY: '60' } });
    const begun: string[] = [];
    const end = Promise.withResolvers<void>();
    shipping.work = async (item) => {
      begun.push(item);
      await end.promise;
    };
    const ids = Array.from({ length: 60 }, (_, id) => `van:${id}`);
    await Promise.all(ids.map((queue) => ship(queue, { queue })));
    await until(() => begun.length === 60, { what: 'all to begin' });
    end.resolve();
    await until(async () => (await jobs('id')).length === 0, { what: 'all to end' });
    await app.service.db.transaction(async (tx) => {
      for (let id = 0; id < 2 * QUEUES; id++)
        await app.service.nest.get(Jobs).add(tx, Ship, { item: 'brick' }, { queue: `van:${id}`, delayMs: 3_600_000 });
    });
    const [row] = await query<{ n: number }>('SELECT count(*)::int AS n FROM shop_jobs._private_job_queues');
    expect(row!.n).toBeLessThanOrEqual(QUEUES);
  });

  it('of queues that do few at once together wait for no slow one, as long as there are others', async () => {
    const slow = Promise.withResolvers<void>();
    const running = new Set<string>();
    let [done, most] = [0, 0];
    shipping.work = async (item) => {
      running.add(item);
      most = Math.max(most, running.size);
      await (item === 'slow' ? slow.promise : sleep(20));
      running.delete(item);
      done += 1;
    };
    await ship('slow', { queue: 'cab:slow', atOnce: 3 });
    await until(() => running.has('slow'), { what: 'the slow one' });
    for (let n = 0; n < 20; n++) {
      await ship(`${n}`, { queue: `cab:${n}`, atOnce: 3 });
      await sleep(20);
    }
    await until(() => done === 20, { what: 'all others' });
    slow.resolve();
    await Promise.all(Array.from({ length: 20 }, (_, n) => ship(`${n}`, { queue: `cab:${n}`, atOnce: 3 })));
    await until(() => done === 41, { what: 'many at once' });
    expect(most).toBeLessThanOrEqual(3);
  });

  it('of one queue are in one place as long as there is one of them, also when they are added at the same time', async () => {
    const later = { queue: 'van:1', delayMs: 3_600_000 };
    await Promise.all(Array.from({ length: 20 }, (_, n) => ship(`${n}`, later)));
    expect(
      await query('SELECT count(DISTINCT queue_name)::int AS places, count(*)::int AS n FROM shop_jobs.jobs'),
    ).toEqual([{ places: 1, n: 20 }]);
  });

  it('that wait are due by the clock of the database, whatever the time is here', async () => {
    jest.useFakeTimers({ now: Date.now() + 120_000, advanceTimers: true, doNotFake: ['setTimeout', 'setImmediate'] });
    await ship('later', { delayMs: 60_000 });
    expect(await jobs(`run_at - created_at = interval '1 minute' AS as_told`)).toEqual([{ as_told: true }]);
  });

  it('that wait can be taken back, with the transaction that decides so', async () => {
    await ship('parcel', { key: 'a', delayMs: 3_600_000 });
    await ship('letter', { key: 'b', delayMs: 3_600_000 });
    const remove = (key: string) => app.service.db.transaction((tx) => app.service.nest.get(Jobs).remove(tx, key));
    const failing = app.service.db.transaction(async (tx) => {
      await app.service.nest.get(Jobs).remove(tx, 'a');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await jobs('key')).toEqual([{ key: 'a' }, { key: 'b' }]);
    await remove('a');
    await remove('of nobody');
    expect(await jobs('key')).toEqual([{ key: 'b' }]);
  });

  it('that nobody takes are seen, and those of every name that is run here', async () => {
    const oldest = async () => {
      const metrics = await (await fetch(`${app.url}/metrics`)).text();
      const found = [...metrics.matchAll(/^jobs_oldest_due_seconds\{task="([\w-]+)".*\} ([\d.]+)$/gm)];
      return Object.fromEntries(found.map(([, job, seconds]) => [job, Math.floor(Number(seconds) / 60)]));
    };
    expect(await oldest()).toMatchObject({ ship: 0, 'keep-inbox-partitions': 0 });
    await query(`SELECT FROM shop_jobs.add_job('paint', run_at => now() - interval '10 minutes')`);
    await query(`SELECT FROM shop_jobs.add_job('fold', run_at => now() - interval '20 minutes')`);
    await query(`SELECT FROM shop_jobs.add_job('fold', run_at => now() + interval '20 minutes')`);
    await query(`DELETE FROM shop_jobs._private_tasks WHERE identifier = 'paint'`);
    expect(await oldest()).toMatchObject({ ship: 0, fold: 20, unknown: 10 });
  });

  it('that were replaced while they ran are not given up when their process dies', async () => {
    const begun: string[] = [];
    const hang = Promise.withResolvers<void>();
    shipping.work = async (item) => {
      begun.push(item);
      if (item === 'stale') await hang.promise;
    };
    await ship('stale', { key: 'parcel', queue: 'van:1' });
    await until(() => begun.includes('stale'), { what: 'the first to begin' });
    await ship('fresh', { key: 'parcel', queue: 'van:1' });
    // What a kill leaves behind.
    await query(`UPDATE shop_jobs._private_jobs SET locked_by = 'gone' WHERE locked_by IS NOT NULL`);
    await query(`UPDATE shop_jobs._private_job_queues SET locked_by = 'gone' WHERE locked_by IS NOT NULL`);
    await until(() => begun.includes('fresh'), { what: 'the replacement' });
    await until(async () => (await jobs('id')).length === 1, { what: 'only what was replaced to be left' });
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(/^jobs_waiting\{state="failed".*\} (\d+)/m.exec(metrics)?.[1]).toBe('0');
    await app.service.nest.get(Jobs).forgetGivenUp(app.service.db.manager, 30);
    expect(await jobs('id')).toEqual([]);
    hang.resolve();
  });

  it('are not taken from a process that lives, also when the clock of the database jumps by hours', async () => {
    await app.stop();
    // The looks that graphile-worker takes every eight to ten minutes for locks that are hours old come at once.
    const later = globalThis.setTimeout;
    const looked = Promise.withResolvers<void>();
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const timers = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((work: () => void, ms = 0) => {
      if (ms >= 480_000) looked.resolve();
      return later(work, ms >= 480_000 && ms <= 600_000 ? 100 : ms);
    }) as typeof setTimeout);
    app = await startApp(shopApp);
    const begun: string[] = [];
    const end = Promise.withResolvers<void>();
    shipping.work = async (item) => {
      begun.push(item);
      if (item === 'piano') await end.promise;
    };
    await ship('piano');
    await until(() => begun.length === 1, { what: 'the job to begin' });
    // The one look that remains is over once the next is planned.
    await looked.promise;
    await query(`UPDATE shop_jobs._private_jobs SET locked_at = locked_at - interval '5 hours'`);
    await ship('letter', { delayMs: 2000 });
    await until(() => begun.includes('letter'), { what: 'a later job' });
    timers.mockRestore();
    jest.restoreAllMocks();
    expect(begun).toEqual(['piano', 'letter']);
    end.resolve();
  });

  it('that were given up cost nothing when leases are looked at', async () => {
    const asked = jest.spyOn(LockSession.prototype, 'query');
    // Makes the row of its name.
    await ship('brick', { delayMs: 3_600_000 });
    await query(
      `INSERT INTO shop_jobs._private_jobs (task_id, max_attempts, attempts)
       SELECT (SELECT min(id) FROM shop_jobs._private_tasks), 1, 1 FROM generate_series(1, 20000)`,
    );
    await query('ANALYZE shop_jobs._private_jobs');
    const looks = () => asked.mock.calls.map(([sql]) => sql).filter((sql) => String(sql).includes('locked_by'));
    const look = await until(() => looks()[0], { what: 'a look' });
    asked.mockRestore();
    const plan = JSON.stringify(await query(`EXPLAIN ${String(look)}`));
    expect(plan).toContain('_private_jobs');
    expect(plan).not.toContain('Seq Scan on _private_jobs');
  });

  it('are still done after days of quiet', async () => {
    await app.stop();
    // Whatever this process does from time to time.
    jest.useFakeTimers({
      doNotFake: ['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setTimeout'],
    });
    app = await startApp(shopApp);
    const done: string[] = [];
    shipping.work = (item) => Promise.resolve(void done.push(item));
    await ship('before');
    await until(() => done.includes('before'), { what: 'the first job' });
    await jest.advanceTimersByTimeAsync(3 * 86_400_000);
    await ship('after');
    await until(() => done.includes('after'), { what: 'the second job' });
  });
});
