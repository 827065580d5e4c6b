import type { Pool } from 'pg';
import { Gauge, Histogram, type Registry } from 'prom-client';
import { countJobs, JOB_STATES } from './jobs';

/** What the jobs of one service tell Prometheus, by their name. The label is no `job`: Prometheus means what it scrapes by that. */
export class JobMetrics {
  readonly seconds: Histogram<'task' | 'outcome'>;

  /** @param jobs the names of those that this service runs */
  constructor(registry: Registry, pool: Pool, schema: string, jobs: () => readonly string[]) {
    const registers = [registry];
    this.seconds = new Histogram({
      name: 'job_seconds',
      help: 'Tries of background jobs: how long they took and how they ended.',
      labelNames: ['task', 'outcome'],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300],
      registers,
    });
    new Gauge({
      name: 'jobs_waiting',
      help: 'Jobs that wait or are being done, by state.',
      labelNames: ['state'],
      registers,
      async collect() {
        const rows = await ask<{ state: string; n: number }>(pool, countJobs(schema));
        for (const state of JOB_STATES) this.set({ state }, 0);
        for (const row of rows) this.set({ state: row.state }, row.n);
      },
    });
    new Gauge({
      name: 'jobs_oldest_due_seconds',
      help: 'For how long the oldest job of each name has been due without being begun; 0 when none is.',
      labelNames: ['task'],
      registers,
      async collect() {
        // Not the view `jobs`, which hides what has no row in the table of names.
        const rows = await ask<{ job: string; seconds: string }>(
          pool,
          `SELECT coalesce(task.identifier, 'unknown') AS job, extract(epoch FROM now() - min(job.run_at)) AS seconds
           FROM ${schema}._private_jobs job LEFT JOIN ${schema}._private_tasks task ON task.id = job.task_id
           WHERE job.is_available AND job.run_at <= now() GROUP BY 1`,
        );
        this.reset();
        for (const job of jobs()) this.set({ task: job }, 0);
        for (const { job, seconds } of rows) this.set({ task: job }, Number(seconds));
      },
    });
  }
}

/** A scrape must answer while the database is away. */
async function ask<Row extends object>(pool: Pool, sql: string): Promise<Row[]> {
  try {
    return (await pool.query<Row>(sql)).rows;
  } catch {
    return [];
  }
}
