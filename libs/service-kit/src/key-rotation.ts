import { type Bus, isInfrastructureError, RELEASE_OVERLAP_MINUTES } from '@switchboard/bus';
import { Gauge, type Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { Clock } from './clock';
import type { FieldCipher } from './field-cipher';
import type { KeyRing, Rotated } from './key-ring';
import type { Log } from './log';
import { isOfPerson, type PersonalData } from './personal-data';

/** `bots.token`: where an encrypted value stands, and what it is bound to. */
export type EncryptedPlace = `${string}.${string}`;

const BATCH = 200;

/** Everything of a service that keys of the installation have encrypted. */
interface Encrypted {
  readonly db: DataSource;
  readonly bus: Bus;
  readonly ring: KeyRing;
  readonly cipher: FieldCipher;
  readonly personal: PersonalData;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Log;
}

/** How many values of which older key were found. */
type Found = Map<string, number>;

/**
 * Brings everything of a service to the current key, so that the older ones can be taken out of ENCRYPTION_KEYS: the keys of
 * persons are wrapped anew, and what a key of the installation has encrypted itself is written anew. Runs in the background when the
 * service starts, and every hour: beside us a process of the former release may write with the older key, behind the one that looks.
 */
export class KeyRotation {
  private readonly stopping = new AbortController();
  private readonly values: Gauge<'key'>;
  private running: Promise<void> | undefined;
  private startedAt = Infinity;

  constructor(
    private readonly of: Encrypted,
    private readonly places: readonly EncryptedPlace[],
  ) {
    this.values = new Gauge({
      name: 'encryption_older_key_values',
      help: 'Values of older keys that the last pass of this process found, by the id of the key; written anew unless they are unreadable.',
      labelNames: ['key'],
      registers: [of.registry],
    });
  }

  start(): void {
    this.startedAt = this.of.clock.now().getTime();
    // A key that is missing or a database that leaves must not end a service that works otherwise.
    this.running = this.pass(this.stopping.signal).catch((error: unknown) => {
      this.of.log.error({ err: error }, 'values of older keys were not all written anew');
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Looks at everything once. Does nothing while there is one key only. */
  async pass(signal: AbortSignal): Promise<void> {
    const { db, bus, ring, cipher, personal, clock, log } = this.of;
    if (!ring.isRotating) return;
    const begunAt = clock.now().getTime();
    const found: Found = new Map(ring.older.map((id) => [id, 0]));
    await this.count(found, KEYS_OF_PERSONS);
    await this.count(found, KEYS_OF_EVENTS);
    const keys = await personal.rewrapKeys(signal);
    const values = { written: 0, unreadable: 0 };
    for (const place of this.places) {
      const { written, unreadable } = await rotateColumn(db, cipher, place, found, signal);
      values.written += written;
      values.unreadable += unreadable;
    }
    const events = await bus.renewParked(signal);
    if (signal.aborted) return;
    const unreadable = keys.unreadable + values.unreadable + events.unreadable;
    const written = { keys: keys.written, values: values.written, events: events.written };
    this.values.reset();
    for (const [key, count] of found) this.values.set({ key }, count);
    const isClean = [...found.values()].every((count) => count === 0);
    // Whoever wrote with an older key beside us has ended by then.
    const isLast = begunAt - this.startedAt >= RELEASE_OVERLAP_MINUTES * 60_000;
    if (unreadable > 0) log.error({ ...written, unreadable }, 'values of older keys are left that cannot be decrypted');
    else if (isClean && isLast) log.info('nothing is encrypted with an older key any more');
    else log.info(written, 'values of older keys were written anew, and are looked for every hour');
  }

  private async count(found: Found, sql: string): Promise<void> {
    const rows = await this.of.db.query<{ key: string; count: number }[]>(sql, [this.of.ring.current]);
    for (const { key, count } of rows) found.set(key, (found.get(key) ?? 0) + count);
  }
}

const KEYS_OF_PERSONS = `SELECT split_part(wrapped_key, '.', 2) AS key, count(*)::int AS count FROM person_keys
  WHERE wrapped_key IS NOT NULL AND split_part(wrapped_key, '.', 2) <> $1 GROUP BY 1`;
/** As EventEncryption writes them. */
const KEYS_OF_EVENTS = `SELECT field[1] AS key, count(DISTINCT id)::int AS count
  FROM parked_events, regexp_matches(envelope, '"e1\\.([A-Za-z0-9-]+)\\.', 'g') field WHERE field[1] <> $1 GROUP BY 1`;

/**
 * Writes values of older keys anew with the current one, walking the table once along its primary key. Safe while the service
 * works and in several processes: a value that changed meanwhile is left alone, and so is one that cannot be decrypted.
 */
async function rotateColumn(
  db: DataSource,
  cipher: FieldCipher,
  place: EncryptedPlace,
  found: Found,
  signal: AbortSignal,
): Promise<Rotated> {
  const [table, column] = place.split('.') as [string, string];
  const done = { written: 0, unreadable: 0 };
  const key = await primaryKeyOf(db, table);
  const columns = key.map(({ name }) => name).join(', ');
  const parameters = key.map(({ type }, i) => `$${i + 1}::${type}`).join(', ');
  const asText = `ARRAY[${key.map(({ name }) => `${name}::text`).join(', ')}]`;
  for (let after: string[] | undefined; !signal.aborted;) {
    const rows: { row: string[]; value: string | null }[] = await db.query(
      `SELECT ${asText} AS row, ${column} AS value FROM ${table} ${after ? `WHERE (${columns}) > (${parameters})` : ''}
       ORDER BY ${columns} LIMIT ${BATCH}`,
      after,
    );
    for (const { row, value } of rows) {
      if (!value || isOfPerson(value) || cipher.isCurrent(value)) continue;
      const keyId = value.split('.')[1] ?? '';
      found.set(keyId, (found.get(keyId) ?? 0) + 1);
      try {
        await db.query(
          `UPDATE ${table} SET ${column} = $${key.length + 1}
           WHERE (${columns}) = (${parameters}) AND ${column} = $${key.length + 2}`,
          [...row, cipher.renew(value, place, row.join('/')), value],
        );
        done.written++;
      } catch (error) {
        if (isInfrastructureError(error)) throw error;
        done.unreadable++;
      }
    }
    if (rows.length < BATCH) break;
    after = rows.at(-1)!.row;
  }
  return done;
}

async function primaryKeyOf(db: DataSource, table: string): Promise<{ name: string; type: string }[]> {
  const key = await db.query<{ name: string; type: string }[]>(
    `SELECT quote_ident(a.attname) AS name, format_type(a.atttypid, a.atttypmod) AS type
     FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS k (attnum, place), pg_attribute a
     WHERE i.indrelid = $1::regclass AND i.indisprimary AND a.attrelid = i.indrelid AND a.attnum = k.attnum ORDER BY k.place`,
    [table],
  );
  if (key.length === 0) throw new Error(`${table} has no primary key, so its values cannot be rotated`);
  return key;
}
