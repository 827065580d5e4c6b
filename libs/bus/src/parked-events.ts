import type { CloudEvent } from '@switchboard/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { PermanentError, RetryLater } from './errors';
import type { BusMessage } from './transport';

/** Waiting times between tries, in seconds; after the last one the event is dead. */
export const RETRY_AFTER_SECONDS = [1, 5, 30, 300] as const;
/** An event that is "not yet" for longer than this is dead, however often it asks for more time. */
const PATIENCE_HOURS = 24;
const LONGEST_ERROR = 4000;

export interface DeadLetter {
  id: string;
  consumer: string;
  eventId: string;
  type: string;
  subject: string;
  reason: string;
  error: string;
  attempts: number;
  parkedAt: Date;
  event: CloudEvent | string;
}

export interface DeadLetterFilter {
  ids?: string[];
  consumer?: string;
  type?: string;
  reason?: string;
  limit?: number;
}

/** Why an event is dead, as a short label to group by. */
export type DeadReason = 'permanent' | 'exhausted' | 'invalid' | 'too_old' | 'from_the_future' | 'crash_loop';

export type Fate = { dueInSeconds: number } | { dead: DeadReason };

/** What becomes of an event whose handling failed: tried again at a time, or dead. */
export function fateOf(
  error: unknown,
  { attempts, parkedAt, now, waits }: { attempts: number; parkedAt: Date; now: Date; waits: readonly number[] },
): Fate {
  if (error instanceof PermanentError) return { dead: 'permanent' };
  if (now.getTime() - parkedAt.getTime() > PATIENCE_HOURS * 3_600_000) return { dead: 'exhausted' };
  if (error instanceof RetryLater) return { dueInSeconds: error.seconds };
  const wait = waits[attempts - 1];
  // Jitter of a tenth, so that what failed together does not come back together.
  return wait === undefined ? { dead: 'exhausted' } : { dueInSeconds: wait * (0.95 + Math.random() / 10) };
}

/** Takes an event out of the flow; known already (a redelivery) changes nothing. */
export async function park(
  tx: EntityManager,
  consumer: string,
  message: BusMessage,
  entry: { error: unknown; attempts: number; fate: Fate },
): Promise<void> {
  await tx.query(
    `INSERT INTO parked_events (consumer, event_id, type, subject, envelope, state, attempts, due_at, error, reason)
     VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8), $9, $10)
     ON CONFLICT (consumer, event_id) DO NOTHING`,
    [
      consumer,
      message.id,
      message.type,
      message.subject,
      message.body,
      'dead' in entry.fate ? 'dead' : 'retrying',
      entry.attempts,
      'dead' in entry.fate ? null : entry.fate.dueInSeconds,
      describe(entry.error),
      'dead' in entry.fate ? entry.fate.dead : 'retrying',
    ],
  );
}

export function describe(error: unknown): string {
  // NUL cannot be stored in a Postgres text.
  return (error instanceof Error ? `${error.name}: ${error.message}` : String(error))
    .replaceAll('\0', '')
    .slice(0, LONGEST_ERROR);
}

/** The dead letters of one service: seen, replayed or discarded by operators. */
export class DeadLetters {
  constructor(
    private readonly db: DataSource,
    private readonly wakeRetries: () => void,
  ) {}

  async list(filter: DeadLetterFilter = {}): Promise<DeadLetter[]> {
    const rows: (Omit<DeadLetter, 'event'> & { envelope: string })[] = await this.db.query(
      `SELECT id, consumer, event_id AS "eventId", type, subject, reason, error, attempts, parked_at AS "parkedAt", envelope
       FROM parked_events WHERE ${MATCHES} ORDER BY id LIMIT $5`,
      [...matchesParameters(filter), filter.limit ?? 100],
    );
    return rows.map(({ envelope, ...row }) => ({ ...row, event: asJson(envelope) }));
  }

  /** How many are dead, grouped by consumer, type and reason. */
  async summary(): Promise<{ consumer: string; type: string; reason: string; count: number; newest: Date }[]> {
    return this.db.query(
      `SELECT consumer, type, reason, count(*)::int AS count, max(parked_at) AS newest
       FROM parked_events WHERE state = 'dead' GROUP BY 1, 2, 3 ORDER BY 4 DESC`,
    );
  }

  /** Lets dead events be tried again, with all their tries; returns how many. */
  async replay(filter: DeadLetterFilter): Promise<number> {
    const [, count] = await this.db.query(
      `UPDATE parked_events SET state = 'retrying', attempts = 0, due_at = now(), parked_at = now()
       WHERE id IN (SELECT id FROM parked_events WHERE ${MATCHES} ORDER BY id LIMIT $5)`,
      [...matchesParameters(filter), filter.limit ?? null],
    );
    if (count > 0) this.wakeRetries();
    return count;
  }

  /** Gives dead events up for good, keeping the row and the reason; returns how many. */
  async discard(filter: DeadLetterFilter, why: string): Promise<number> {
    const [, count] = await this.db.query(
      `UPDATE parked_events SET state = 'discarded', reason = $6
       WHERE id IN (SELECT id FROM parked_events WHERE ${MATCHES} ORDER BY id LIMIT $5)`,
      [...matchesParameters(filter), filter.limit ?? null, why],
    );
    return count;
  }
}

const MATCHES = `state = 'dead' AND ($1::bigint[] IS NULL OR id = ANY($1)) AND ($2::text IS NULL OR consumer = $2)
  AND ($3::text IS NULL OR type = $3) AND ($4::text IS NULL OR reason = $4)`;

const matchesParameters = ({ ids, consumer, type, reason }: DeadLetterFilter) => [
  ids ?? null,
  consumer ?? null,
  type ?? null,
  reason ?? null,
];

function asJson(text: string): CloudEvent | string {
  try {
    return JSON.parse(text) as CloudEvent;
  } catch {
    return text;
  }
}
