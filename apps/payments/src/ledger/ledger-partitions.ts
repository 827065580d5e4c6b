import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';

/** Made ahead, besides that of the present. */
const MONTHS_AHEAD = 2;
/** Behind a long query it gives up rather than let bookings queue up behind it. */
const LOCK_TIMEOUT_MS = 5000;

/** The monthly partitions of the ledger. */
@Injectable()
export class LedgerPartitions implements OnModuleInit {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Nothing can be booked without. */
  onModuleInit(): Promise<void> {
    return this.makeAhead();
  }

  async makeAhead(): Promise<void> {
    const now = this.clock.now();
    // That before as well: clocks differ, and a test may set its own back.
    for (let later = -1; later <= MONTHS_AHEAD; later += 1) await this.make(startOfMonth(now, later));
  }

  /** Attached once it is whole: to create it in its place would lock out whoever books. */
  private async make(month: Date): Promise<void> {
    // A process that starts waits for nobody as long as there is what it needs.
    if (await this.exists(this.db.manager, month)) return;
    await this.alone(async (tx) => {
      if (await this.exists(tx, month)) return;
      await this.create(tx, month);
      await this.attach(tx, month);
    });
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
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('ledger partitions'))`);
  }

  async exists(tx: EntityManager, month: Date): Promise<boolean> {
    const [{ exists }] = await tx.query<[{ exists: boolean }]>(`SELECT to_regclass($1) IS NOT NULL AS exists`, [
      partitionOf(month),
    ]);
    return exists;
  }

  /** @returns the name of the table, which nobody sees until it is attached */
  async create(tx: EntityManager, month: Date): Promise<string> {
    const name = partitionOf(month);
    await tx.query(`CREATE TABLE ${name} (LIKE ledger_entries INCLUDING ALL)`);
    return name;
  }

  async attach(tx: EntityManager, month: Date): Promise<void> {
    const [from, to] = [month, startOfMonth(month, 1)].map((time) => `'${time.toISOString()}'`);
    await tx.query(
      `ALTER TABLE ledger_entries ATTACH PARTITION ${partitionOf(month)} FOR VALUES FROM (${from}) TO (${to})`,
    );
  }

  /** The partition of a month with all that is in it. */
  async drop(tx: EntityManager, month: Date): Promise<void> {
    await tx.query(`ALTER TABLE ledger_entries DETACH PARTITION ${partitionOf(month)}`);
    await tx.query(`DROP TABLE ${partitionOf(month)}`);
  }
}

export const partitionOf = (month: Date) => `ledger_entries_${month.toISOString().slice(0, 7).replace('-', '')}`;

/** The first moment of a month, in UTC. */
export const startOfMonth = (time: Date, later = 0) =>
  new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + later, 1));
