import type { DataSource, EntityManager } from 'typeorm';
import { v4 as uuidv4 } from 'uuid';
import { z } from 'zod';
import type { Clock } from './clock';
import { type DataMap, kitDataMap, type TableMap } from './data-map';
import { defineJob, type JobRun, type Jobs, type PayloadOf } from './jobs';
import type { PersonalData } from './personal-data';

const Asked = z.object({ erasureId: z.uuid(), userId: z.uuid() });
/** Run by PersonErasureModule: `Erasure.erase`. */
export const ErasePerson = defineJob('erase-person', Asked);
/** Likewise, some minutes later: `Erasure.eraseAgain`. */
export const ErasePersonAgain = defineJob('erase-person-again', Asked);

type Asked = PayloadOf<typeof ErasePerson>;

/** What a feature has to do itself when a person is erased. It may be done again: whatever fails is repeated. */
export interface ErasureStep {
  /** What lies outside of the database, such as files; the rows that say where are still there. */
  before?(userId: string, signal: AbortSignal, isLastAttempt: boolean): Promise<void>;
  /** Rows of which the data map cannot say whose they are. Those of the person are still there. */
  rows?(tx: EntityManager, userId: string): Promise<void>;
}

/** Longer than an answer takes, and than another process remembers a key. */
const AGAIN_AFTER_MS = 5 * 60_000;
/** With the growing pauses of the queue more than a week: nobody has to ask twice. */
const MAX_ATTEMPTS = 40;

/**
 * Erases a person from this service: each table as its data map says, what features have added to that, and the person's key, so
 * that copies elsewhere cannot be read any more.
 */
export class Erasure {
  private readonly steps: ErasureStep[] = [];
  private readonly tables: readonly (readonly [name: string, TableMap])[];

  constructor(
    private readonly map: DataMap,
    private readonly db: DataSource,
    private readonly personal: PersonalData,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {
    const order = ({ person }: TableMap) => (typeof person === 'object' && 'of' in person ? 0 : 1);
    // Rows that refer to another row of the person go before it.
    this.tables = Object.entries({ ...kitDataMap, ...map }).toSorted(([, a], [, b]) => order(a) - order(b));
  }

  /** Features call it when they are made. */
  add(step: ErasureStep): void {
    this.steps.push(step);
  }

  /** The person is erased after `tx` commits. */
  async request(tx: EntityManager, { erasureId, userId }: Asked): Promise<void> {
    const options = { key: `erase:${userId}`, maxAttempts: MAX_ATTEMPTS };
    await this.jobs.add(tx, ErasePerson, { erasureId, userId }, options);
  }

  /** @param announce says in the same transaction that it was done */
  async erase(
    asked: Asked,
    { signal, isLastAttempt }: Pick<JobRun, 'signal' | 'isLastAttempt'>,
    announce: (tx: EntityManager) => Promise<unknown>,
  ): Promise<void> {
    for (const step of this.steps) await step.before?.(asked.userId, signal, isLastAttempt);
    await this.db.transaction(async (tx) => {
      await this.rows(tx, asked.userId);
      await announce(tx);
      const options = { key: `erase-again:${asked.userId}`, delayMs: AGAIN_AFTER_MS, maxAttempts: MAX_ATTEMPTS };
      await this.jobs.add(tx, ErasePersonAgain, asked, options);
    });
  }

  /** What was under way while the person was erased has been written since. */
  async eraseAgain({ userId }: Asked, signal: AbortSignal, isLastAttempt = false): Promise<void> {
    for (const step of this.steps) await step.before?.(userId, signal, isLastAttempt);
    await this.db.transaction((tx) => this.rows(tx, userId));
  }

  private async rows(tx: EntityManager, userId: string): Promise<void> {
    for (const step of this.steps) await step.rows?.(tx, userId);
    await kitRows(tx, userId);
    // Another one each time: what is kept can be added up, and not be put together again.
    const tombstone = uuidv4();
    for (const [name, { erasure, person, others = {} }] of this.tables) {
      for (const [column, rule] of Object.entries(others))
        await otherRows(tx, { name, column, rule, userId, tombstone });
      if (!person || (typeof person === 'object' && 'within' in person)) continue;
      const { column, owned } = typeof person === 'string' ? { column: person, owned: '= $1' } : this.through(person);
      if (erasure === 'delete row') await tx.query(`DELETE FROM ${name} WHERE ${column} ${owned}`, [userId]);
      if (erasure === 'keep under tombstone')
        await tx.query(`UPDATE ${name} SET ${column} = $2 WHERE ${column} ${owned}`, [userId, tombstone]);
    }
    await this.personal.erase(tx, userId, this.clock.now());
  }

  /** A condition for rows that refer to rows of the person in another table. */
  private through({ column, of }: { readonly column: string; readonly of: string }) {
    const owner = this.map[of]?.person;
    if (typeof owner !== 'string') throw new Error(`the data map does not say by a column whose rows of ${of} are`);
    return { column, owned: `IN (SELECT id FROM ${of} WHERE ${owner} = $1)` };
  }
}

/** Rows that are not the person's and name them. */
async function otherRows(
  tx: EntityManager,
  { name, column, rule, userId, tombstone }: Record<'name' | 'column' | 'rule' | 'userId' | 'tombstone', string>,
): Promise<void> {
  if (rule === 'delete row') return void (await tx.query(`DELETE FROM ${name} WHERE ${column} = $1`, [userId]));
  const instead = rule === 'clear' ? null : tombstone;
  await tx.query(`UPDATE ${name} SET ${column} = $2 WHERE ${column} = $1`, [userId, instead]);
}

/** The tables of every service in whose content the person may be. */
async function kitRows(tx: EntityManager, userId: string): Promise<void> {
  // Whatever names the person; but not that they are to be erased, which has to reach everybody.
  await tx.query(
    `DELETE FROM parked_events WHERE position($1 IN envelope) > 0
       AND type NOT LIKE '%.erasure.requested.v%' AND type NOT LIKE '%.person.erased.v%'`,
    [userId],
  );
  await tx.query(`DELETE FROM idempotency_keys WHERE principal = 'person:' || $1`, [userId]);
}
