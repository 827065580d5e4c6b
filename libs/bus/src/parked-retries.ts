import type { DataSource, EntityManager } from 'typeorm';
import { isInfrastructureError } from './errors';
import type { Inbox } from './inbox';
import { describe, dispositionOf, GIVE_UP_AFTER_HOURS, RELEASE_OVERLAP_MINUTES } from './parked-events';
import type { PeriodicTask, PeriodicTasks, RunningTask } from './periodic-tasks';
import { EVERY_TYPE } from './transport';

interface ParkedRow {
  id: string;
  type: string;
  envelope: string;
  attempts: number;
  /** Tries that have begun since one last had an end, this one included. */
  begun: number;
  untried: boolean;
  /** It has waited for longer than anything may. */
  expired: boolean;
}

/** An event whose tries have no end is tried no more often than this. */
const CRASH_LOOP = 5;
/** Events that have never been tried are tried together, so many at once. */
const TOGETHER = 100;
/** Within this time a claimed event begins; after it others may claim it, unless its row is locked. */
const LEASE_SECONDS = 2;

/**
 * A process that is started waits between these times before it begins again what had no end: whatever else kills it right
 * away is not counted against the wrong event.
 */
const GRACE_MS = [2000, 5000] as const;

export const RetryParkedEvents: PeriodicTask = {
  name: 'retry-parked-events',
  // At least, because another process may have parked something and gone away.
  everyMs: 5000,
  purpose: 'Gives events that failed another try when their time has come.',
};
const SHORTEST_NAP_MS = 20;

const FIRST_OF_ITS_SUBJECT = `NOT EXISTS (SELECT FROM parked_events earlier WHERE earlier.consumer = p.consumer
  AND earlier.subject = p.subject AND earlier.state = 'retrying' AND earlier.id < p.id)`;

const CLAIMED = `id, type, envelope, attempts, begun + 1 AS begun, attempts + begun = 0 AS untried,
  parked_at < now() - interval '${GIVE_UP_AFTER_HOURS} hours' AS expired`;
const READY_HERE = `due_at <= now() AND (begun = 0 OR $3)
  AND (ARRAY[type, '${EVERY_TYPE}'] && $2::text[] OR parked_at < now() - interval '${RELEASE_OVERLAP_MINUTES} minutes')`;
const DUE_IN_ANY_ORDER = `
  SELECT ${CLAIMED} FROM parked_events
  WHERE consumer = $1 AND state = 'retrying' AND ${READY_HERE}
  ORDER BY due_at, id LIMIT ${TOGETHER} FOR UPDATE SKIP LOCKED`;
/** The first of each subject; and what has never been tried and has only such events before it in its subject. */
const DUE_IN_ORDER = `
  SELECT ${CLAIMED} FROM (
    SELECT *, row_number() OVER earlier = 1 AS first, first_value(due_at) OVER earlier AS lane_due,
      bool_and(attempts + begun = 0 AND ${READY_HERE}) OVER earlier AS fresh
    FROM parked_events WHERE consumer = $1 AND state = 'retrying' WINDOW earlier AS (PARTITION BY subject ORDER BY id)
  ) lanes
  WHERE fresh OR (first AND ${READY_HERE})
  ORDER BY lane_due, subject, id LIMIT ${TOGETHER}`;

/** Gives parked events another try when their time has come. Several processes share the work. */
export class ParkedRetries {
  private readonly stopping = new AbortController();
  private task: RunningTask | undefined;
  private grace: NodeJS.Timeout | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly inboxes: ReadonlyMap<string, Inbox>,
    private readonly waits: readonly number[],
    private readonly tasks: PeriodicTasks,
    private readonly warn: (message: string, error?: unknown) => void,
  ) {}

  start(): void {
    if (this.task) return;
    const [least, most] = GRACE_MS;
    this.grace = setTimeout(
      () => {
        this.grace = undefined;
        this.wake();
      },
      least + Math.random() * (most - least),
    );
    this.task = this.tasks.start(RetryParkedEvents, { run: () => this.retryAll() });
  }

  wake(): void {
    this.task?.wake();
  }

  async stop(): Promise<void> {
    clearTimeout(this.grace);
    this.stopping.abort();
    await this.task?.stop();
  }

  /** @returns when the next one is due, if that is known */
  private async retryAll(): Promise<number | undefined> {
    while (!this.stopping.signal.aborted && (await this.retrySome()));
    return this.untilNextDue();
  }

  /** Tries some of what is due in each group; false when nothing is. */
  async retrySome(): Promise<boolean> {
    let something = false;
    for (const inbox of this.inboxes.values()) {
      // Counted and committed before they begin: an event that kills the process cannot do so for ever.
      const rows = await this.db.transaction((tx) => this.claim(tx, inbox));
      const [first] = rows;
      if (!first) continue;
      something = true;
      if (first.begun > CRASH_LOOP) await this.giveUp(inbox, first);
      else await this.tryClaimed(inbox, rows);
    }
    return something;
  }

  /** What says nothing about the events counts as no try of theirs, and keeps no other group from its own. */
  private async tryClaimed(inbox: Inbox, rows: readonly ParkedRow[]): Promise<void> {
    try {
      await this.tryInHalves(inbox, rows);
    } catch (error) {
      this.warn(`parked events of ${inbox.group.name} could not be tried now`, error);
      if (isInfrastructureError(error)) await this.unclaim(rows);
    }
  }

  /** They are due again when their lease is over. What has been decided already has begun anew. */
  private async unclaim(rows: readonly ParkedRow[]): Promise<void> {
    await this.db.query(
      `UPDATE parked_events SET begun = parked_events.begun - 1
       FROM unnest($1::bigint[], $2::int[]) AS claimed (id, begun)
       WHERE parked_events.id = claimed.id AND parked_events.begun = claimed.begun`,
      [rows.map(({ id }) => id), rows.map(({ begun }) => begun)],
    );
  }

  /**
   * Takes one event that is due, or several that have never been tried. What the group does not hear in this process is left
   * to others, until it has waited for longer than a release takes: then it is tried, to be given up.
   */
  private async claim(tx: EntityManager, inbox: Inbox): Promise<ParkedRow[]> {
    const { consumer, group } = inbox;
    if (group.ordered) await inbox.lockSubjects(tx);
    const due: ParkedRow[] = await tx.query(group.ordered ? DUE_IN_ORDER : DUE_IN_ANY_ORDER, [
      consumer,
      group.types,
      this.grace === undefined,
    ]);
    const [first] = due;
    if (!first) return [];
    const claimed = first.untried ? due.filter(({ untried }) => untried) : [first];
    await tx.query(
      `UPDATE parked_events SET begun = begun + 1, due_at = now() + interval '${LEASE_SECONDS} seconds'
       WHERE id = ANY($1)`,
      [claimed.map(({ id }) => id)],
    );
    return claimed;
  }

  /** What fails together is tried in halves, until the failing one is alone. */
  private async tryInHalves(inbox: Inbox, rows: readonly ParkedRow[]): Promise<void> {
    if (await this.tryAgain(inbox, rows)) return;
    const half = Math.ceil(rows.length / 2);
    await this.tryInHalves(inbox, rows.slice(0, half));
    await this.tryInHalves(inbox, rows.slice(half));
  }

  /**
   * Tries events of one group in one transaction, which holds their rows, so that nobody else begins them however long it
   * takes. A failure decides what becomes of a single event; of several it changes nothing and returns false.
   */
  private tryAgain(inbox: Inbox, rows: readonly ParkedRow[]): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const mine = await this.hold(tx, inbox, rows);
      const [first] = mine;
      if (!first) return true;
      await tx.query('SAVEPOINT handler');
      try {
        await inbox.run(
          tx,
          mine.map(({ envelope }) => inbox.open({ body: envelope })),
        );
        // Throws now what would otherwise fail with the commit, when it is too late to decide.
        await tx.query('SET CONSTRAINTS ALL IMMEDIATE');
        await tx.query(`DELETE FROM parked_events WHERE id = ANY($1)`, [mine.map(({ id }) => id)]);
        return true;
      } catch (error) {
        if (isInfrastructureError(error)) throw error;
        await tx.query('ROLLBACK TO SAVEPOINT handler');
        if (rows.length > 1) return false;
        await this.decide(tx, inbox, first, error);
        return true;
      }
    });
  }

  /** Those that may be tried now: none if somebody else has begun one of them, and none behind a failed one of its subject. */
  private async hold(tx: EntityManager, inbox: Inbox, rows: readonly ParkedRow[]): Promise<ParkedRow[]> {
    const { ordered } = inbox.group;
    if (ordered) await inbox.lockSubjects(tx);
    const found: { id: string; ours: boolean; free: boolean }[] = await tx.query(
      `SELECT p.id, p.begun = claimed.begun AS ours, NOT ($3 AND EXISTS (
         SELECT FROM parked_events earlier WHERE earlier.consumer = p.consumer AND earlier.subject = p.subject
           AND earlier.state = 'retrying' AND earlier.id < p.id AND earlier.id <> ALL($1))) AS free
       FROM parked_events p JOIN unnest($1::bigint[], $2::int[]) AS claimed (id, begun) ON p.id = claimed.id
       WHERE p.state = 'retrying' FOR UPDATE OF p SKIP LOCKED`,
      [rows.map(({ id }) => id), rows.map(({ begun }) => begun), ordered],
    );
    if (!found.every(({ ours }) => ours)) return [];
    const free = new Set(found.filter((row) => row.free).map(({ id }) => id));
    return rows.filter(({ id }) => free.has(id));
  }

  private async decide(tx: EntityManager, inbox: Inbox, row: ParkedRow, error: unknown): Promise<void> {
    const attempts = row.attempts + 1;
    const disposition = dispositionOf(error, { attempts, expired: row.expired, waits: this.waits });
    await tx.query(
      `UPDATE parked_events SET attempts = $2, state = $3, reason = $4, error = $5, begun = 0,
         due_at = now() + make_interval(secs => $6)
       WHERE id = $1`,
      'dead' in disposition
        ? [row.id, attempts, 'dead', disposition.dead, describe(error), null]
        : [row.id, attempts, 'retrying', 'retrying', describe(error), disposition.dueInSeconds],
    );
    inbox.noteFailure(row.type, error, disposition);
  }

  private async giveUp(inbox: Inbox, { id, begun, type }: ParkedRow): Promise<void> {
    const error = new Error(`${begun - 1} tries in a row had no end: the process may have died of each`);
    const [, given] = await this.db.query(
      `UPDATE parked_events SET state = 'dead', reason = 'crash_loop', error = $3, begun = 0, due_at = NULL
       WHERE id = $1 AND state = 'retrying' AND begun = $2`,
      [id, begun, describe(error)],
    );
    if (given > 0) inbox.noteFailure(type, error, { dead: 'crash_loop' });
  }

  private async untilNextDue(): Promise<number | undefined> {
    const groups = [...this.inboxes.values()].map(({ consumer, group }) => ({ consumer, ...group }));
    const heard = groups.flatMap(({ consumer, types }) => types.map((type) => ({ consumer, type })));
    const [row]: { ms: string | null }[] = await this.db.query(
      `SELECT extract(epoch FROM min(due_at) - now()) * 1000 AS ms FROM parked_events p
       WHERE state = 'retrying' AND EXISTS (SELECT FROM unnest($1::text[], $2::text[]) AS heard (consumer, type)
           WHERE heard.consumer = p.consumer AND heard.type IN (p.type, '${EVERY_TYPE}'))
         AND (begun = 0 OR $4) AND (consumer <> ALL($3) OR ${FIRST_OF_ITS_SUBJECT})`,
      [
        heard.map(({ consumer }) => consumer),
        heard.map(({ type }) => type),
        groups.filter(({ ordered }) => ordered).map(({ consumer }) => consumer),
        this.grace === undefined,
      ],
    );
    return row?.ms == null ? undefined : Math.max(Number(row.ms), SHORTEST_NAP_MS);
  }
}
