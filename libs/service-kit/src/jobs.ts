import { context, propagation } from '@opentelemetry/api';
import { personalFieldsOf } from '@switchboard/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import type { DatabaseAccess } from './database';
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
  /** `chat:42`. Jobs of one queue run one after the other, in the order they were added. */
  queue?: string;
  /** Queues whose names begin alike, up to the colon, do so many jobs at once together, in all processes. */
  atOnce?: number;
  /** A job that waits under the same key is replaced and not added beside it. */
  key?: string;
  /** How long after the beginning of the transaction it is due, by the clock of the database. */
  delayMs?: number;
  maxAttempts?: number;
  /** Of those that are due it comes after all that are not. */
  yields?: boolean;
}

/** What a job's method learns beside its payload. */
export interface JobRun {
  /** 1 on the first try. */
  readonly attempt: number;
  readonly isLastAttempt: boolean;
  /** Aborted when the service stops or has lost its database: finish or give up, the job runs again. */
  readonly signal: AbortSignal;
}

/** What a method marked with `@Runs` does. */
export type Work = (payload: unknown, run: JobRun) => Promise<void>;

export const RUNS = 'switchboard:runs';

/** Marks the method of a provider that does a job: `method(payload, run: JobRun)`. */
export const Runs =
  (job: JobDefinition): MethodDecorator =>
  (_target, _key, descriptor) => {
    Reflect.defineMetadata(RUNS, job, descriptor.value as object);
  };

const DEFAULT_MAX_ATTEMPTS = 10;
/** Of graphile-worker: what is lower goes first, and 0 is the usual one. */
const YIELDING = 10;

/**
 * A job that is added again while it is being done loses its key to the new one, and is marked by graphile-worker as tried for the
 * last time. When it does not end well nothing is lost: what it stood for is done by the other. Tells such rows of `_private_jobs`.
 */
export const WAS_REPLACED = `(key IS NULL AND payload->>'_key' IS NOT NULL)`;

/** In `pg_stat_activity` the session by which a process holds its jobs; see JobLeases. */
export const leaseSessionOf = ({ schema }: DatabaseAccess): string => `${schema} job leases`;

/** Where those are woken who do the jobs of a service; see JobRunner. */
export const wakeChannelOf = ({ jobsSchema }: DatabaseAccess): string => `${jobsSchema}_added`;

/** How many jobs there are in each state; those that were replaced are no more. */
export const countJobs = (schema: string): string =>
  `SELECT CASE WHEN locked_at IS NOT NULL THEN 'running' WHEN attempts >= max_attempts THEN 'failed'
     WHEN attempts > 0 THEN 'retrying' ELSE 'waiting' END AS state, count(*)::int AS n
   FROM ${schema}._private_jobs WHERE locked_at IS NOT NULL OR NOT ${WAS_REPLACED} GROUP BY 1`;
export const JOB_STATES = ['waiting', 'running', 'retrying', 'failed'] as const;
export type JobCounts = Record<(typeof JOB_STATES)[number], number>;

/** The jobs of one service, in its own schema. */
export class Jobs {
  constructor(private readonly access: DatabaseAccess) {}

  /** Adds a job that runs after `tx` commits, and only then. */
  async add<Schema extends z.ZodObject>(
    tx: EntityManager,
    job: JobDefinition<Schema>,
    payload: z.input<Schema>,
    options: JobOptions = {},
  ): Promise<void> {
    const { queue, atOnce, key, delayMs = 0, maxAttempts = DEFAULT_MAX_ATTEMPTS, yields = false } = options;
    const carried: Record<string, unknown> = {
      ...job.schema.parse(payload),
      ...(queue !== undefined && { _queue: queue, ...(atOnce !== undefined && { _atOnce: atOnce }) }),
      ...(key !== undefined && { _key: key }),
    };
    propagation.inject(context.active(), carried);
    const add = queue === undefined ? 'add_job' : 'add_job_in_queue';
    const wake = delayMs > 0 ? '' : `, pg_notify('${wakeChannelOf(this.access)}', '')`;
    await asService(tx, () =>
      tx.query(
        `SELECT FROM ${this.access.jobsSchema}.${add}($1, $2::json,
           run_at => now() + $3 * interval '1 millisecond', max_attempts => $4, job_key => $5, priority => $6)${wake}`,
        [job.name, JSON.stringify(carried), delayMs, maxAttempts, key ?? null, yields ? YIELDING : 0],
      ),
    );
  }

  /** Takes back the job that waits under a key, when `tx` commits. One that is being done goes on, and is not tried again. */
  async remove(tx: EntityManager, key: string): Promise<void> {
    await asService(tx, () => tx.query(`SELECT FROM ${this.access.jobsSchema}.remove_job($1)`, [key]));
  }

  /** Of these keys, those whose job waits or is being done: the others' jobs have ended, or were given up. */
  async alive(tx: EntityManager, keys: readonly string[]): Promise<Set<string>> {
    const rows: { key: string }[] = await tx.query(
      `SELECT key FROM ${this.access.jobsSchema}.jobs
       WHERE key = ANY ($1) AND (locked_at IS NOT NULL OR attempts < max_attempts)`,
      [keys],
    );
    return new Set(rows.map(({ key }) => key));
  }

  async counts(db: DataSource): Promise<JobCounts> {
    const rows: { state: keyof JobCounts; n: number }[] = await db.query(countJobs(this.access.jobsSchema));
    return {
      waiting: 0,
      running: 0,
      retrying: 0,
      failed: 0,
      ...Object.fromEntries(rows.map(({ state, n }) => [state, n])),
    };
  }

  /** How many processes do jobs of the service now: each holds a session for its leases. */
  async processes(db: DataSource): Promise<number> {
    const [row]: { n: number }[] = await db.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1`,
      [leaseSessionOf(this.access)],
    );
    return row!.n;
  }

  /** Deletes jobs that were given up so long ago, whatever their names, and what is left of those that were replaced. */
  async forgetGivenUp(tx: EntityManager, days: number): Promise<void> {
    await tx.query(
      `DELETE FROM ${this.access.jobsSchema}._private_jobs
       WHERE attempts >= max_attempts AND locked_at IS NULL AND (run_at < now() - make_interval(days => $1) OR ${WAS_REPLACED})`,
      [days],
    );
  }
}
