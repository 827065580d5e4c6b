import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseAccess } from './database';
import type { Log } from './log';

const LOOK_EVERY_MS = 2000;

/**
 * graphile-worker gives back the jobs of a killed process only after four hours. Here each worker holds an advisory
 * lock for as long as its process lives; jobs whose worker holds none, seen twice in a row, are free again.
 */
export class JobLeases {
  private readonly workers = new Set<string>();
  private readonly stopping = new AbortController();
  private suspects = new Set<string>();
  private client: Client | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly access: DatabaseAccess,
    private readonly log: Log,
  ) {}

  async start(): Promise<void> {
    await this.look();
    this.running = this.loop();
  }

  add(worker: string): void {
    this.workers.add(worker);
    if (this.client) void this.hold(this.client, worker).catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    await this.client?.end().catch(() => undefined);
  }

  private async loop(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) return;
      try {
        await this.look();
      } catch (error) {
        this.log.debug({ err: error }, 'the leases of jobs were not checked');
        await this.client?.end().catch(() => undefined);
        this.client = undefined;
      }
    }
  }

  private async look(): Promise<void> {
    const client = (this.client ??= await this.connect());
    const { rows } = await client.query<{ worker: string }>(
      `SELECT DISTINCT locked_by AS worker FROM ${this.access.jobsSchema}.jobs WHERE locked_by IS NOT NULL
         AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
           AND classid::bigint = (hashtext('job worker')::bigint & 4294967295)
           AND objid::bigint = (hashtext(locked_by)::bigint & 4294967295)
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
    );
    const lost = rows.map((row) => row.worker).filter((worker) => !this.workers.has(worker));
    const dead = lost.filter((worker) => this.suspects.has(worker));
    this.suspects = new Set(lost);
    if (dead.length === 0) return;
    this.log.warn({ workers: dead.length }, 'jobs of a lost process are taken over');
    await client.query(`SELECT ${this.access.jobsSchema}.force_unlock_workers($1::text[])`, [dead]);
  }

  private async connect(): Promise<Client> {
    const client = new Client({ connectionString: this.access.url, application_name: `${this.access.schema} job leases` });
    client.on('error', () => {
      if (this.client === client) this.client = undefined;
    });
    await client.connect();
    for (const worker of this.workers) await this.hold(client, worker);
    return client;
  }

  private async hold(client: Client, worker: string): Promise<void> {
    await client.query(`SELECT pg_advisory_lock_shared(hashtext('job worker'), hashtext($1))`, [worker]);
  }
}
