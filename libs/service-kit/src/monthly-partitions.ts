import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from './clock';

/** Made ahead, besides that of the present. */
const MONTHS_AHEAD = 2;
/** Behind a long query it gives up rather than let all who use the table queue up behind it. */
const LOCK_TIMEOUT_MS = 5000;

export interface MonthlyPartition {
  readonly name: string;
  readonly from: Date;
  /** The first moment after it. */
  readonly to: Date;
}

/** The partitions by month of a table; each is called by it and its month: `ledger_entries_202611`. */
export class MonthlyPartitions {
  /** Names of those that are known to be there; asked only of young ones, of which no process drops any. */
  private readonly known = new Set<string>();

  constructor(
    private readonly db: DataSource,
    protected readonly clock: Clock,
    private readonly table: string,
  ) {}

  nameOf(month: Date): string {
    return `${this.table}_${month.toISOString().slice(0, 7).replace('-', '')}`;
  }

  /** For the start, and for a schedule. */
  async makeAhead(): Promise<void> {
    const now = this.clock.now();
    // That before as well: clocks differ, and a test may set its own back.
    await this.ensure(Array.from({ length: MONTHS_AHEAD + 2 }, (_, i) => startOfMonth(now, i - 1)));
  }

  /**
   * Makes those of these times that are missing; waits for nobody as long as there are all.
   * @param tx that needs them, where another connection might not be free; without it each is made in a transaction of its own
   */
  async ensure(times: Iterable<Date>, tx?: EntityManager): Promise<void> {
    const months = new Map([...times].map((time) => [this.nameOf(time), startOfMonth(time)]));
    const young = startOfMonth(this.clock.now(), -1);
    for (const [name, month] of months) {
      if (month >= young && this.known.has(name)) continue;
      if (!(await this.exists(tx ?? this.db.manager, month))) {
        if (tx) await this.make(tx, month);
        else await this.db.transaction((own) => this.make(own, month));
      }
      // What another transaction has made may be taken back.
      if (!tx) this.known.add(name);
    }
  }

  private async make(tx: EntityManager, month: Date): Promise<void> {
    await this.lock(tx);
    if (await this.exists(tx, month)) return;
    await this.create(tx, month);
    await this.attach(tx, month);
  }

  alone<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.db.transaction(async (tx) => {
      await this.lock(tx);
      return work(tx);
    });
  }

  /** One at a time changes which partitions there are, until `tx` ends: whatever lasts comes before. */
  async lock(tx: EntityManager): Promise<void> {
    await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await tx.query('SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext($1))', [
      `${this.table} partitions`,
    ]);
  }

  async exists(tx: EntityManager, month: Date): Promise<boolean> {
    // Not by to_regclass, which may remember within a transaction that there was none.
    const [{ exists }] = await tx.query<[{ exists: boolean }]>(
      'SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = $1)',
      [this.nameOf(month)],
    );
    return exists;
  }

  /** @returns the name of the table, which nobody sees until it is attached: to create it in its place would lock everybody out */
  async create(tx: EntityManager, month: Date): Promise<string> {
    const name = this.nameOf(month);
    await tx.query(`CREATE TABLE ${name} (LIKE ${this.table} INCLUDING ALL)`);
    return name;
  }

  async attach(tx: EntityManager, month: Date): Promise<void> {
    const [from, to] = [startOfMonth(month), startOfMonth(month, 1)].map((time) => `'${time.toISOString()}'`);
    await tx.query(
      `ALTER TABLE ${this.table} ATTACH PARTITION ${this.nameOf(month)} FOR VALUES FROM (${from}) TO (${to})`,
    );
  }

  /** That of a month with all that is in it. */
  async drop(tx: EntityManager, month: Date): Promise<void> {
    await tx.query(`DROP TABLE IF EXISTS ${this.nameOf(month)}`);
    this.known.delete(this.nameOf(month));
  }

  /** Those that are there, the oldest first. */
  async list(): Promise<MonthlyPartition[]> {
    const rows = await this.db.query<{ name: string }[]>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = $1::regclass ORDER BY 1`,
      [this.table],
    );
    return rows.map(({ name }) => {
      const from = new Date(`${name.slice(-6, -2)}-${name.slice(-2)}-01T00:00:00Z`);
      return { name, from, to: startOfMonth(from, 1) };
    });
  }
}

/** The first moment of a month, so many months later; in UTC. */
export const startOfMonth = (time: Date, later = 0): Date =>
  new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + later, 1));
