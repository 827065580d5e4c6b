import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { personalFieldsOf } from '@switchboard/contracts';
import {
  type JobHelpers,
  Logger as WorkerLogger,
  makeWorkerUtils,
  run,
  type Runner,
  runMigrations,
  type TaskList,
} from 'graphile-worker';
import { Pool } from 'pg';
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import type { DatabaseAccess } from './database';
import { JobLeases } from './job-leases';
import type { Log } from './log';
import { asService } from './row-security';

/** Work that talks to the outside: added in the transaction that decides on it, done afterwards, tried again when it fails. */
export interface JobDefinition<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly schema: Schema;
}

/** A payload lies in the database as it is: it names the row that holds what is personal, and the row is encrypted. */
export function defineJob<Schema extends z.ZodObject>(name: string, schema: Schema): JobDefinition<Schema> {
  const [field] = personalFieldsOf(schema);
  if (field)
    throw new Error(`The payload of the job ${name} holds a personal field (${field.join('.')}): give it the row's id`);
  return { name, schema };
}

export type PayloadOf<J extends JobDefinition> = z.output<J['schema']>;

export interface JobOptions {
  /** Jobs of one queue run one after the other, in the order they were added. */
  queue?: string;
  /** A job that waits under the same key is replaced and not added beside it. */
  key?: string;
  runAt?: Date;
  maxAttempts?: number;
}

/** What a job's method learns beside its payload. */
export interface JobRun {
  /** 1 on the first try. */
  readonly attempt: number;
  readonly isLastAttempt: boolean;
  /** Aborted when the service stops or has lost its database: finish or give up, the job runs again. */
  readonly signal: AbortSignal;
}

const RUNS = 'switchboard:runs';

/** Marks the method of a provider that does a job: `method(payload, run: JobRun)`. */
export const Runs =
  (job: JobDefinition): MethodDecorator =>
  (_target, _key, descriptor) => {
    Reflect.defineMetadata(RUNS, job, descriptor.value as object);
  };

const Carried = z.looseObject({ traceparent: z.string().optional() });
const tracer = trace.getTracer('switchboard.jobs');
const DEFAULT_MAX_ATTEMPTS = 10;
const STOP_WITHIN_MS = 20_000;
const START_AGAIN_AFTER_MS = 1000;
const CLEAN_EVERY_MS = 6 * 3_600_000;

/** The jobs of one service, in its own schema. */
export class Jobs {
  private readonly pool: Pool;
  private runner: Runner | undefined;
  private running: Promise<void> | undefined;
  private leases: JobLeases | undefined;
  private cleaning: NodeJS.Timeout | undefined;
  private readonly seconds: Histogram<'job' | 'outcome'>;
  private readonly stopping = new AbortController();

  constructor(
    private readonly access: DatabaseAccess,
    private readonly concurrency: number,
    registry: Registry,
    private readonly log: Log,
  ) {
    this.pool = new Pool({
      connectionString: access.url,
      max: concurrency + 2,
      application_name: `${access.schema} jobs`,
    });
    this.pool.on('error', () => undefined); // replaced by the pool
    this.pool.on('connect', (client) => client.on('error', () => undefined)); // told by the query that fails
    this.seconds = new Histogram({
      name: 'job_seconds',
      help: 'Tries of background jobs: how long they took and how they ended.',
      labelNames: ['job', 'outcome'],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300],
      registers: [registry],
    });
    const { pool } = this;
    new Gauge({
      name: 'jobs_waiting',
      help: 'Jobs that wait or are being done, by state.',
      labelNames: ['state'],
      registers: [registry],
      async collect() {
        const { rows } = await pool
          .query<{ state: string; n: string }>(
            `SELECT CASE WHEN locked_at IS NOT NULL THEN 'running' WHEN attempts >= max_attempts THEN 'failed'
                    WHEN attempts > 0 THEN 'retrying' ELSE 'waiting' END AS state, count(*) AS n
             FROM ${access.jobsSchema}.jobs GROUP BY 1`,
          )
          .catch(() => ({ rows: [] }));
        for (const state of ['waiting', 'running', 'retrying', 'failed']) this.set({ state }, 0);
        for (const row of rows) this.set({ state: row.state }, Number(row.n));
      },
    });
  }

  /** Adds a job that runs after `tx` commits, and only then. */
  async add<Schema extends z.ZodObject>(
    tx: EntityManager,
    job: JobDefinition<Schema>,
    payload: z.input<Schema>,
    options: JobOptions = {},
  ): Promise<void> {
    const carried: Record<string, unknown> = { ...job.schema.parse(payload) };
    propagation.inject(context.active(), carried);
    await asService(tx, () =>
      tx.query(
        `SELECT FROM ${this.access.jobsSchema}.add_job($1, $2::json, queue_name => $3, run_at => $4, max_attempts => $5, job_key => $6)`,
        [
          job.name,
          JSON.stringify(carried),
          options.queue ?? null,
          options.runAt ?? null,
          options.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
          options.key ?? null,
        ],
      ),
    );
  }

  async migrate(): Promise<void> {
    // graphile-worker would begin with CREATE SCHEMA IF NOT EXISTS, which needs a right that the role does not have
    // even though the schema exists; with this table in place it goes straight to its migrations.
    await this.pool.query(
      `CREATE TABLE IF NOT EXISTS ${this.access.jobsSchema}.migrations
       (id int PRIMARY KEY, ts timestamptz NOT NULL DEFAULT now(), breaking boolean NOT NULL DEFAULT false)`,
    );
    await runMigrations({ pgPool: this.pool, schema: this.access.jobsSchema, logger: this.workerLogger() });
  }

  /** Finds the methods marked with `@Runs` and begins to work. */
  async start(discovery: DiscoveryService, scanner: MetadataScanner): Promise<void> {
    const taskList = this.findTasks(discovery, scanner);
    if (Object.keys(taskList).length === 0) return;
    this.leases = new JobLeases(this.access, this.log);
    await this.leases.start();
    this.running = this.keepRunning(taskList, await this.begin(taskList));
    // graphile-worker keeps a row for each queue name ever used; ours are one per chat.
    const utils = await makeWorkerUtils({
      pgPool: this.pool,
      schema: this.access.jobsSchema,
      logger: this.workerLogger(),
    });
    this.cleaning = setInterval(() => {
      void utils
        .cleanup({ tasks: ['GC_JOB_QUEUES', 'GC_TASK_IDENTIFIERS'] })
        .catch((error: unknown) => this.log.warn({ err: error }, 'names of old job queues were not removed'));
    }, CLEAN_EVERY_MS);
    this.cleaning.unref();
  }

  /** Lets running jobs finish, tells them to hurry, and gives back what they cannot finish. */
  async stop(): Promise<void> {
    clearInterval(this.cleaning);
    this.stopping.abort();
    const stopped = this.runner?.stop().catch(() => undefined); // it has stopped by itself
    // What hangs for longer is left to whoever takes over, as after a kill.
    await Promise.race([Promise.all([stopped, this.running]), sleep(STOP_WITHIN_MS, undefined, { ref: false })]);
    await this.leases?.stop();
    await this.pool.end();
  }

  private async begin(taskList: TaskList): Promise<Runner> {
    const events = new EventEmitter();
    // Jobs are locked in the name of the pool, not of the single worker.
    let pool = '';
    events.on('pool:create', ({ workerPool }: { workerPool: { id: string } }) => {
      pool = workerPool.id;
      this.leases?.add(pool);
    });
    events.on('pool:release', () => this.leases?.remove(pool));
    this.runner = await run({
      pgPool: this.pool,
      schema: this.access.jobsSchema,
      concurrency: this.concurrency,
      noHandleSignals: true,
      pollInterval: 1000,
      preset: {
        worker: {
          // One look for the whole pool. Otherwise each worker looks every second, and at each NOTIFY of any service.
          localQueue: { size: 4, ttl: 500 },
          // With no delay at all nobody hears that the end of a job could not be written, and the process would end.
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
      taskList,
      events,
      logger: this.workerLogger(),
    });
    return this.runner;
  }

  /** The runner stops when it cannot write how a job ended. Then another one follows, and the job runs again. */
  private async keepRunning(taskList: TaskList, first: Runner): Promise<void> {
    const { signal } = this.stopping;
    for (let runner: Runner | undefined = first; !signal.aborted; runner = undefined) {
      try {
        runner ??= await this.begin(taskList);
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
        const method = (instance as Record<string, unknown>)[name] as
          ((payload: unknown, run: JobRun) => Promise<void>) | undefined;
        const job = method && (Reflect.getMetadata(RUNS, method) as JobDefinition | undefined);
        if (!job) continue;
        if (tasks[job.name]) throw new Error(`Two methods run the job ${job.name}`);
        tasks[job.name] = (payload, helpers) => this.runOne(job, payload, helpers, method.bind(instance));
      }
    }
    return tasks;
  }

  private async runOne(
    job: JobDefinition,
    payload: unknown,
    { job: row, abortSignal }: JobHelpers,
    work: (payload: unknown, run: JobRun) => Promise<void>,
  ): Promise<void> {
    const took = this.seconds.startTimer({ job: job.name });
    const parent = Carried.parse(payload);
    const active = parent.traceparent ? propagation.extract(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const span = tracer.startSpan(`job ${job.name}`, { kind: SpanKind.CONSUMER }, active);
    const isLastAttempt = row.attempts >= row.max_attempts;
    try {
      await context.with(trace.setSpan(active, span), () =>
        work(job.schema.parse(payload), {
          attempt: row.attempts,
          isLastAttempt,
          signal: AbortSignal.any([this.stopping.signal, abortSignal]),
        }),
      );
      took({ outcome: 'done' });
    } catch (error) {
      span.recordException(error as Error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      took({ outcome: isLastAttempt ? 'given_up' : 'failed' });
      this.log.warn({ err: error, job: job.name, attempt: row.attempts, isLastAttempt }, 'a job failed');
      throw error;
    } finally {
      span.end();
    }
  }

  private workerLogger(): WorkerLogger {
    // Its errors about jobs are logged by us with more facts; what remains are connection troubles.
    return new WorkerLogger(() => (level, message) => {
      if (level === 'error' || level === 'warning') this.log.debug({ worker: message }, 'job runner');
    });
  }
}
