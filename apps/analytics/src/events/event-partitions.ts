import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';

/** Made ahead, besides that of the present. */
const MONTHS_AHEAD = 2;
/** Behind a long query it gives up rather than let the store queue up behind it. */
const LOCK_TIMEOUT_MS = 5000;

/** The first moment of a month, so many months later. */
const startOfMonth = (time: Date, later = 0) =>
  new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + later, 1));
const nameOfPartition = (month: Date) => `events_${month.toISOString().slice(0, 7).replace('-', '')}`;

export interface EventPartition {
  readonly name: string;
  readonly from: Date;
  /** The first moment after it. */
  readonly to: Date;
}

/** The monthly partitions of `events`. */
@Injectable()
export class EventPartitions {
  /** Months known to be there; asked only of young ones, of which no process drops any. */
  private readonly known = new Set<string>();

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Makes the partition of each of these times that is missing. In transactions of their own: events come in meanwhile. */
  async ensure(times: Iterable<Date>): Promise<void> {
    const months = new Map([...times].map((time) => [nameOfPartition(time), startOfMonth(time)]));
    const young = startOfMonth(this.clock.now(), -1);
    for (const [name, month] of months) {
      if (month >= young && this.known.has(name)) continue;
      await this.make(name, month);
      this.known.add(name);
    }
  }

  /** For a schedule. */
  async makeAhead(): Promise<void> {
    const now = this.clock.now();
    await this.ensure(Array.from({ length: MONTHS_AHEAD + 1 }, (_, later) => startOfMonth(now, later)));
  }

  /** Those that are there, the oldest first. */
  async list(): Promise<EventPartition[]> {
    const rows = await this.db.query<{ name: string }[]>(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'events'::regclass ORDER BY 1`,
    );
    return rows.map(({ name }) => {
      const from = new Date(`${name.slice(-6, -2)}-${name.slice(-2)}-01T00:00:00Z`);
      return { name, from, to: startOfMonth(from, 1) };
    });
  }

  async drop({ name }: EventPartition): Promise<void> {
    await this.change(`DROP TABLE IF EXISTS ${name}`);
  }

  /** Attached once it is whole: to create it in its place would lock out whoever reads or writes. */
  private make(name: string, month: Date): Promise<void> {
    const [from, to] = [month, startOfMonth(month, 1)].map((time) => `'${time.toISOString()}'`);
    return this.change(`
      DO $$ BEGIN
        IF to_regclass('${name}') IS NULL THEN
          CREATE TABLE ${name} (LIKE events INCLUDING ALL);
          ALTER TABLE events ATTACH PARTITION ${name} FOR VALUES FROM (${from}) TO (${to});
        END IF;
      END $$`);
  }

  private async change(sql: string): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('event partitions'))`);
      await tx.query(sql);
    });
  }
}
