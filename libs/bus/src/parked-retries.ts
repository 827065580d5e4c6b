import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';
import { isInfrastructureError } from './errors';
import type { Inbox } from './inbox';
import { describe, fateOf, RELEASE_OVERLAP_MINUTES } from './parked-events';

interface ParkedRow {
  id: string;
  consumer: string;
  type: string;
  envelope: string;
  attempts: number;
  parked_at: Date;
}

/** Looked at least this often, because another process may have parked something and gone away. */
const LONGEST_NAP_MS = 5000;
const SHORTEST_NAP_MS = 20;

const FIRST_OF_ITS_SUBJECT = `NOT EXISTS (SELECT FROM parked_events earlier WHERE earlier.consumer = p.consumer
  AND earlier.subject = p.subject AND earlier.state = 'retrying' AND earlier.id < p.id)`;

/** Gives parked events another try when their time has come. Several processes share the work, row by row. */
export class ParkedRetries {
  private stopping = new AbortController();
  private nap = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly inboxes: ReadonlyMap<string, Inbox>,
    private readonly now: () => Date,
    private readonly waits: readonly number[],
    private readonly warn: (message: string, error?: unknown) => void,
  ) {}

  start(): void {
    this.running ??= this.loop();
  }

  wake(): void {
    this.nap.abort();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
  }

  private async loop(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.nap = new AbortController();
      let napMs = LONGEST_NAP_MS;
      try {
        while (!this.stopping.signal.aborted && (await this.retryOne()));
        napMs = await this.untilNextDue();
      } catch (error) {
        this.warn('parked events could not be retried now', error);
      }
      await sleep(napMs, undefined, { signal: AbortSignal.any([this.nap.signal, this.stopping.signal]) }).catch(
        () => undefined,
      );
    }
  }

  /** Tries the first event that is due; false when none is. */
  async retryOne(): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      const row = await this.claim(tx);
      if (!row) return false;
      const inbox = this.inboxes.get(row.consumer)!;
      await tx.query('SAVEPOINT handler');
      try {
        await inbox.run(tx, [{ event: inbox.readEvent(row.envelope) }]);
        await tx.query(`DELETE FROM parked_events WHERE id = $1`, [row.id]);
      } catch (error) {
        if (isInfrastructureError(error)) throw error;
        await tx.query('ROLLBACK TO SAVEPOINT handler');
        const attempts = row.attempts + 1;
        const fate = fateOf(error, { attempts, parkedAt: row.parked_at, now: this.now(), waits: this.waits });
        await tx.query(
          `UPDATE parked_events SET attempts = $2, state = $3, reason = $4, error = $5, due_at = now() + make_interval(secs => $6)
           WHERE id = $1`,
          'dead' in fate
            ? [row.id, attempts, 'dead', fate.dead, describe(error), null]
            : [row.id, attempts, 'retrying', 'retrying', describe(error), fate.dueInSeconds],
        );
        inbox.noteFailure(row.type, error, fate);
      }
      return true;
    });
  }

  /**
   * Locks one due event: any in unordered groups, the first of its subject in ordered ones. What its group does not hear in
   * this process is left to others, until it has waited for longer than a release takes: then it is tried, to be given up.
   */
  private async claim(tx: EntityManager): Promise<ParkedRow | undefined> {
    for (const inbox of this.inboxes.values()) {
      if (inbox.group.ordered) await inbox.lockSubjects(tx);
      const [row]: ParkedRow[] = await tx.query(
        `SELECT id, consumer, type, envelope, attempts, parked_at FROM parked_events p
         WHERE consumer = $1 AND state = 'retrying' AND due_at <= now()
           AND (NOT $2 OR ${FIRST_OF_ITS_SUBJECT})
           AND (type = ANY($3) OR parked_at < now() - interval '${RELEASE_OVERLAP_MINUTES} minutes')
         ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`,
        [inbox.consumer, inbox.group.ordered, inbox.group.types],
      );
      if (row) return row;
    }
    return undefined;
  }

  private async untilNextDue(): Promise<number> {
    const groups = [...this.inboxes.values()].map(({ consumer, group }) => ({ consumer, ...group }));
    const heard = groups.flatMap(({ consumer, types }) => types.map((type) => ({ consumer, type })));
    const [row]: { ms: string | null }[] = await this.db.query(
      `SELECT extract(epoch FROM min(due_at) - now()) * 1000 AS ms FROM parked_events p
       WHERE state = 'retrying' AND (consumer, type) IN (SELECT * FROM unnest($1::text[], $2::text[]))
         AND (consumer <> ALL($3) OR ${FIRST_OF_ITS_SUBJECT})`,
      [
        heard.map(({ consumer }) => consumer),
        heard.map(({ type }) => type),
        groups.filter(({ ordered }) => ordered).map(({ consumer }) => consumer),
      ],
    );
    if (row?.ms == null) return LONGEST_NAP_MS;
    return Math.min(Math.max(Number(row.ms), SHORTEST_NAP_MS), LONGEST_NAP_MS);
  }
}
