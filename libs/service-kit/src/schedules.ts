import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { Jobs, PayloadOf, Work } from './jobs';
import type { Log } from './log';
import { type Schedule, slotsBetween, slotsToRun } from './scheduled.decorator';

interface Row {
  job: string;
  now: Date;
  knownSince: Date;
  lastSlot: Date | null;
  lastSuccessSlot: Date | null;
  lastSuccessAt: Date | null;
}

const AFTER_FAILURE_MS = 5000;

/**
 * Runs what is scheduled in one service. What time it is only the database says, so that processes whose clocks differ agree on
 * the slots. A slot is claimed and its job added in one transaction; the rest is a job as any other.
 */
export class Schedules {
  private readonly schedules = new Map<string, Schedule>();
  private readonly runs: Counter<'job' | 'outcome'>;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly log: Log,
    registry: Registry,
    private readonly lookEveryMs = 60_000,
  ) {
    this.runs = new Counter({
      name: 'scheduled_runs_total',
      help: 'Runs of scheduled jobs and how they ended.',
      labelNames: ['job', 'outcome'],
      registers: [registry],
    });
    // A scrape must answer while the database is away: then these two are absent.
    const rows = () => this.read().catch(() => []);
    const late = (row: Row) => this.lateSeconds(row);
    new Gauge({
      name: 'scheduled_last_success_timestamp_seconds',
      help: 'When a run of a scheduled job has succeeded last, in any process; 0 when none has.',
      labelNames: ['job'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const { job, lastSuccessAt } of await rows()) this.set({ job }, (lastSuccessAt?.getTime() ?? 0) / 1000);
      },
    });
    new Gauge({
      name: 'scheduled_late_seconds',
      help: 'How long ago the oldest slot of a scheduled job was that has not been run with success; 0 when all have.',
      labelNames: ['job'],
      registers: [registry],
      async collect() {
        this.reset();
        for (const row of await rows()) this.set({ job: row.job }, late(row));
      },
    });
  }

  /** Takes on a schedule. Returns its work with a time-out and a note of each success. */
  add(schedule: Schedule, work: Work): Work {
    const { name } = schedule.job;
    this.schedules.set(name, schedule);
    return async (payload, run) => {
      try {
        await withinTime(schedule, run.signal, (signal) => work(payload, { ...run, signal }));
      } catch (error) {
        this.runs.inc({ job: name, outcome: error instanceof RunTimedOut ? 'timed_out' : 'failed' });
        throw error;
      }
      await this.db.query(
        `UPDATE schedules SET last_success_at = now(), last_success_slot = greatest(last_success_slot, $2) WHERE job = $1`,
        [name, (payload as PayloadOf<Schedule['job']>).slot],
      );
      this.runs.inc({ job: name, outcome: 'done' });
    };
  }

  /** Begins to look for slots, also for those that passed before. */
  start(): void {
    if (this.schedules.size > 0) this.running ??= this.loop();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
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
        `INSERT INTO schedules AS known (job, last_slot) VALUES ($1, $2)
         ON CONFLICT (job) DO UPDATE SET last_slot = excluded.last_slot
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

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    for (let failures = 0; !signal.aborted;) {
      const nap = await this.look().then(
        (untilNextLook) => {
          failures = 0;
          return untilNextLook;
        },
        (error: unknown) => {
          if (failures++ % 10 === 0) this.log.warn({ err: error }, 'schedules could not be looked at');
          return AFTER_FAILURE_MS;
        },
      );
      await sleep(nap, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Claims what is due, and returns how long it is until the next minute. */
  private async look(): Promise<number> {
    await this.db.query(`INSERT INTO schedules (job) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`, [
      [...this.schedules.keys()],
    ]);
    const rows = await this.read();
    for (const { job, now, lastSlot, knownSince } of rows) {
      for (const slot of slotsToRun(this.schedules.get(job)!, lastSlot ?? knownSince, now))
        await this.runSlot(job, slot);
    }
    return this.lookEveryMs - ((rows[0]?.now.getTime() ?? 0) % this.lookEveryMs);
  }

  private read(): Promise<Row[]> {
    return this.db.query(
      `SELECT job, clock_timestamp() AS now, known_since AS "knownSince", last_slot AS "lastSlot",
         last_success_slot AS "lastSuccessSlot", last_success_at AS "lastSuccessAt"
       FROM schedules WHERE job = ANY($1) ORDER BY job`,
      [[...this.schedules.keys()]],
    );
  }

  private lateSeconds({ job, now, knownSince, lastSlot, lastSuccessSlot }: Row): number {
    const schedule = this.schedules.get(job)!;
    // A slot that may be skipped is owed once it has been claimed.
    const owed = schedule.missed === 'skip' ? (lastSlot ?? knownSince) : now;
    const [oldest] = slotsBetween(schedule, lastSuccessSlot ?? knownSince, owed);
    return oldest ? (now.getTime() - oldest.getTime()) / 1000 : 0;
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
  const timedOut = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new RunTimedOut(`${job.name} took longer than ${timeoutMs} ms`);
    inner.abort(error);
    timedOut.reject(error);
  }, timeoutMs);
  try {
    await Promise.race([work(inner.signal), timedOut.promise]);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
  }
}
