import { randomUUID } from 'node:crypto';
import { Logger, run, type Runner, runMigrations, type TaskList } from 'graphile-worker';
import { Pool } from 'pg';
import { applied, EVENT_BYTES, serve, type Settings } from './part.mjs';

/** Fewer and more jobs at a time were slower. */
const WORKER = {
  concurrentJobs: 16,
  /** The workers share one look for jobs and one statement that ends them. */
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};
/** The library needs some beside the jobs: to listen, to fetch and to complete. */
const CONNECTIONS = WORKER.concurrentJobs + 3;
export const SETTINGS: Record<string, unknown> = { ...WORKER, connections: CONNECTIONS };

const PER_TRANSACTION = 100;
/** What the JSON of a job has around the text, for numbers of usual length. */
const FRAME_BYTES = 71;

interface Job {
  event_id: string;
  n: number;
  text: string;
}

/**
 * A job queue in Postgres: no broker, one process. The end of a job is written apart from what the job did, so a crash may
 * repeat the effect, which an inbox would prevent.
 */
export async function graphileWorker({ name, databaseUrl }: Settings): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  pool.on('error', console.error);
  pool.on('connect', (client) => client.on('error', console.error));
  const logger = new Logger(() => (level, message) => {
    if (level === 'error' || level === 'warning') console.error(message);
  });
  await runMigrations({ pgPool: pool, logger });

  const text = 'x'.repeat(EVENT_BYTES - FRAME_BYTES);
  let n = 0;
  const place = async (count: number) => {
    const jobs = Array.from({ length: count }, (): Job => ({ event_id: randomUUID(), n: ++n, text }));
    // What fails ends the process, and its connections roll back.
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('INSERT INTO shop.orders (event_id) SELECT unnest($1::uuid[])', [
      jobs.map((job) => job.event_id),
    ]);
    await client.query(ADD_JOBS, [name, JSON.stringify(jobs)]);
    await client.query('COMMIT');
    client.release();
  };

  const taskList: TaskList = {
    async [name](payload, { query }) {
      const { event_id, n } = payload as Job;
      await query('INSERT INTO warehouse.applied (event_id, n) VALUES ($1, $2)', [event_id, n]);
      applied(1);
    },
  };
  let runner: Runner | undefined;
  serve({
    async fill({ events }) {
      for (let left = events; left > 0; left -= PER_TRANSACTION) await place(Math.min(PER_TRANSACTION, left));
    },
    async carry() {
      runner = await run({ pgPool: pool, taskList, logger, noHandleSignals: true, preset: { worker: WORKER } });
    },
    async halt() {
      await runner?.stop();
    },
  });
}

const ADD_JOBS = `
  SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
    SELECT json_populate_record(NULL::graphile_worker.job_spec, json_build_object('identifier', $1::text, 'payload', job))
    FROM json_array_elements($2::json) AS job))`;
