import type { PeriodicTask, PeriodicTasks, PeriodicTaskState, RunningTask } from '@switchboard/bus';
import type { DataSource } from 'typeorm';
import { refuseSkewedClock } from './clock-skew';
import type { Jobs, PayloadOf, Work } from './jobs';
import { intervalOf, MINUTE_MS, nextSlot, type Schedule, slotsBetween, slotsToRun } from './scheduled.decorator';

interface Row {
  job: string;
  now: Date;
  knownSince: Date;
  lastSlot: Date | null;
  lastSuccessSlot: Date | null;
  lastSuccessAt: Date | null;
}

const AFTER_FAILURE_MS = 5000;

/** How a schedule stands, for operators. */
export interface ScheduleStatus extends Pick<Schedule, 'cron' | 'purpose' | 'timeoutMs'> {
  readonly job: string;
  readonly nextAt: Date;
  readonly succeededAt: Date | null;
  /** For how long a run has been overdue; 0 when none is. */
  readonly lateMs: number;
}

export const LookForSlots: PeriodicTask = {
  name: 'look-for-slots',
  everyMs: MINUTE_MS,
  purpose: 'Adds the jobs of the schedules whose time has come.',
};

interface Known extends Schedule {
  /** From one slot to the next. */
  readonly everyMs: number;
}

/**
 * Runs what is scheduled in one service. What time it is only the database says, so that processes whose clocks differ agree on
 * the slots. A slot is claimed and its job added in one transaction; the rest is a job as any other. A process whose clock is more
 * than five minutes off does no run: what is old would be judged by it. With PERIODIC_TASKS_SPEED the time of a schedule passes faster,
 * since it was first known; all else is as usual.
 */
export class Schedules {
  private readonly schedules = new Map<string, Known>();
  private looking: RunningTask | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly tasks: PeriodicTasks,
    private readonly lookEveryMs = LookForSlots.everyMs,
  ) {
    // A scrape must answer while the database is away: then they are absent.
    tasks.report(() => this.states().catch(() => []));
  }

  /** Takes on a schedule. Returns its work with a time-out and a note of each success. */
  add(schedule: Schedule, work: Work): Work {
    const { name } = schedule.job;
    this.schedules.set(name, { ...schedule, everyMs: intervalOf(schedule) });
    this.tasks.count(name, 'done', 0);
    this.tasks.count(name, 'failed', 0);
    return async (payload, run) => {
      try {
        await refuseSkewedClock(this.db);
        await withinTime(schedule, run.signal, (signal) => work(payload, { ...run, signal }));
        // What has heard its signal may have left something undone, and return all the same.
        run.signal.throwIfAborted();
      } catch (error) {
        // What it was told to leave is no failure: it is tried again.
        if (!run.signal.aborted) this.tasks.count(name, error instanceof RunTimedOut ? 'timed_out' : 'failed');
        throw error;
      }
      // A slot that was forgotten meanwhile (`beginAnew`) has not been done.
      await this.db.query(
        `UPDATE schedules SET last_success_at = clock_timestamp(),
           last_success_slot = CASE WHEN $2 <= last_slot THEN greatest(last_success_slot, $2) ELSE last_success_slot END
         WHERE job = $1`,
        [name, (payload as PayloadOf<Schedule['job']>).slot],
      );
      this.tasks.count(name, 'done');
    };
  }

  /** Begins to look for slots, also for those that passed before. */
  start(): void {
    if (this.schedules.size === 0) return;
    this.looking ??= this.tasks.start(LookForSlots, {
      everyMs: this.lookEveryMs,
      afterFailureMs: AFTER_FAILURE_MS,
      run: () => this.look(),
    });
  }

  async stop(): Promise<void> {
    await this.looking?.stop();
  }

  /**
   * Has the job of a slot run, unless this slot or a later one has been claimed. For a slot of the future it keeps back all
   * that come before: so a test may go through days in seconds.
   * @returns whether this call has claimed it
   */
  runSlot(name: string, slot: Date): Promise<boolean> {
    const schedule = this.schedules.get(name);
    if (!schedule) throw new Error(`There is no schedule of ${name} here`);
    return this.db.transaction(async (tx) => {
      const claimed: unknown[] = await tx.query(
        `INSERT INTO schedules AS known (job, last_slot, claimed_at) VALUES ($1, $2, clock_timestamp())
         ON CONFLICT (job) DO UPDATE SET last_slot = excluded.last_slot, claimed_at = excluded.claimed_at
           WHERE known.last_slot IS NULL OR known.last_slot < excluded.last_slot RETURNING 1`,
        [name, slot],
      );
      if (claimed.length === 0) return false;
      // The queue keeps runs from overlapping. By its key, a run that still waits is replaced: this one does for both.
      const key = schedule.missed === 'each' ? undefined : `slot:${name}`;
      await this.jobs.add(tx, schedule.job, { slot: slot.toISOString() }, { queue: `schedule:${name}`, key });
      return true;
    });
  }

  /** All schedules of the service, by name. */
  async list(): Promise<ScheduleStatus[]> {
    return (await this.read()).map((row) => {
      const schedule = this.schedules.get(row.job)!;
      const { cron, purpose, timeoutMs } = schedule;
      const lateMs = Math.round(this.lateMs(row) / this.speedOf(row.job));
      return {
        ...{ job: row.job, cron, purpose, timeoutMs, lateMs },
        nextAt: nextSlot(schedule, row.now),
        succeededAt: row.lastSuccessAt,
      };
    });
  }

  /** Claims what is due, and returns how long it is until the next minute. */
  private async look(): Promise<number | undefined> {
    await this.db.query(`INSERT INTO schedules (job) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, [
      [...this.schedules.keys()],
    ]);
    await this.beginAnew();
    const rows = await this.read();
    for (const { job, now, lastSlot, knownSince } of rows) {
      for (const slot of slotsToRun(this.schedules.get(job)!, lastSlot ?? knownSince, now))
        await this.runSlot(job, slot);
    }
    if (this.tasks.paced(this.lookEveryMs) !== this.lookEveryMs) return undefined;
    return this.lookEveryMs - ((rows[0]?.now.getTime() ?? 0) % this.lookEveryMs);
  }

  /**
   * What was noted at a time that has not come yet was noted while the database's clock was ahead. Until that time came, no slot
   * would be run and none would be late: so such a schedule begins anew, as one that is known from now on.
   */
  private async beginAnew(): Promise<void> {
    await this.db.query(
      `UPDATE schedules SET known_since = clock_timestamp(), last_slot = NULL, claimed_at = NULL, last_success_slot = NULL,
         last_success_at = least(last_success_at, clock_timestamp())
       WHERE job = ANY($1) AND greatest(known_since, claimed_at, last_success_at) > clock_timestamp() + $2 * interval '1 millisecond'`,
      [[...this.schedules.keys()], MINUTE_MS],
    );
  }

  private async read(): Promise<Row[]> {
    const rows: Row[] = await this.db.query(
      `SELECT job, clock_timestamp() AS now, known_since AS "knownSince", last_slot AS "lastSlot",
         last_success_slot AS "lastSuccessSlot", last_success_at AS "lastSuccessAt"
       FROM schedules WHERE job = ANY($1) ORDER BY job`,
      [[...this.schedules.keys()]],
    );
    return rows.map((row) => ({ ...row, now: this.timeOf(row) }));
  }

  /** What time it is for a schedule. */
  private timeOf({ job, now, knownSince }: Row): Date {
    const speed = this.speedOf(job);
    return speed === 1 ? now : new Date(knownSince.getTime() + (now.getTime() - knownSince.getTime()) * speed);
  }

  private speedOf(job: string): number {
    const { everyMs } = this.schedules.get(job)!;
    return everyMs / this.tasks.paced(everyMs);
  }

  private async states(): Promise<PeriodicTaskState[]> {
    return (await this.read()).map((row) => ({
      task: row.job,
      everyMs: this.tasks.paced(this.schedules.get(row.job)!.everyMs),
      succeededAt: row.lastSuccessAt?.getTime(),
      lateMs: this.lateMs(row) / this.speedOf(row.job),
      timeoutMs: this.schedules.get(row.job)!.timeoutMs,
    }));
  }

  private lateMs({ job, now, knownSince, lastSlot, lastSuccessSlot }: Row): number {
    const schedule = this.schedules.get(job)!;
    // A slot that may be skipped is owed once it has been claimed.
    const owed = schedule.missed === 'skip' ? (lastSlot ?? knownSince) : now;
    const [oldest] = slotsBetween(schedule, lastSuccessSlot ?? knownSince, owed);
    return oldest ? now.getTime() - oldest.getTime() : 0;
  }
}

class RunTimedOut extends Error {
  override readonly name = 'RunTimedOut';
}

async function withinTime(
  { job, timeoutMs }: Schedule,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  // Not AbortSignal.any with AbortSignal.timeout: on Node 24 the one forgets the other when nobody listens to it.
  const inner = new AbortController();
  const stop = () => inner.abort(outer.reason);
  outer.addEventListener('abort', stop, { once: true });
  if (outer.aborted) stop();
  const timedOut = Promise.withResolvers<RunTimedOut>();
  const timer = setTimeout(() => {
    const error = new RunTimedOut(`${job.name} took longer than ${timeoutMs} ms`);
    inner.abort(error);
    timedOut.resolve(error);
  }, timeoutMs);
  try {
    const running = work(inner.signal);
    const error = await Promise.race([running, timedOut.promise]);
    // Until it has ended the queue of its schedule is not free, or another run would go on beside it.
    if (error) throw (await hasEnded(running, timeoutMs)) ? error : new RunTimedOut(`${error.message}, and goes on`);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
  }
}

async function hasEnded(running: Promise<void>, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, withinMs, false)));
  const end = running.then(
    () => true,
    () => true,
  );
  return Promise.race([end, patience]).finally(() => clearTimeout(timer));
}
