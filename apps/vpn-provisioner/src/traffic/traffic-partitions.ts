import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';

/** Made ahead, besides that of the present. */
const MONTHS_AHEAD = 2;
/** People look back 92 days, and anomalies less. */
const MONTHS_KEPT = 4;
/** Behind a long query it gives up rather than let what is counted queue up behind it. */
const LOCK_TIMEOUT_MS = 5000;

/** The monthly partitions of `traffic_hours`. */
@Injectable()
export class TrafficPartitions implements OnModuleInit {
  /** Names of those that are known to be there; others are looked for each time. */
  private readonly known = new Set<string>();

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Nothing can be counted without. */
  onModuleInit(): Promise<void> {
    return this.tend();
  }

  /** Makes that of a time should it be missing, in the transaction that needs it: another connection might not be free. */
  async ensure(tx: EntityManager, time: Date): Promise<void> {
    if (!this.known.has(nameOf(time))) await this.make(tx, startOfMonth(time));
  }

  /** Makes those of the months to come, and drops those that nobody looks at any more. */
  async tend(): Promise<void> {
    const now = this.clock.now();
    for (let later = -1; later <= MONTHS_AHEAD; later += 1) {
      const month = startOfMonth(now, later);
      await this.db.transaction((tx) => this.make(tx, month));
      this.known.add(nameOf(month));
    }
    const oldest = nameOf(startOfMonth(now, -MONTHS_KEPT));
    const rows = await this.db.query<{ name: string }[]>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'traffic_hours'::regclass ORDER BY 1`,
    );
    for (const { name } of rows) {
      if (name >= oldest) continue;
      await this.db.transaction((tx) => this.change(tx, `DROP TABLE IF EXISTS ${name}`));
      this.known.delete(name);
    }
  }

  /** Attached once it is whole: to create it in its place would lock out whoever counts. */
  private make(tx: EntityManager, month: Date): Promise<void> {
    const name = nameOf(month);
    const [from, to] = [month, startOfMonth(month, 1)].map((time) => `'${time.toISOString()}'`);
    return this.change(
      tx,
      `DO $$ BEGIN
         IF to_regclass('${name}') IS NULL THEN
           CREATE TABLE ${name} (LIKE traffic_hours INCLUDING ALL);
           ALTER TABLE traffic_hours ATTACH PARTITION ${name} FOR VALUES FROM (${from}) TO (${to});
         END IF;
       END $$`,
    );
  }

  private async change(tx: EntityManager, sql: string): Promise<void> {
    await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('traffic partitions'))`);
    await tx.query(sql);
  }
}

const startOfMonth = (time: Date, later = 0) =>
  new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + later, 1));
const nameOf = (month: Date) => `traffic_hours_${month.toISOString().slice(0, 7).replace('-', '')}`;
