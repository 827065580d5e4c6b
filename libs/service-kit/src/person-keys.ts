import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { EncryptionKeyMissing } from '@switchboard/bus';
import { LRUCache } from 'lru-cache';
import type { DataSource, EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { decrypt, encrypt, type KeyRing, type Rotated } from './key-ring';

/** The key of one person's data in this service. */
export interface PersonKey {
  readonly id: string;
  readonly userId: string;
  readonly key: KeyObject;
}

/** Why a key cannot be had: destroyed with the person's data, changed by somebody, or wrapped with a key that is missing here. */
export type NoKey = 'erased' | 'damaged' | EncryptionKeyMissing;

interface Row {
  key_id: string;
  user_id: string;
  wrapped_key: string | null;
}

const FORMAT = 'k1';
const KEY_BYTES = 32;
const REMEMBERED_KEYS = 10_000;
/** So long may other processes still use a key that was destroyed in one. */
const REMEMBERED_FOR_MS = 5000;
const REWRAPPED_AT_ONCE = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/**
 * A key per person, wrapped by a key of the installation. A person has more than one when the first could not be unwrapped
 * where the second was made, as in the middle of a rotation.
 */
export class PersonKeys {
  private readonly byKeyId = new LRUCache<string, PersonKey>({ max: REMEMBERED_KEYS, ttl: REMEMBERED_FOR_MS });
  private readonly byUserId = new LRUCache<string, PersonKey>({ max: REMEMBERED_KEYS, ttl: REMEMBERED_FOR_MS });

  constructor(
    private readonly db: DataSource,
    private readonly ring: KeyRing,
  ) {}

  /** The key that encrypts for a person: the newest that can be unwrapped here, else a new one. */
  async forWriting(tx: EntityManager, userId: string): Promise<PersonKey> {
    const known = this.byUserId.get(userId);
    if (known) return known;
    const found = await this.newestOf(tx, userId);
    if (found) return found;
    // Two messages of somebody new may come at the same moment: one key is enough.
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('person_keys'), hashtext($1))`, [userId]);
    return (await this.newestOf(tx, userId)) ?? (await this.mint(tx, userId));
  }

  /** The keys with these ids, or why they cannot be had. */
  async forReading(tx: EntityManager, keyIds: readonly string[]): Promise<Map<string, PersonKey | NoKey>> {
    const keys = new Map<string, PersonKey | NoKey>();
    for (const id of keyIds) keys.set(id, this.byKeyId.get(id) ?? 'erased');
    const unknown = [...keys].filter(([, key]) => key === 'erased').map(([id]) => id);
    if (unknown.length === 0) return keys;
    const rows = await tx.query<Row[]>(
      'SELECT key_id, user_id, wrapped_key FROM person_keys WHERE key_id = ANY($1::uuid[]) AND wrapped_key IS NOT NULL',
      [unknown],
    );
    for (const row of rows) keys.set(row.key_id, this.unwrap(tx, row));
    return keys;
  }

  /**
   * Destroys a person's keys. Whatever they have encrypted is unreadable from now on, wherever it lies; in other processes
   * within five seconds.
   */
  async erase(tx: EntityManager, userId: string, at: Date): Promise<void> {
    await tx.query(
      'UPDATE person_keys SET wrapped_key = NULL, erased_at = $2 WHERE user_id = $1 AND wrapped_key IS NOT NULL',
      [userId, at],
    );
    this.byUserId.delete(userId);
    for (const [id, key] of this.byKeyId.entries()) if (key.userId === userId) this.byKeyId.delete(id);
  }

  /** Wraps what an older key of the installation has wrapped with the current one. */
  async rewrap(signal: AbortSignal): Promise<Rotated> {
    const done = { written: 0, unreadable: 0 };
    for (let after = BEFORE_ALL; !signal.aborted;) {
      const rows = await this.db.query<Row[]>(
        `SELECT key_id, user_id, wrapped_key FROM person_keys WHERE key_id > $1 ORDER BY key_id LIMIT ${REWRAPPED_AT_ONCE}`,
        [after],
      );
      for (const row of rows) {
        if (!row.wrapped_key || row.wrapped_key.startsWith(`${FORMAT}.${this.ring.current}.`)) continue;
        done[(await this.rewrapOne(row)) ? 'written' : 'unreadable']++;
      }
      if (rows.length < REWRAPPED_AT_ONCE) break;
      after = rows.at(-1)!.key_id;
    }
    return done;
  }

  private async rewrapOne(row: Row): Promise<boolean> {
    const key = this.unwrap(undefined, row);
    if (!isKey(key)) return false;
    // It may have been erased meanwhile.
    await this.db.query('UPDATE person_keys SET wrapped_key = $2 WHERE key_id = $1 AND wrapped_key = $3', [
      row.key_id,
      this.wrap(key),
      row.wrapped_key,
    ]);
    return true;
  }

  private async newestOf(tx: EntityManager, userId: string): Promise<PersonKey | undefined> {
    const rows = await tx.query<Row[]>(
      `SELECT key_id, user_id, wrapped_key FROM person_keys WHERE user_id = $1 AND wrapped_key IS NOT NULL
       ORDER BY created_at DESC, key_id DESC`,
      [userId],
    );
    for (const row of rows) {
      const key = this.unwrap(tx, row);
      if (isKey(key)) return key;
    }
    return undefined;
  }

  private async mint(tx: EntityManager, userId: string): Promise<PersonKey> {
    const key: PersonKey = { id: uuidv7(), userId, key: createSecretKey(randomBytes(KEY_BYTES)) };
    await tx.query('INSERT INTO person_keys (key_id, user_id, wrapped_key) VALUES ($1, $2, $3)', [
      key.id,
      userId,
      this.wrap(key),
    ]);
    mintedIn(tx).add(key.id);
    return key;
  }

  private unwrap(
    tx: EntityManager | undefined,
    { key_id: id, user_id: userId, wrapped_key: wrapped }: Row,
  ): PersonKey | NoKey {
    try {
      const key: PersonKey = { id, userId, key: this.unwrapped(wrapped!, id, userId) };
      // One that is rolled back must not be remembered: what it encrypts afterwards could never be read.
      if (tx && !mintedIn(tx).has(id)) {
        this.byKeyId.set(id, key);
        this.byUserId.set(userId, key);
      }
      return key;
    } catch (error) {
      return error instanceof EncryptionKeyMissing ? error : 'damaged';
    }
  }

  private wrap({ id, userId, key }: PersonKey): string {
    const { current } = this.ring;
    const wrapped = encrypt(key.export(), this.ring.key(current), contextOf(id, userId));
    return `${FORMAT}.${current}.${wrapped.toString('base64url')}`;
  }

  private unwrapped(wrapped: string, id: string, userId: string): KeyObject {
    const [, ringKey = '', body = ''] = wrapped.split('.');
    return createSecretKey(decrypt(Buffer.from(body, 'base64url'), this.ring.key(ringKey), contextOf(id, userId)));
  }
}

export const isKey = (found: PersonKey | NoKey | undefined): found is PersonKey =>
  typeof found === 'object' && 'key' in found;

const contextOf = (keyId: string, userId: string) => `person_keys/${keyId}/${userId}`;

/** Ids of keys that this transaction has made. */
function mintedIn({ queryRunner }: EntityManager): Set<string> {
  if (!queryRunner) return new Set();
  return (queryRunner.data['switchboard.personKeys'] ??= new Set()) as Set<string>;
}
