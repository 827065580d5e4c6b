import { LockSession, type PeriodicTask, type PeriodicTasks, type RunningTask } from '@switchboard/bus';
import type { EntityManager } from 'typeorm';
import type { DatabaseAccess } from './database';
import type { Log } from './log';

/** For as long as this process leads. */
export interface Leadership {
  readonly name: string;
  /** Greater with each change of the leader, so that what an older one writes can be told from what a newer one does. */
  readonly token: number;
  /** Aborted when this process leads no longer. */
  readonly signal: AbortSignal;
}

/** Begun whenever this process comes to lead, and expected to end soon after its signal is aborted. */
export type Lead = (leadership: Leadership) => Promise<void> | void;

/** Another process leads by now. */
export class LeadershipLost extends Error {
  override readonly name = 'LeadershipLost';
}

interface Term {
  readonly leadership: Leadership;
  readonly end: AbortController;
  readonly session: LockSession;
  readonly work: Promise<unknown>;
}

export const ElectLeaders: PeriodicTask = {
  name: 'elect-leaders',
  everyMs: 2000,
  purpose: 'Tries to lead what no process leads.',
};
/** How long one look waits for a transaction that the last leader has confirmed. */
const CONFIRMED_MS = 1000;

/**
 * Of the processes of a service one leads each name: it alone does what only one may do. Who holds the name's advisory lock
 * leads; a leader that dies is followed within two seconds, one that is frozen or cut off within ten (LockSession). It stops
 * to lead before another begins, unless it is frozen: what must not be done twice even then is done in a transaction that asks
 * `confirm` first.
 */
export class LeaderElection {
  private readonly candidates = new Map<string, Lead>();
  private readonly terms = new Map<string, Term>();
  private session: LockSession | undefined;
  private task: RunningTask | undefined;

  constructor(
    private readonly access: DatabaseAccess,
    private readonly tasks: PeriodicTasks,
    private readonly log: Log,
  ) {}

  /** From now on this process may come to lead `name`; whenever it does, `lead` begins. */
  stand(name: string, lead: Lead): void {
    if (this.candidates.has(name)) throw new Error(`This process stands for ${name} already`);
    this.candidates.set(name, lead);
    this.task?.wake();
  }

  /** Leaves `name` to others; resolves when what was begun for it has ended. */
  async withdraw(name: string): Promise<void> {
    this.candidates.delete(name);
    await this.release(name);
  }

  /** The present term of this process, if it leads `name`. */
  leadershipOf(name: string): Leadership | undefined {
    const term = this.terms.get(name);
    return term?.session.isAlive && !term.end.signal.aborted ? term.leadership : undefined;
  }

  leads(name: string): boolean {
    return this.leadershipOf(name) !== undefined;
  }

  /** Throws LeadershipLost if there is a newer leader; until `tx` ends there will be none. */
  async confirm(tx: EntityManager, { name, token }: Leadership): Promise<void> {
    const rows: unknown[] = await tx.query('SELECT FROM leaders WHERE name = $1 AND token = $2 FOR SHARE', [
      name,
      token,
    ]);
    if (rows.length === 0) throw new LeadershipLost(`another process leads ${name}`);
  }

  start(): void {
    this.task ??= this.tasks.start(ElectLeaders, { run: () => this.look() });
  }

  /** Leads nothing any more, waits for what was begun, and leaves the names to others. */
  async stop(): Promise<void> {
    await this.task?.stop();
    await this.releaseAll();
    await this.session?.close();
  }

  private async look(): Promise<void> {
    if (this.candidates.size === 0) return;
    const session = await this.livingSession();
    const names = [...this.candidates.keys()].filter((name) => !this.terms.has(name));
    if (names.length === 0) return;
    const won = await session.query<{ name: string }>({
      text: `SELECT name FROM unnest($1::text[]) AS name WHERE pg_try_advisory_lock(${lockOf('name')})`,
      values: [names],
    });
    for (const { name } of won) {
      try {
        this.begin(session, name, await this.nextToken(session, name));
      } catch (error) {
        // A transaction of the last leader is not over.
        this.log.warn({ err: error, name }, 'this process does not lead yet');
        await this.unlock(session, name);
      }
    }
  }

  private async nextToken(session: LockSession, name: string): Promise<number> {
    const [row] = await session.query<{ token: string }>({
      text: `INSERT INTO leaders (name, token, since) VALUES ($1, 1, now())
             ON CONFLICT (name) DO UPDATE SET token = leaders.token + 1, since = now() RETURNING token`,
      values: [name],
    });
    return Number(row!.token);
  }

  private async livingSession(): Promise<LockSession> {
    if (this.session && !this.session.lost.aborted) return this.session;
    this.session = undefined;
    const session = await LockSession.open({ connectionString: this.access.url }, `${this.access.schema} leaders`);
    session.lost.addEventListener('abort', () => void this.releaseAll(), { once: true });
    this.session = session;
    await session.query(`SET lock_timeout = ${CONFIRMED_MS}`);
    return session;
  }

  private begin(session: LockSession, name: string, token: number): void {
    const lead = this.candidates.get(name);
    // Withdrawn meanwhile.
    if (!lead) return void this.unlock(session, name);
    const end = new AbortController();
    const leadership = { name, token, signal: end.signal };
    const work = (async () => lead(leadership))().catch((error: unknown) => {
      if (!end.signal.aborted) this.log.error({ err: error, name }, 'what the leader does has failed');
      void this.release(name);
    });
    this.terms.set(name, { leadership, end, session, work });
    this.log.debug({ name, token }, 'this process leads');
  }

  private async releaseAll(): Promise<void> {
    await Promise.all([...this.terms.keys()].map((name) => this.release(name)));
  }

  private async release(name: string): Promise<void> {
    const term = this.terms.get(name);
    if (!term) return;
    term.end.abort();
    await term.work;
    if (this.terms.get(name) !== term) return;
    // Not before: this process must not begin anew beside what it has not ended.
    this.terms.delete(name);
    await this.unlock(term.session, name);
  }

  private async unlock(session: LockSession, name: string): Promise<void> {
    if (session.lost.aborted) return;
    await session
      .query({ text: `SELECT pg_advisory_unlock(${lockOf('$1')})`, values: [name] })
      .catch((error: unknown) => this.log.debug({ err: error, name }, 'the lock of a leader was not given back'));
  }
}

const lockOf = (name: string) => `hashtextextended('leader ' || current_schema() || '.' || ${name}, 0)`;
