import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  type Job,
  type JobHelpers,
  Logger as WorkerLogger,
  run,
  type Runner,
  runMigrations,
  type TaskList,
  type Worker,
  type WorkerPool,
} from 'graphile-worker';
import { databaseSocket, type PeriodicTasks } from '@switchboard/bus';
import { Pool, type PoolClient } from 'pg';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import type { DatabaseAccess } from './database';
import { JobLeases } from './job-leases';
import { JobMetrics } from './job-metrics';
import { jobQueuesOf } from './job-queues';
import { type JobDefinition, RUNS, wakeChannelOf, type Work } from './jobs';
import type { Log } from './log';
import { withoutWords } from './openai-errors';
import { scheduleOf } from './scheduled.decorator';
import type { Schedules } from './schedules';

const Carried = z.looseObject({ traceparent: z.string().optional() });
const tracer = trace.getTracer('switchboard.jobs');
const STOP_WITHIN_MS = 20_000;
const START_AGAIN_AFTER_MS = 1000;
const LISTENER_SPEAKS_EVERY_MS = 30_000;
/** When the end of a job may be written: graphile-worker does so after it has told of it, and a database may be slow or far. */
const ENDED_AFTER_MS = [15, 60, 250];
/** The longest that a timer waits, some 24 days. */
const HARDLY_EVER_MS = 2 ** 31 - 1;

/** Makes or brings up to date the tables of a service's jobs. */
export async function migrateJobs({ jobsSchema }: DatabaseAccess, pool: Pool, logger?: WorkerLogger): Promise<void> {
  // graphile-worker would begin with CREATE SCHEMA IF NOT EXISTS, which needs a right that the role does not have
  // even though the schema exists; with this table in place it goes straight to its migrations.
  await pool.query(
    `CREATE TABLE IF NOT EXISTS ${jobsSchema}.migrations
     (id int PRIMARY KEY, ts timestamptz NOT NULL DEFAULT now(), breaking boolean NOT NULL DEFAULT false)`,
  );
  await runMigrations({ pgPool: pool, schema: jobsSchema, ...(logger && { logger }) });
  await pool.query(jobQueuesOf(jobsSchema));
}

/** Does the jobs of one service: graphile-worker, with leases, metrics and traces. */
export class JobRunner {
  private readonly pool: Pool;
  private readonly metrics: JobMetrics;
  private readonly stopping = new AbortController();
  /** Of the jobs that are being done. */
  private leased = new AbortController();
  private tasks: TaskList = {};
  private runner: Runner | undefined;
  private running: Promise<void> | undefined;
  private leases: JobLeases | undefined;

  constructor(
    private readonly access: DatabaseAccess,
    private readonly concurrency: number,
    private readonly schedules: Schedules,
    private readonly periodic: PeriodicTasks,
    registry: Registry,
    private readonly log: Log,
  ) {
    this.pool = new Pool({
      connectionString: access.url,
      max: concurrency + 2,
      application_name: `${access.schema} jobs`,
      stream: () => databaseSocket(),
    });
    this.pool.on('error', () => undefined); // replaced by the pool
    this.pool.on('connect', (client) => client.on('error', () => undefined)); // told by the query that fails
    this.metrics = new JobMetrics(registry, this.pool, access.jobsSchema, () => Object.keys(this.tasks));
  }

  migrate(): Promise<void> {
    return migrateJobs(this.access, this.pool, this.workerLogger());
  }

  /**
   * Finds the methods marked with `@Runs` and begins to work. A runner knows its jobs by the ids that their names had when it
   * began: the table of names is never cleaned, or it would wait for ids that no job has any more.
   */
  async start(discovery: DiscoveryService, scanner: MetadataScanner): Promise<void> {
    this.tasks = this.findTasks(discovery, scanner);
    if (Object.keys(this.tasks).length === 0) return;
    this.leases = new JobLeases(this.access, this.periodic, this.log, () => this.interrupt());
    await this.leases.start();
    this.running = this.keepRunning(await this.begin());
    this.schedules.start();
  }

  /** Lets running jobs finish, tells them to hurry, and gives back what they cannot finish. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const stopped = this.runner?.stop().catch(() => undefined); // it has stopped by itself
    const all = Promise.all([this.schedules.stop(), stopped, this.running]);
    // What hangs for longer is left to whoever takes over, as after a kill.
    await Promise.race([all, sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
    await this.leases?.stop();
    await this.pool.end();
  }

  private async begin(): Promise<Runner> {
    const events = new EventEmitter();
    // Jobs are locked in the name of the pool, not of the single worker.
    let pool = '';
    events.on('pool:create', ({ workerPool }: { workerPool: { id: string } }) => {
      pool = workerPool.id;
      this.leases?.add(pool);
    });
    events.on('pool:release', () => this.leases?.remove(pool));
    this.listen(events);
    this.runner = await run({
      pgPool: this.pool,
      schema: this.access.jobsSchema,
      concurrency: this.concurrency,
      noHandleSignals: true,
      pollInterval: 1000,
      preset: {
        worker: {
          // JobLeases frees the jobs of lost processes. This would also give away those of the living once the database's clock jumps
          // ahead by four hours. It cannot be switched off: one look remains, within a minute after each start.
          minResetLockedInterval: HARDLY_EVER_MS,
          maxResetLockedInterval: HARDLY_EVER_MS,
          // One look for the whole pool. Otherwise each worker looks every second, and at each NOTIFY of any service.
          localQueue: { size: 4, ttl: 500 },
          // With no delay at all nobody hears that the end of a job could not be written, and the process would end.
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
      taskList: this.tasks,
      events,
      logger: this.workerLogger(),
    });
    return this.runner;
  }

  /** The runner stops when it cannot write how a job ended. Then another one follows, and the job runs again. */
  private async keepRunning(first: Runner): Promise<void> {
    const { signal } = this.stopping;
    for (let runner: Runner | undefined = first; !signal.aborted; runner = undefined) {
      try {
        runner ??= await this.begin();
        if (signal.aborted) await runner.stop();
        await runner.promise;
      } catch (error) {
        this.log.warn({ err: error }, 'the job runner stopped');
      }
      await sleep(START_AGAIN_AFTER_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private findTasks(discovery: DiscoveryService, scanner: MetadataScanner): TaskList {
    const tasks: TaskList = {};
    for (const { instance } of discovery.getProviders() as { instance: object | undefined }[]) {
      if (!instance || typeof instance !== 'object') continue;
      for (const name of scanner.getAllMethodNames(Object.getPrototypeOf(instance) as object)) {
        const method = (instance as Record<string, unknown>)[name] as Work | undefined;
        const job = method && (Reflect.getMetadata(RUNS, method) as JobDefinition | undefined);
        if (!job) continue;
        if (tasks[job.name]) throw new Error(`Two methods run the job ${job.name}`);
        const schedule = scheduleOf(method);
        const work = schedule ? this.schedules.add(schedule, method.bind(instance)) : method.bind(instance);
        tasks[job.name] = (payload, helpers) => this.runOne(job, payload, helpers, work);
      }
    }
    return tasks;
  }

  private async runOne(
    job: JobDefinition,
    payload: unknown,
    { job: row, abortSignal }: JobHelpers,
    work: Work,
  ): Promise<void> {
    const took = this.metrics.seconds.startTimer({ task: job.name });
    const parent = Carried.parse(payload);
    const active = parent.traceparent ? propagation.extract(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const span = tracer.startSpan(`job ${job.name}`, { kind: SpanKind.CONSUMER }, active);
    const isLastAttempt = row.attempts >= row.max_attempts;
    try {
      await context.with(trace.setSpan(active, span), () =>
        work(job.schema.parse(payload), {
          attempt: row.attempts,
          isLastAttempt,
          signal: AbortSignal.any([this.stopping.signal, this.leased.signal, abortSignal]),
        }),
      );
      took({ outcome: 'done' });
    } catch (error) {
      span.recordException(withoutWords(error) as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      took({ outcome: isLastAttempt ? 'given_up' : 'failed' });
      const facts = { err: error, job: job.name, attempt: row.attempts };
      if (isLastAttempt) this.log.error(facts, 'a job was given up');
      else this.log.warn(facts, 'a job failed');
      throw error;
    } finally {
      span.end();
    }
  }

  private interrupt(): void {
    this.log.warn('jobs are interrupted: the database has not been reached for too long to keep them');
    this.leased.abort(new Error('another process may have taken the job over'));
    this.leased = new AbortController();
  }

  /**
   * graphile-worker tells of new jobs on one channel of the database, so that all services would look for jobs because of each
   * other's. Its channel is left for one of this service's own, on which `Jobs.add` tells. What others add is found by polling.
   */
  private listen(events: EventEmitter): void {
    const channel = wakeChannelOf(this.access);
    let forget = () => {};
    events.on('pool:listen:success', ({ client, workerPool }: { client: PoolClient; workerPool: WorkerPool }) => {
      forget();
      const wake = (message: { channel: string }) => {
        if (message.channel === channel) workerPool.nudge(1);
      };
      client.on('notification', wake);
      // It listens right after this event. A failure is that of the connection, upon which it begins anew.
      process.nextTick(() => client.query(`UNLISTEN "jobs:insert"; LISTEN ${channel}`).catch(() => undefined));
      // A connection that only listens is silent, and would be given up by its socket.
      let asked: Promise<unknown> | undefined;
      const beats = setInterval(() => {
        asked ??= client
          .query('SELECT 1')
          .catch(() => undefined)
          .finally(() => (asked = undefined));
      }, LISTENER_SPEAKS_EVERY_MS);
      beats.unref();
      forget = () => {
        clearInterval(beats);
        client.off('notification', wake);
      };
    });
    // The next one of its queue could not be taken before; nothing else tells of it, and a queue would take one a second.
    events.on('job:complete', ({ job, worker }: { job: Job; worker: Worker }) => {
      if (job.job_queue_id === null) return;
      for (const ms of ENDED_AFTER_MS) setTimeout(() => worker.workerPool.nudge(1), ms).unref();
    });
    for (const end of ['pool:listen:release', 'pool:listen:error', 'pool:release']) events.on(end, () => forget());
  }

  private workerLogger(): WorkerLogger {
    // Its errors about jobs are logged by us with more facts; what remains are connection troubles.
    return new WorkerLogger(() => (level, message) => {
      if (level === 'error' || level === 'warning') this.log.debug({ worker: message }, 'job runner');
    });
  }
}
