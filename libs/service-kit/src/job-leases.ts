import { LockSession, type PeriodicTask, type PeriodicTasks, type RunningTask } from '@switchboard/bus';
import type { DatabaseAccess } from './database';
import { leaseSessionOf } from './jobs';
import type { Log } from './log';

export const RenewJobLeases: PeriodicTask = {
  name: 'renew-job-leases',
  everyMs: 2000,
  purpose: 'Holds the jobs of this process, and frees those of one that is gone.',
};
/** Others free our jobs two looks after the server has ended our session (LockSession), so after ten seconds at the earliest. */
const EXPIRES_AFTER_MS = 9000;

/**
 * graphile-worker gives back the jobs of a killed process only after four hours. Here each worker holds an advisory
 * lock for as long as its process lives; jobs whose worker holds none, seen twice in a row, are free again.
 */
export class JobLeases {
  private readonly workers = new Set<string>();
  /** Those whose locks are on the present session. */
  private readonly held = new Set<string>();
  private suspects = new Set<string>();
  private session: LockSession | undefined;
  private task: RunningTask | undefined;
  private expiry: NodeJS.Timeout | undefined;

  /** @param onExpired called when others may soon take the jobs that are being done here */
  constructor(
    private readonly access: DatabaseAccess,
    private readonly tasks: PeriodicTasks,
    private readonly log: Log,
    private readonly onExpired: () => void,
  ) {}

  async start(): Promise<void> {
    await this.look();
    this.task = this.tasks.start(RenewJobLeases, { firstAfterMs: RenewJobLeases.everyMs, run: () => this.lookAgain() });
  }

  /** A worker that begins to take jobs from now on. */
  add(worker: string): void {
    this.workers.add(worker);
    // The next look tries again.
    if (this.session) this.hold(this.session).catch(() => undefined);
  }

  /** A worker that takes no more jobs; what it still holds is free after the next looks. */
  remove(worker: string): void {
    this.workers.delete(worker);
  }

  async stop(): Promise<void> {
    await this.task?.stop();
    clearTimeout(this.expiry);
    await this.session?.close();
  }

  private async lookAgain(): Promise<void> {
    try {
      await this.look();
    } catch (error) {
      const { session } = this;
      this.session = undefined;
      await session?.close();
      throw error;
    }
  }

  private async look(): Promise<void> {
    if (!this.session || this.session.lost.aborted) {
      this.held.clear();
      this.session = await LockSession.open({ connectionString: this.access.url }, leaseSessionOf(this.access));
    }
    await this.hold(this.session);
    const askedAt = performance.now();
    const rows = await this.session.query<{ worker: string }>(
      `SELECT DISTINCT locked_by AS worker FROM ${this.access.jobsSchema}._private_jobs WHERE locked_by IS NOT NULL
         AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
           AND classid::bigint = (hashtext('job worker')::bigint & 4294967295)
           AND objid::bigint = (hashtext(locked_by)::bigint & 4294967295)
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
    );
    clearTimeout(this.expiry);
    this.expiry = setTimeout(this.onExpired, askedAt + EXPIRES_AFTER_MS - performance.now()).unref();
    const lost = rows.map((row) => row.worker).filter((worker) => !this.workers.has(worker));
    const dead = lost.filter((worker) => this.suspects.has(worker));
    this.suspects = new Set(lost);
    if (dead.length === 0) return;
    this.log.warn({ workers: dead.length }, 'jobs of a lost process are taken over');
    await this.session.query({
      text: `SELECT ${this.access.jobsSchema}.force_unlock_workers($1::text[])`,
      values: [dead],
    });
  }

  private async hold(session: LockSession): Promise<void> {
    for (const worker of this.held) {
      if (this.workers.has(worker)) continue;
      await session.query({
        text: `SELECT pg_advisory_unlock_shared(hashtext('job worker'), hashtext($1))`,
        values: [worker],
      });
      this.held.delete(worker);
    }
    const fresh = [...this.workers].filter((worker) => !this.held.has(worker));
    if (fresh.length === 0) return;
    for (const worker of fresh) this.held.add(worker);
    try {
      await session.query({
        text: `SELECT pg_advisory_lock_shared(hashtext('job worker'), hashtext(worker)) FROM unnest($1::text[]) AS worker`,
        values: [fresh],
      });
    } catch (error) {
      for (const worker of fresh) this.held.delete(worker);
      throw error;
    }
  }
}
