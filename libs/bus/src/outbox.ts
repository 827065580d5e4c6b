import type { CloudEvent, EventDraft } from '@switchboard/contracts';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { originOfNow } from './event-context';
import { type EventCipher, noCipher, seal } from './event-cipher';
import { Name } from './read-event';

/**
 * Where services say things: a row per event, written in the transaction of the change it tells of.
 * The relay carries it on after the commit.
 */
export class Outbox {
  /** Called after `addWith`, which has no transaction whose commit could be seen. */
  wake: () => void = () => undefined;

  constructor(
    private readonly source: string,
    private readonly now: () => Date = () => new Date(),
    private readonly cipher: EventCipher = noCipher,
  ) {}

  /** Adds events to be said when `tx` commits; returns their ids in the same order. */
  async add(tx: EntityManager, ...drafts: EventDraft[]): Promise<string[]> {
    if (!tx.queryRunner?.isTransactionActive) throw new Error('Outbox.add needs the EntityManager of a transaction');
    if (drafts.length === 0) return [];
    const events = drafts.map((draft) => this.envelope(draft));
    await tx.query(
      // The transaction gets its number before the rows get their ids: the relay goes by both (outbox-horizon.ts).
      `INSERT INTO outbox (event_id, type, subject, envelope)
       SELECT event.* FROM pg_current_xact_id(), unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS event`,
      columnsOf(events),
    );
    tx.queryRunner.data[SAID_SOMETHING] = true;
    return events.map((event) => event.id);
  }

  /**
   * Makes one change and says what it means in one statement, which commits by itself: for where the time until the commit
   * counts. Says nothing when the change affects no row.
   * @param change an INSERT, UPDATE or DELETE without RETURNING, its parameters numbered from $1
   * @returns how many rows it affected
   */
  async addWith(
    db: DataSource,
    change: { sql: string; parameters: readonly unknown[] },
    ...drafts: EventDraft[]
  ): Promise<number> {
    const [n, type, subject, envelope] = [1, 2, 3, 4].map((i) => change.parameters.length + i);
    const [row] = await db.query<[{ affected: number }]>(
      `WITH change AS (${change.sql} RETURNING 1), said AS (
         INSERT INTO outbox (event_id, type, subject, envelope)
         SELECT * FROM unnest($${n}::uuid[], $${type}::text[], $${subject}::text[], $${envelope}::text[])
         WHERE EXISTS (SELECT FROM change))
       SELECT count(*)::integer AS affected FROM change`,
      [...change.parameters, ...columnsOf(drafts.map((draft) => this.envelope(draft)))],
    );
    if (row.affected > 0 && drafts.length > 0) this.wake();
    return row.affected;
  }

  private envelope({ type, subject, data, personal }: EventDraft): CloudEvent {
    const { error } = Name.safeParse(subject);
    if (error) throw new Error(`${type} cannot have this subject: ${z.prettifyError(error)}`);
    const now = this.now();
    const id = uuidv7({ msecs: now.getTime() });
    return {
      specversion: '1.0',
      id,
      source: this.source,
      type,
      subject,
      time: now.toISOString(),
      datacontenttype: 'application/json',
      ...originOfNow(id),
      ...seal(data, { id, personal, cipher: this.cipher }),
    };
  }
}

const columnsOf = (events: readonly CloudEvent[]) => [
  events.map((event) => event.id),
  events.map((event) => event.type),
  events.map((event) => event.subject),
  events.map((event) => JSON.stringify(event)),
];

const SAID_SOMETHING = 'switchboard.outboxHasNewRows';

/** Calls `wake` after each commit of a transaction that added to the outbox. */
export function wakeAfterCommit(dataSource: DataSource, wake: () => void): void {
  dataSource.subscribers.push({
    afterTransactionCommit({ queryRunner }: { queryRunner: QueryRunner }) {
      if (!queryRunner.data[SAID_SOMETHING]) return;
      delete queryRunner.data[SAID_SOMETHING];
      wake();
    },
    afterTransactionRollback({ queryRunner }: { queryRunner: QueryRunner }) {
      delete queryRunner.data[SAID_SOMETHING];
    },
  });
}
