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

/** Somebody was erased meanwhile: nothing may be written of them any more. What was to be written is to be dropped. */
export class PersonErased extends Error {
  override readonly name = 'PersonErased';

  constructor(readonly userId: string) {
    super(`the person ${userId} was erased`);
  }
}

/** For what comes late of somebody who was erased: it is dropped. */
export async function unlessErased<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof PersonErased) return undefined;
    throw error;
  }
}

/** A row of `person_keys`. */
export interface WrappedKey {
  key_id: string;
  user_id: string;
  wrapped_key: string | null;
}
type Row = WrappedKey;

/**
 * SQL for a column that brings a person's keys along with a row of theirs, for PersonalData.remember: a service that finds the
 * person by a statement anyway needs none for the key.
 * @param user an expression for the person's id
 */
export const wrappedKeysOf = (user: string): string =>
  `(SELECT json_agg(json_build_object('key_id', key_id, 'user_id', user_id, 'wrapped_key', wrapped_key) ORDER BY created_at, key_id)
    FROM person_keys WHERE user_id = ${user} AND wrapped_key IS NOT NULL)`;

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

  /** The key that encrypts for a person: the newest that can be unwrapped here, else a new one. Throws PersonErased. */
  async forWriting(tx: EntityManager, userId: string): Promise<PersonKey> {
    const known = this.byUserId.get(userId);
    if (known) return known;
    const found = await this.newestOf(tx, userId);
    if (found) return found;
    // Two messages of somebody new may come at the same moment: one key is enough.
    await lock(tx, userId);
    return (await this.newestOf(tx, userId)) ?? (await this.mint(tx, userId));
  }

  /** All keys of a person that can be unwrapped here. */
  async allOf(tx: EntityManager, userId: string): Promise<PersonKey[]> {
    const rows = await tx.query<Row[]>(
      'SELECT key_id, user_id, wrapped_key FROM person_keys WHERE user_id = $1 AND wrapped_key IS NOT NULL',
      [userId],
    );
    return rows.map((row) => this.unwrap(tx, row)).filter(isKey);
  }

  /** Keeps keys that were read with a row of their person: see `wrappedKeysOf`. */
  remember(tx: EntityManager, rows: readonly WrappedKey[]): void {
    // The newest comes last, and is the one to write with.
    for (const row of rows) if (!this.byKeyId.has(row.key_id)) this.unwrap(tx, row);
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

  /** Of keys that are not destroyed. */
  async owners(tx: EntityManager, keyIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await tx.query<{ key_id: string; user_id: string }[]>(
      'SELECT key_id, user_id FROM person_keys WHERE key_id = ANY($1::uuid[]) AND wrapped_key IS NOT NULL',
      [[...new Set(keyIds)]],
    );
    return new Map(rows.map(({ key_id, user_id }) => [key_id, user_id]));
  }

  /**
   * Destroys a person's keys. Whatever they have encrypted is unreadable from now on, wherever it lies; in other processes
   * within five seconds. A row stays, also of somebody who had no key: what comes late of a person who was erased is not written.
   */
  async erase(tx: EntityManager, userId: string, at: Date): Promise<void> {
    await lock(tx, userId);
    await tx.query(
      'UPDATE person_keys SET wrapped_key = NULL, erased_at = $2 WHERE user_id = $1 AND wrapped_key IS NOT NULL',
      [userId, at],
    );
    await tx.query(
      `INSERT INTO person_keys (key_id, user_id, erased_at)
       SELECT $1, $2, $3 WHERE NOT EXISTS (SELECT FROM person_keys WHERE user_id = $2)`,
      [uuidv7(), userId, at],
    );
    this.forget(userId);
  }

  /** Destroys the keys of what several people have in common, such as a group's chat: the next value makes a new one. */
  async destroyShared(tx: EntityManager, ownerId: string): Promise<void> {
    await tx.query('DELETE FROM person_keys WHERE user_id = $1', [ownerId]);
    this.forget(ownerId);
  }

  async isErased(tx: EntityManager, userId: string): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      'SELECT FROM person_keys WHERE user_id = $1 AND wrapped_key IS NULL LIMIT 1',
      [userId],
    );
    return rows.length > 0;
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

  private forget(userId: string): void {
    this.byUserId.delete(userId);
    for (const [id, key] of this.byKeyId.entries()) if (key.userId === userId) this.byKeyId.delete(id);
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
      'SELECT key_id, user_id, wrapped_key FROM person_keys WHERE user_id = $1 ORDER BY created_at DESC, key_id DESC',
      [userId],
    );
    if (rows.some((row) => row.wrapped_key === null)) throw new PersonErased(userId);
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

/** Whoever makes a person's first key, or destroys the last, waits for whoever does so already. */
const lock = (tx: EntityManager, userId: string) =>
  tx.query(`SELECT pg_advisory_xact_lock(hashtext('person_keys'), hashtext($1))`, [userId]);

const contextOf = (keyId: string, userId: string) => `person_keys/${keyId}/${userId}`;

/** Ids of keys that this transaction has made. */
function mintedIn({ queryRunner }: EntityManager): Set<string> {
  if (!queryRunner) return new Set();
  return (queryRunner.data['switchboard.personKeys'] ??= new Set()) as Set<string>;
}
