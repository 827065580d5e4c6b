import { Injectable, Module } from '@nestjs/common';
import { PeriodicTasks } from '@switchboard/bus';
import { createTestDatabase, startApp, type TestApp, type TestDatabase, until } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { defineApp } from './define-app';
import { defineJob, type JobRun, Jobs, type PayloadOf } from './jobs';
import { schedulesOf } from './kit.module';
import { intervalOf, type Schedule, scheduleOf, Scheduled, Slot, slotsBetween } from './scheduled.decorator';
import { Schedules } from './schedules';

const MINUTE_MS = 60_000;
/** The last slot of all schedules here, half an hour ago: so none passes while a spec runs. */
const lastSlot = Math.floor(Date.now() / MINUTE_MS - 30) * MINUTE_MS;
const minutesLater = (minutes: number) => new Date(lastSlot + minutes * MINUTE_MS);
const cron = `${new Date(lastSlot).getUTCMinutes()} * * * *`;
const Sweep = defineJob('sweep', Slot);
const Water = defineJob('water', Slot);
const Report = defineJob('report', Slot);

/** What has begun: the job, and its slot in minutes after the last one; and what a run does then. */
let runs: string[] = [];
let work: (run: JobRun) => Promise<void>;

async function note(name: string, slot: Date, run: JobRun) {
  runs.push(`${name} ${(slot.getTime() - lastSlot) / MINUTE_MS}`);
  await work(run);
}

@Injectable()
class GardenJobs {
  @Scheduled(cron, Sweep, { purpose: 'Sweeps the paths.', timeoutMs: 60_000, missed: 'skip' })
  sweep({ slot }: PayloadOf<typeof Sweep>, run: JobRun) {
    return note('sweep', slot, run);
  }

  @Scheduled(cron, Water, { purpose: 'Waters the roses.', timeoutMs: 100 })
  water({ slot }: PayloadOf<typeof Water>, run: JobRun) {
    return note('water', slot, run);
  }

  @Scheduled(cron, Report, { purpose: 'Counts the roses of the hour.', timeoutMs: 60_000, missed: 'each' })
  report({ slot }: PayloadOf<typeof Report>, run: JobRun) {
    return note('report', slot, run);
  }
}

@Module({ providers: [GardenJobs] })
class GardenModule {}

@Module({ imports: [GardenModule] })
class EstateModule {}

const estateApp = defineApp({
  name: 'estate',
  module: EstateModule,
  config: z.object({}),
  entities: [],
  migrations: [],
  port: 0,
});

describe('a schedule', () => {
  let database: TestDatabase;
  const apps: TestApp[] = [];
  const start = async () => {
    const app = await startApp(estateApp, { database });
    apps.push(app);
    return app;
  };
  const stop = (app: TestApp) => {
    apps.splice(apps.indexOf(app), 1);
    return app.stop({ keepDatabase: true });
  };
  const query = <Row>(app: TestApp, sql: string) => app.service.db.query(sql) as Promise<Row[]>;
  const schedules = (app: TestApp) => app.service.nest.get(Schedules);
  const waiting = async (app: TestApp) =>
    (await query(app, 'SELECT FROM estate_jobs.jobs WHERE attempts < max_attempts')).length;
  const idle = (app: TestApp) => until(async () => (await waiting(app)) === 0, { what: 'no job to wait' });
  const metric = async (app: TestApp, pattern: RegExp) =>
    Number(pattern.exec(await (await fetch(`${app.url}/metrics`)).text())?.[1]);

  beforeEach(async () => {
    runs = [];
    work = () => Promise.resolve();
    database = await createTestDatabase();
  });
  afterEach(async () => {
    for (const app of [...apps]) await stop(app);
    await database.drop();
  });

  it('runs each slot once, however many processes there are', async () => {
    const [one, two] = [await start(), await start()];
    for (const minutes of [1, 2, 3]) {
      const slot = minutesLater(minutes);
      const claims = await Promise.all([one, two, one].map((app) => schedules(app).runSlot('report', slot)));
      expect(claims.filter(Boolean)).toHaveLength(1);
    }
    await idle(one);
    expect(runs).toEqual(['report 1', 'report 2', 'report 3']);
  });

  it('runs no slot again, nor one that is older than the last', async () => {
    const app = await start();
    const slot = minutesLater(2);
    expect(await schedules(app).runSlot('report', slot)).toBe(true);
    expect(await schedules(app).runSlot('report', slot)).toBe(false);
    expect(await schedules(app).runSlot('report', minutesLater(1))).toBe(false);
  });

  it('makes up for missed slots as it says: not at all, for the latest, or for each', async () => {
    await stop(await start());
    const next = await start();
    await query(next, `UPDATE schedules SET known_since = now() - interval '160 minutes'`);
    await stop(next);
    const app = await start();
    await until(() => runs.length === 4, { what: 'the missed slots' });
    await idle(app);
    expect(runs.sort()).toEqual(['report -120', 'report -60', 'report 0', 'water 0']);
    await stop(app);
    await start();
    expect(runs).toHaveLength(4);
  });

  it('runs a slot again whose process was killed in the middle of it', async () => {
    const killed = Promise.withResolvers<void>();
    work = ({ attempt }) => (attempt === 1 ? killed.promise : Promise.resolve());
    const app = await start();
    await schedules(app).runSlot('report', minutesLater(1));
    await until(() => runs.length === 1, { what: 'the first run' });
    // What a kill leaves behind: locks of a worker that no longer holds its lease.
    await query(app, `UPDATE estate_jobs._private_jobs SET locked_by = 'gone'`);
    await query(app, `UPDATE estate_jobs._private_job_queues SET locked_by = 'gone' WHERE locked_by IS NOT NULL`);
    await until(() => runs.length === 2, { what: 'the second run' });
    expect(runs).toEqual(['report 1', 'report 1']);
    killed.resolve();
  });

  it('does not begin a run while another one of it goes on', async () => {
    const first = Promise.withResolvers<void>();
    work = () => (runs.length === 1 ? first.promise : Promise.resolve());
    const app = await start();
    await schedules(app).runSlot('report', minutesLater(1));
    await until(() => runs.includes('report 1'), { what: 'the first run' });
    await schedules(app).runSlot('report', minutesLater(2));
    await schedules(app).runSlot('sweep', minutesLater(3));
    await until(() => runs.includes('sweep 3'), { what: 'another schedule' });
    expect(runs).toEqual(['report 1', 'sweep 3']);
    first.resolve();
    await until(() => runs.includes('report 2'), { what: 'the next run' });
  });

  it('ends a run that takes too long, and tries it again', async () => {
    const signals: AbortSignal[] = [];
    work = ({ attempt, signal }) => {
      signals.push(signal);
      return attempt === 1 ? new Promise(() => undefined) : Promise.resolve();
    };
    const app = await start();
    await schedules(app).runSlot('water', minutesLater(1));
    await until(() => signals.length === 2, { what: 'the second try' });
    expect(signals[0]!.aborted).toBe(true);
    await idle(app);
    expect(await metric(app, /^periodic_task_runs_total\{task="water",outcome="timed_out".*\} (\d+)/m)).toBe(1);
    expect(await metric(app, /^periodic_task_runs_total\{task="water",outcome="done".*\} (\d+)/m)).toBe(1);
  });

  it('lets a run that has heard no signal end before there is another one', async () => {
    const app = await start();
    const ends = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    const schedule = { job: defineJob('deaf', Slot), cron, purpose: '', timeoutMs: 1000, missed: 'latest' } as const;
    const run = schedules(app).add(schedule, (_payload, { signal }) => {
      signal.addEventListener('abort', () => told.resolve());
      return ends.promise;
    });
    let isOver = false;
    const payload = { slot: minutesLater(0) };
    const outcome = run(payload, { attempt: 1, isLastAttempt: false, signal: new AbortController().signal }).finally(
      () => (isOver = true),
    );
    const failure = expect(outcome).rejects.toThrow('deaf took longer than 1000 ms');
    await told.promise;
    await schedules(app).runSlot('sweep', minutesLater(3));
    await until(() => runs.includes('sweep 3'), { what: 'another schedule' });
    expect(isOver).toBe(false);
    ends.resolve();
    await failure;
  });

  it('tells when it has succeeded last, and how late it is', async () => {
    const app = await start();
    const late = () => metric(app, /^periodic_task_late_seconds\{task="report".*\} ([\d.]+)/m);
    const succeeded = () => metric(app, /^periodic_task_last_success_timestamp_seconds\{task="report".*\} ([\d.e+]+)/m);
    await until(async () => (await late()) === 0, { what: 'a first look' });
    expect(await succeeded()).toBe(0);
    await query(app, `UPDATE schedules SET known_since = now() - interval '100 minutes'`);
    expect(Math.abs((await late()) - 90 * 60)).toBeLessThan(5 * 60);
    await schedules(app).runSlot('report', minutesLater(1));
    await until(async () => (await succeeded()) > 0, { what: 'a success' });
    expect(await late()).toBe(0);
    const [row] = await query<{ ago: number }>(
      app,
      `SELECT extract(epoch FROM now())::float8 - ${await succeeded()} AS ago FROM schedules`,
    );
    expect(Math.abs(row!.ago)).toBeLessThan(20);
  });

  it('goes on when the clock of the database was days ahead for a while, and is late again', async () => {
    const app = await start();
    const looking = () => {
      const tasks = new PeriodicTasks({ registry: new Registry(), warn: () => undefined });
      const schedules = new Schedules(app.service.db, app.service.nest.get(Jobs), tasks, 10);
      schedules.add(scheduleOf(GardenJobs.prototype.report)!, () => Promise.resolve());
      schedules.start();
      return schedules;
    };
    const claimed = async () =>
      (await query<{ slot: Date | null }>(app, `SELECT last_slot AS slot FROM schedules WHERE job = 'report'`))[0]!
        .slot;
    await until(async () => (await query(app, `SELECT FROM schedules WHERE job = 'report'`)).length === 1, {
      what: 'a first look',
    });
    await query(
      app,
      `UPDATE schedules SET last_slot = now() + interval '2 days', last_success_slot = now() + interval '2 days',
         last_success_at = now() + interval '2 days' WHERE job = 'report'`,
    );
    const first = looking();
    await until(async () => (await claimed()) === null, { what: 'the slots of the future to be forgotten' });
    await first.stop();
    await query(app, `UPDATE schedules SET known_since = now() - interval '45 minutes' WHERE job = 'report'`);
    expect(await metric(app, /^periodic_task_late_seconds\{task="report".*\} ([\d.]+)/m)).toBeGreaterThan(25 * 60);
    const second = looking();
    await until(() => runs.length === 1, { what: 'a run' });
    await second.stop();
    expect(runs).toEqual(['report 0']);
  });

  it('is not held back by a slot that was claimed while the clock of the database was ahead', async () => {
    const app = await start();
    await schedules(app).runSlot('report', minutesLater(3 * 1440));
    await idle(app);
    await query(
      app,
      `UPDATE schedules SET last_success_at = NULL, claimed_at = now() + interval '3 days' WHERE job = 'report'`,
    );
    const tasks = new PeriodicTasks({ registry: new Registry(), warn: () => undefined });
    const again = new Schedules(app.service.db, app.service.nest.get(Jobs), tasks, 10);
    again.add(scheduleOf(GardenJobs.prototype.report)!, () => Promise.resolve());
    again.start();
    const isBegunAnew = `SELECT FROM schedules WHERE job = 'report' AND last_slot IS NULL`;
    await until(async () => (await query(app, isBegunAnew)).length === 1, { what: 'a new beginning' });
    await again.stop();
    expect(await schedules(app).runSlot('report', minutesLater(1))).toBe(true);
  });

  it('is not run by a process whose clock is far from the one of the database', async () => {
    const app = await start();
    const skew = () => metric(app, /^clock_skew_seconds\{.*\} (-?[\d.]+)/m);
    const failed = () => metric(app, /^periodic_task_runs_total\{task="report",outcome="failed".*\} (\d+)/m);
    expect(Math.abs(await skew())).toBeLessThan(5 * 60);
    const now = Date.now.bind(Date);
    for (const [times, days] of [40, -40].entries()) {
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + days * 86_400_000);
      await schedules(app).runSlot('report', minutesLater(times + 1));
      await until(async () => (await failed()) > times, { what: 'a run to be refused' });
      expect(Math.round((await skew()) / 86_400)).toBe(days);
      clock.mockRestore();
    }
    expect(runs).toEqual([]);
    await until(() => runs.length === 2, { what: 'the runs at the right time', timeoutMs: 20_000 });
  });

  it('counts a run that was told to stop as not done, whatever it returns', async () => {
    const app = await start();
    const begun = Promise.withResolvers<void>();
    work = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve());
        begun.resolve();
      });
    await schedules(app).runSlot('report', minutesLater(1));
    await begun.promise;
    await stop(app);
    const next = await start();
    expect(await query(next, `SELECT last_success_slot AS slot FROM schedules WHERE job = 'report'`)).toEqual([
      { slot: null },
    ]);
    expect(await waiting(next)).toBe(1);
  });

  it('tells how long a run may take', async () => {
    const app = await start();
    const mayTake = async (task: string) =>
      metric(app, new RegExp(`^periodic_task_timeout_seconds\\{task="${task}".*\\} ([\\d.]+)`, 'm'));
    await until(async () => (await mayTake('report')) === 60, { what: 'a first look' });
    expect([await mayTake('water'), await mayTake('look-for-slots')]).toEqual([0.1, 0]);
  });

  it('is looked at again and again', async () => {
    const app = await start();
    const tasks = new PeriodicTasks({ registry: new Registry(), warn: () => undefined });
    const again = new Schedules(app.service.db, app.service.nest.get(Jobs), tasks, 10);
    again.add(scheduleOf(GardenJobs.prototype.report)!, () => Promise.resolve());
    again.start();
    for (const times of [1, 2]) {
      await query(app, `UPDATE schedules SET last_slot = now() - interval '45 minutes' WHERE job = 'report'`);
      await until(() => runs.length === times, { what: `${times} runs` });
    }
    await again.stop();
    expect(runs).toEqual(['report 0', 'report 0']);
  });

  it('of months passes in less than a minute at high speed, slot by slot, as always', async () => {
    const [one, two] = [await start(), await start()];
    const rest = { purpose: 'Grows fast.', timeoutMs: 60_000, missed: 'latest' } as const;
    const weekly: Schedule = { ...rest, job: Sweep, cron: '5 4 * * 1' };
    const monthly: Schedule = { ...rest, job: Report, cron: '5 4 1 * *' };
    const fast = [one, two].map((app) => {
      const tasks = new PeriodicTasks({ registry: new Registry(), warn: () => undefined, speed: 100_000 });
      const all = new Schedules(app.service.db, app.service.nest.get(Jobs), tasks);
      for (const schedule of [weekly, monthly]) all.add(schedule, () => Promise.resolve());
      all.start();
      return all;
    });
    const slotsOf = (name: string) =>
      runs.filter((run) => run.startsWith(name)).map((run) => minutesLater(Number(run.split(' ')[1])));
    await until(() => slotsOf('report').length >= 3 && slotsOf('sweep').length >= 3, { what: 'three slots of each' });
    await Promise.all(fast.map((all) => all.stop()));
    await idle(one);
    for (const schedule of [weekly, monthly]) {
      const slots = slotsOf(schedule.job.name);
      for (const slot of slots) expect(slotsBetween(schedule, new Date(slot.getTime() - 1), slot)).toEqual([slot]);
      // Some may be left out: a run that still waits does for the next one as well.
      expect(slots.every((slot, i) => i === 0 || slot > slots[i - 1]!)).toBe(true);
    }
  });

  it('has an interval', () => {
    const days = (cron: string) =>
      intervalOf({ job: Sweep, cron, purpose: '', timeoutMs: 1, missed: 'latest' }, new Date('2027-02-03T00:00:00Z')) /
      86_400_000;
    expect(['*/15 * * * *', '41 2 * * *', '5 4 * * 1', '5 4 1 * *', '5 4 29 2 *'].map(days)).toEqual([
      15 / 1440,
      1,
      7,
      31,
      4 * 365 + 1,
    ]);
    expect(() => days('5 4 30 2 *')).toThrow('no slot');
  });

  it('that nobody can read is refused when the code is loaded', () => {
    expect(() => Scheduled('61 * * * *', Sweep, { purpose: '', timeoutMs: 1 })).toThrow('the schedule of sweep');
    expect(() => Scheduled('every day', Sweep, { purpose: '', timeoutMs: 1 })).toThrow('the schedule of sweep');
  });

  it('is listed with all others of its service, without starting that', () => {
    const listed = schedulesOf(estateApp).map(({ job, purpose }) => `${job.name}: ${purpose}`);
    expect(listed).toEqual([
      'sweep: Sweeps the paths.',
      'water: Waters the roses.',
      'report: Counts the roses of the hour.',
      'keep-inbox-partitions: Makes the inbox partitions of the coming days and drops those that are too old.',
      'forget-given-up-jobs: Deletes jobs that were given up 30 days ago.',
      'forget-dead-letters: Deletes events that were given up 60 days ago, also discarded ones.',
      'forget-idempotency-keys: Deletes answers of idempotent routes that are a day old.',
      'remove-partial-files: Removes files that killed processes have left half written a day ago.',
      'rotate-keys: Writes anew what an older key has encrypted, while ENCRYPTION_KEYS names more than one.',
    ]);
  });
});
