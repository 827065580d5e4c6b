import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import { PgBoss } from 'pg-boss';
import { applied, EVENT_BYTES, serve, type Settings } from '../service/part.mjs';

const CONNECTIONS = 10;
const WORK = {
  localConcurrency: 4,
  batchSize: 250,
  pollingIntervalSeconds: 0.5,
  /** A worker that got a full batch asks for the next one without waiting. */
  burstWhenBatchFull: true,
  /** The end of the jobs is written in the transaction of the handler. */
  transactional: true,
} as const;
export const SETTINGS: Record<string, unknown> = { ...WORK, connections: CONNECTIONS };

const PER_TRANSACTION = 100;
/** What the JSON of a job has around the text, for numbers of usual length. */
const FRAME_BYTES = 71;

interface Payload {
  event_id: string;
  n: number;
  text: string;
}

/** A job queue in Postgres: no broker, one process. */
export async function run({ name, databaseUrl }: Settings): Promise<void> {
  const pool = new Pool({ connectionString: databaseUrl, max: CONNECTIONS });
  const boss = new PgBoss({ connectionString: databaseUrl, max: CONNECTIONS, schedule: false });
  boss.on('error', console.error);
  await boss.start();
  await boss.createQueue(name);

  const text = 'x'.repeat(EVENT_BYTES - FRAME_BYTES);
  let n = 0;
  const place = async (count: number) => {
    const payloads = Array.from({ length: count }, (): Payload => ({ event_id: randomUUID(), n: ++n, text }));
    // What fails ends the process, and its connections roll back.
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query('INSERT INTO shop.orders (event_id) SELECT unnest($1::uuid[])', [
      payloads.map((payload) => payload.event_id),
    ]);
    const jobs = payloads.map((data) => ({ data }));
    await boss.insert(name, jobs, { db: { executeSql: (sql, values) => client.query(sql, values) } });
    await client.query('COMMIT');
    client.release();
  };

  serve({
    async fill({ events }) {
      for (let left = events; left > 0; left -= PER_TRANSACTION) await place(Math.min(PER_TRANSACTION, left));
    },
    async carry() {
      await boss.work<Payload, void, typeof WORK>(name, WORK, async (jobs, tx) => {
        for (const { data } of jobs)
          await tx.executeSql('INSERT INTO warehouse.applied (event_id, n) VALUES ($1, $2)', [data.event_id, data.n]);
        applied(jobs.length);
      });
    },
    async halt() {
      await boss.offWork(name);
    },
  });
}
