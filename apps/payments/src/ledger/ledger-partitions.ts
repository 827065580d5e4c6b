import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';

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
    const name = `ledger_entries_${month.toISOString().slice(0, 7).replace('-', '')}`;
    const [from, to] = [month, startOfMonth(month, 1)].map((time) => `'${time.toISOString()}'`);
    await this.db.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('ledger partitions'))`);
      await tx.query(`
        DO $$ BEGIN
          IF to_regclass('${name}') IS NULL THEN
            CREATE TABLE ${name} (LIKE ledger_entries INCLUDING ALL);
            ALTER TABLE ledger_entries ATTACH PARTITION ${name} FOR VALUES FROM (${from}) TO (${to});
          END IF;
        END $$`);
    });
  }
}

const startOfMonth = (time: Date, later = 0) =>
  new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + later, 1));
