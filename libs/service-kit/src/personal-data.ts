import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import { EncryptionKeyMissing } from '@switchboard/bus';
import { Counter, type Registry } from 'prom-client';
import type { DataSource, EntityManager } from 'typeorm';
import { decrypt, encrypt, type KeyRing, type Rotated } from './key-ring';
import type { Log } from './log';
import { isKey, type NoKey, type PersonKey, PersonKeys, type WrappedKey } from './person-keys';

/** The row that values belong to, and the person they are of. */
export interface PersonalRow {
  readonly table: string;
  /** The primary key as text. */
  readonly id: string;
  /** The person; or, of what several have in common, whatever the service keeps it by, such as a group's chat. */
  readonly userId: string;
}

/** Column → value. */
type Values = Readonly<Record<string, string | null>>;

/** As it was written; undefined where it cannot be read any more, because the person's data was erased. */
export type Read<V extends Values> = { [Column in keyof V]: V[Column] | undefined };

/** Decrypts values whose keys are at hand. Throws EncryptionKeyMissing; what was erased is undefined. */
export type Decrypter = <V extends Values>(row: PersonalRow, values: V) => Read<V>;

/** Makes 64 hexadecimal digits of a value: the same value of the same person as the same thing is the same digest. */
export type Digester = (kind: string, value: string) => string;

const FORMAT = 'p1';

/**
 * Personal values at rest. They are stored as `p1.<key id>.<iv + tag + ciphertext in base64url>`, encrypted with a key of the
 * person and bound to table, column, row and person, so that one that is copied elsewhere does not decrypt. When the key is
 * destroyed, they are unreadable in every copy and every backup.
 */
export class PersonalData {
  private readonly keys: PersonKeys;
  private readonly unreadable: Counter<'table' | 'reason'>;

  constructor(
    db: DataSource,
    ring: KeyRing,
    registry: Registry,
    private readonly log: Log,
  ) {
    this.keys = new PersonKeys(db, ring);
    this.unreadable = new Counter({
      name: 'personal_values_unreadable_total',
      help: 'Personal values that were asked for and could not be read: erased, damaged, or of a key that is missing.',
      labelNames: ['table', 'reason'],
      registers: [registry],
    });
  }

  /** Encrypts values of a row; null stays null. Throws PersonErased. */
  async encrypt<V extends Values>(tx: EntityManager, row: PersonalRow, values: V): Promise<V> {
    const { id, key } = await this.keys.forWriting(tx, row.userId);
    return mapped(values, (value, column) => {
      return `${FORMAT}.${id}.${encrypt(value, key, contextOf(row, column)).toString('base64url')}`;
    }) as V;
  }

  /** Decrypts values of a row. What was erased is undefined. Throws EncryptionKeyMissing. */
  async decrypt<V extends Values>(tx: EntityManager, row: PersonalRow, values: V): Promise<Read<V>> {
    const [read] = await this.decryptAll(tx, [{ row, values }]);
    return read!;
  }

  /** The same for many rows, whose keys are fetched together. */
  async decryptAll<V extends Values>(
    tx: EntityManager,
    rows: readonly { row: PersonalRow; values: V }[],
  ): Promise<Read<V>[]> {
    const decrypt = await this.decrypter(
      tx,
      rows.flatMap(({ values }) => Object.values(values)),
    );
    return rows.map(({ row, values }) => decrypt(row, values));
  }

  /** Fetches the keys of all these values, so that each can be decrypted when it is wanted. */
  async decrypter(tx: EntityManager, stored: readonly (string | null)[]): Promise<Decrypter> {
    const keys = await this.keys.forReading(
      tx,
      stored.flatMap((value) => keyIdOf(value) ?? []),
    );
    return <V extends Values>(row: PersonalRow, values: V) =>
      mapped(values, (value, column) => this.open(row, column, value, keys)) as Read<V>;
  }

  /** Whose these values are, for what names its person only by the key; those of people who were erased are left out. */
  async ownersOf(tx: EntityManager, stored: readonly string[]): Promise<Map<string, string>> {
    const owners = await this.keys.owners(
      tx,
      stored.flatMap((value) => keyIdOf(value) ?? []),
    );
    return new Map(
      stored.flatMap((value) => {
        const owner = owners.get(keyIdOf(value) ?? '');
        return owner === undefined ? [] : [[value, owner]];
      }),
    );
  }

  /**
   * For what has to name a person or hold something of theirs for longer than they may be known: nobody can make the digests again
   * once the person was erased. Throws PersonErased.
   */
  async digester(tx: EntityManager, userId: string): Promise<Digester> {
    return digesterOf(await this.keys.forWriting(tx, userId));
  }

  /** By all keys that the person has had, to find what was written earlier; none of somebody who was erased. */
  async digesters(tx: EntityManager, userId: string): Promise<Digester[]> {
    return (await this.keys.allOf(tx, userId)).map(digesterOf);
  }

  /** Keeps keys that came with rows of their person: see `wrappedKeysOf`. */
  remember(tx: EntityManager, keys: readonly WrappedKey[] | null): void {
    if (keys) this.keys.remember(tx, keys);
  }

  /**
   * For values that are there only to be compared or shown and can be had again, such as a profile: what cannot be read for
   * whatever reason is undefined, and is to be written anew.
   */
  async tryDecrypt<V extends Values>(tx: EntityManager, row: PersonalRow, values: V): Promise<Read<V>> {
    try {
      return await this.decrypt(tx, row, values);
    } catch (error) {
      if (!(error instanceof EncryptionKeyMissing)) throw error;
      return mapped(values, () => undefined) as Read<V>;
    }
  }

  /** Destroys a person's key within `tx`. Their rows may stay: they read as erased. Other processes follow within 5 s. */
  erase(tx: EntityManager, userId: string, at: Date): Promise<void> {
    return this.keys.erase(tx, userId, at);
  }

  /** See PersonKeys.destroyShared. */
  destroyShared(tx: EntityManager, ownerId: string): Promise<void> {
    return this.keys.destroyShared(tx, ownerId);
  }

  isErased(tx: EntityManager, userId: string): Promise<boolean> {
    return this.keys.isErased(tx, userId);
  }

  /** See PersonKeys.rewrap. */
  rewrapKeys(signal: AbortSignal): Promise<Rotated> {
    return this.keys.rewrap(signal);
  }

  private open(
    row: PersonalRow,
    column: string,
    stored: string,
    keys: ReadonlyMap<string, PersonKey | NoKey>,
  ): string | undefined {
    const found = keys.get(keyIdOf(stored) ?? '');
    if (found instanceof EncryptionKeyMissing) {
      this.unreadable.inc({ table: row.table, reason: 'key_missing' });
      throw found;
    }
    if (found === 'erased') {
      this.unreadable.inc({ table: row.table, reason: 'erased' });
      return undefined;
    }
    try {
      if (!isKey(found))
        throw new Error(found ? 'the key of the person is damaged' : 'it is not encrypted with the key of a person');
      return decrypt(Buffer.from(stored.split('.')[2]!, 'base64url'), found.key, contextOf(row, column)).toString();
    } catch (error) {
      this.unreadable.inc({ table: row.table, reason: 'damaged' });
      this.log.error({ err: error, table: row.table, column, row: row.id }, 'a personal value is damaged or misplaced');
      return undefined;
    }
  }
}

function digesterOf({ key }: PersonKey): Digester {
  const derived = createSecretKey(Buffer.from(hkdfSync('sha256', key, '', 'switchboard digests', 32)));
  return (kind, value) =>
    createHmac('sha256', derived)
      .update(JSON.stringify([kind, value]))
      .digest('hex');
}

const contextOf = ({ table, id, userId }: PersonalRow, column: string) => `${table}.${column}/${id}/${userId}`;

const KEY_ID = /^p1\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\./;
/** True of what a key of a person has encrypted. */
export const isOfPerson = (stored: string): boolean => KEY_ID.test(stored);
const keyIdOf = (stored: string | null) => (stored === null ? undefined : KEY_ID.exec(stored)?.[1]);

function mapped(values: Values, change: (value: string, column: string) => string | undefined) {
  return Object.fromEntries(
    Object.entries(values).map(([column, value]) => [column, value === null ? null : change(value, column)]),
  );
}
