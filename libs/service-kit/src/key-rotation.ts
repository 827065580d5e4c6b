import { type Bus, isInfrastructureError } from '@switchboard/bus';
import type { DataSource } from 'typeorm';
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
  readonly log: Log;
}

/**
 * Brings everything of a service to the current key, so that the older ones can be taken out of ENCRYPTION_KEYS: the keys of
 * persons are wrapped anew, and what a key of the installation has encrypted itself is written anew. Runs in the background.
 */
export class KeyRotation {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly of: Encrypted,
    private readonly places: readonly EncryptedPlace[],
  ) {}

  start(): void {
    if (!this.of.ring.isRotating) return;
    // A key that is missing or a database that leaves must not end a service that works otherwise.
    this.running = this.rotate(this.stopping.signal).catch((error: unknown) => {
      this.of.log.error({ err: error }, 'values of older keys were not all written anew');
    });
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async rotate(signal: AbortSignal): Promise<void> {
    const { db, bus, cipher, personal, log } = this.of;
    const keys = await personal.rewrapKeys(signal);
    const values = { written: 0, unreadable: 0 };
    for (const place of this.places) {
      const { written, unreadable } = await rotateColumn(db, cipher, place, signal);
      values.written += written;
      values.unreadable += unreadable;
    }
    const events = await bus.renewParked(signal);
    if (signal.aborted) return;
    const unreadable = keys.unreadable + values.unreadable + events.unreadable;
    const written = { keys: keys.written, values: values.written, events: events.written };
    if (unreadable > 0) log.error({ ...written, unreadable }, 'values of older keys are left that cannot be decrypted');
    else log.info(written, 'nothing is encrypted with an older key any more');
  }
}

/**
 * Writes values of older keys anew with the current one, walking the table once along its primary key. Safe while the service
 * works and in several processes: a value that changed meanwhile is left alone, and so is one that cannot be decrypted.
 */
async function rotateColumn(
  db: DataSource,
  cipher: FieldCipher,
  place: EncryptedPlace,
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
