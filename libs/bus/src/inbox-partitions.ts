import { DatabaseError } from 'pg';
import { type DataSource, QueryFailedError } from 'typeorm';

const DAY_MS = 86_400_000;
/** Making and dropping partitions stops all consumers for a moment; behind a slow handler it gives up rather than let them queue. */
const LOCK_TIMEOUT_MS = 5000;

/** How far back an event may arrive and still be told from a repeated one. */
export const RETENTION_DAYS = 7;
/** Partitions made ahead; also how far a sender's clock may run ahead of ours. */
const DAYS_AHEAD = 3;

/** The time in a UUIDv7, in milliseconds since 1970. Source: RFC 9562, section 5.7. */
export function timeOfUuidV7(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

const startOfDay = (time: number) => Math.floor(time / DAY_MS) * DAY_MS;
const partitionName = (day: number) => `inbox_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`;

function lowestIdAt(time: number): string {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}

/** True when an event of this id can be remembered: neither older than the retention nor far in the future. */
export function isWithinRetention(eventId: string, now: number): 'yes' | 'too_old' | 'from_the_future' {
  const day = startOfDay(timeOfUuidV7(eventId));
  if (day < startOfDay(now) - RETENTION_DAYS * DAY_MS) return 'too_old';
  return day > startOfDay(now) + DAYS_AHEAD * DAY_MS ? 'from_the_future' : 'yes';
}

/** True when an id had no partition to go to: this process has slept through the hours in which it is made. */
export function lacksPartition(error: unknown): boolean {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : undefined;
  // Postgres reports it as a violated check of the table, without the name of a constraint.
  return cause instanceof DatabaseError && cause.code === '23514' && cause.table === 'inbox' && !cause.constraint;
}

/** Makes the partitions of the coming days. Safe to run at once in several processes, and whatever their clocks say. */
export const makeInboxPartitions = (db: DataSource, now: number) => change(db, now, { drop: false });

/** Makes the partitions of the coming days and drops those older than the retention: for a clock that was found right. */
export const keepInboxPartitions = (db: DataSource, now: number) => change(db, now, { drop: true });

async function change(db: DataSource, now: number, { drop }: { drop: boolean }): Promise<void> {
  const today = startOfDay(now);
  const wanted = Array.from(
    { length: RETENTION_DAYS + DAYS_AHEAD + 2 },
    (_, i) => today + (i - RETENTION_DAYS) * DAY_MS,
  );
  await db.transaction(async (tx) => {
    await tx.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.inbox_partitions'))`);
    const rows: { name: string }[] = await tx.query(
      `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = 'inbox'::regclass`,
    );
    const existing = new Set(rows.map((row) => row.name));
    for (const day of wanted) {
      if (existing.has(partitionName(day))) continue;
      await tx.query(
        `CREATE TABLE ${partitionName(day)} PARTITION OF inbox
         FOR VALUES FROM ('${lowestIdAt(day)}') TO ('${lowestIdAt(day + DAY_MS)}')`,
      );
    }
    if (!drop) return;
    const oldest = partitionName(wanted[0]!);
    for (const name of existing) if (name < oldest) await tx.query(`DROP TABLE ${name}`);
  });
}
