import { Injectable } from '@nestjs/common';
import { PersonalData } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { EventStore } from '../events/event-store.service';

/** What a person has decided. */
export interface Decision {
  readonly userId: string;
  readonly given: boolean;
  /** Of the text that was shown. */
  readonly version: string;
  readonly source: string;
  /** RFC 3339. */
  readonly at: string;
}

/** Who has consented to analytics. Nothing with a person's id is kept of anybody else. */
@Injectable()
export class ConsentsService {
  constructor(
    private readonly store: EventStore,
    private readonly personal: PersonalData,
  ) {}

  /** Whether a person's doings are kept. */
  async isGiven(tx: EntityManager, userId: string): Promise<boolean> {
    const [consent] = await tx.query<{ given: boolean }[]>('SELECT given FROM consents WHERE user_id = $1', [userId]);
    return consent?.given ?? false;
  }

  /** The later decision counts, in whichever order they come; of two at the same moment, the withdrawal. Who takes consent back is forgotten in the same transaction. */
  async decide(tx: EntityManager, { userId, given, version, source, at }: Decision): Promise<void> {
    await this.waitForStore(tx);
    if (await this.personal.isErased(tx, userId)) return;
    const decided = await tx.query<unknown[]>(
      `INSERT INTO consents AS known (user_id, given, version, source, decided_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (user_id) DO UPDATE
         SET given = excluded.given, version = excluded.version, source = excluded.source, decided_at = excluded.decided_at
         WHERE known.decided_at < excluded.decided_at OR (known.decided_at = excluded.decided_at AND NOT excluded.given)
       RETURNING 1`,
      [userId, given, version, source, at],
    );
    if (given || decided.length === 0) return;
    await this.store.forget(tx, userId);
    // Archives name the person by what this key has encrypted.
    await this.personal.destroyShared(tx, userId);
  }

  /** For an erasure: nothing of the person is left, and nothing comes after it. */
  async erase(tx: EntityManager, userId: string): Promise<void> {
    await this.waitForStore(tx);
    await tx.query('DELETE FROM consents WHERE user_id = $1', [userId]);
    await this.store.forget(tx, userId);
  }

  /** What is being stored goes by earlier decisions; whoever stores after this waits for the end of `tx`: see `consenting`. */
  private waitForStore(tx: EntityManager): Promise<unknown> {
    return tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('consents'))`);
  }
}
