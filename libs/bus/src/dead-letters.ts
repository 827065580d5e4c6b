import type { CloudEvent } from '@switchboard/contracts';
import type { DataSource } from 'typeorm';

/** Slow enough that a replay of thousands leaves room for what is said meanwhile. */
const REPLAYED_PER_SECOND = 50;
const PAGE = 100;

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

/** Which dead letters; all of them when empty. */
export interface DeadLetterFilter {
  ids?: string[];
  consumer?: string;
  type?: string;
  reason?: string;
  limit?: number;
}

/** Dead letters of one consumer, type and reason; `error` is the newest one's. */
export interface DeadLetterGroup {
  consumer: string;
  type: string;
  reason: string;
  count: number;
  oldest: Date;
  newest: Date;
  error: string;
}

/** The dead letters of one service: seen, replayed or discarded by operators. */
export class DeadLetters {
  constructor(
    private readonly db: DataSource,
    private readonly wakeRetries: () => void,
  ) {}

  /** In the order they died, 100 unless told; `after` is the last id of the page before. */
  async list({ after, ...filter }: DeadLetterFilter & { after?: string } = {}): Promise<DeadLetter[]> {
    const rows: (Omit<DeadLetter, 'event'> & { envelope: string })[] = await this.db.query(
      `SELECT id, consumer, event_id AS "eventId", type, subject, reason, error, attempts, parked_at AS "parkedAt", envelope
       FROM parked_events WHERE ${MATCHES} AND id > $6 ORDER BY id LIMIT $5`,
      [...parametersOf(filter), filter.limit ?? PAGE, after ?? 0],
    );
    return rows.map(({ envelope, ...row }) => ({ ...row, event: asJson(envelope) }));
  }

  /** How many there are, grouped by consumer, type and reason, the largest group first. */
  async summary(): Promise<DeadLetterGroup[]> {
    return this.db.query(
      `SELECT dead.consumer, dead.type, dead.reason, count, oldest, newest, sample.error
       FROM (SELECT consumer, type, reason, count(*)::int AS count, min(parked_at) AS oldest, max(parked_at) AS newest,
               max(id) AS last
             FROM parked_events WHERE state = 'dead' GROUP BY 1, 2, 3) dead
       JOIN parked_events sample ON sample.id = dead.last
       ORDER BY count DESC, dead.last`,
    );
  }

  /** Lets dead events be tried again, with all their tries, `perSecond` of them a second; returns how many. */
  async replay(
    filter: DeadLetterFilter,
    { perSecond = REPLAYED_PER_SECOND }: { perSecond?: number | undefined } = {},
  ): Promise<number> {
    // An event's patience with "not yet" begins with its turn, which may come hours from now.
    const [, count] = await this.db.query(
      `UPDATE parked_events SET state = 'retrying', reason = 'retrying', attempts = 0, begun = 0, due_at = turn, parked_at = turn
       FROM (SELECT id, now() + make_interval(secs => (row_number() OVER (ORDER BY id) - 1) / $6::float8) AS turn
             FROM parked_events WHERE ${MATCHES} ORDER BY id LIMIT $5) chosen
       WHERE parked_events.id = chosen.id AND ${STILL_DEAD}`,
      [...parametersOf(filter), filter.limit ?? null, perSecond],
    );
    if (count > 0) this.wakeRetries();
    return count;
  }

  /** Gives dead events up for good, keeping the row, who decided it and why; returns how many. */
  async discard(filter: DeadLetterFilter, { by, why }: { by: string; why: string }): Promise<number> {
    const [, count] = await this.db.query(
      `UPDATE parked_events SET state = 'discarded', discarded_by = $6, discarded_why = $7, discarded_at = now()
       WHERE id IN (SELECT id FROM parked_events WHERE ${MATCHES} ORDER BY id LIMIT $5) AND ${STILL_DEAD}`,
      [...parametersOf(filter), filter.limit ?? null, by, why],
    );
    return count;
  }

  /** Deletes those that died so long ago, also when they were discarded. */
  async forget(days: number): Promise<void> {
    await this.db.query(
      `DELETE FROM parked_events WHERE state IN ('dead', 'discarded') AND parked_at < now() - make_interval(days => $1)`,
      [days],
    );
  }
}

/** Asked of the row itself: a replay and a discard at the same moment have chosen the same rows, and the later one waits for them. */
const STILL_DEAD = `parked_events.state = 'dead'`;

const MATCHES = `state = 'dead' AND ($1::bigint[] IS NULL OR id = ANY($1)) AND ($2::text IS NULL OR consumer = $2)
  AND ($3::text IS NULL OR type = $3) AND ($4::text IS NULL OR reason = $4)`;

const parametersOf = ({ ids, consumer, type, reason }: DeadLetterFilter) => [
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
