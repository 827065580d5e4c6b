import type { DataSource } from 'typeorm';
import type { BlindIndex } from './blind-index';
import { ConfigError } from './config';
import type { KeyRing } from './key-ring';

const LOOKUP_KEY = 'LOOKUP_KEY';
const ENCRYPTION = 'ENCRYPTION_KEYS/';

/**
 * Refuses keys that do not belong to the data of this schema, before anything is read or written with them: with other keys
 * every value counts as damaged, nobody who wrote before is found, and new keys of persons are made beside the old ones. New
 * keys may come beside one that is known. To be called by one process at a time.
 * @throws ConfigError
 */
export async function requireKnownKeys(db: DataSource, ring: KeyRing, index: BlindIndex): Promise<void> {
  const [{ schema }] = await db.query<[{ schema: string }]>('SELECT current_schema() AS schema');
  const rows = await db.query<{ key: string; fingerprint: string }[]>('SELECT key, fingerprint FROM key_checks');
  const known = new Map(rows.map(({ key, fingerprint }) => [key, fingerprint]));
  const given = [...ring.fingerprints].map(([id, fingerprint]) => [ENCRYPTION + id, fingerprint] as const);
  const mistakes: string[] = [];

  const isOther = ([key, fingerprint]: readonly [string, string]) => known.has(key) && known.get(key) !== fingerprint;
  for (const [key] of given.filter(isOther)) {
    mistakes.push(
      `ENCRYPTION_KEYS: "${idOf(key)}" is another key than the one of this id in the data of the schema ${schema}. ` +
        `Put the former key back; one that is new needs an id of its own`,
    );
  }
  const former = [...known.keys()].filter((key) => key.startsWith(ENCRYPTION));
  if (former.length > 0 && !given.some(([key]) => known.has(key))) {
    mistakes.push(
      `ENCRYPTION_KEYS: the data of the schema ${schema} needs a key that is not among them (${former.map(idOf).join(', ')}). ` +
        `Put it back behind the new one. If it is lost, so is what it encrypted: ${goOn(schema, `key <> '${LOOKUP_KEY}'`)}`,
    );
  }
  if (isOther([LOOKUP_KEY, index.fingerprint])) {
    mistakes.push(
      `LOOKUP_KEY: is another one than that of the data of the schema ${schema}. Put the former one back. ` +
        `If it is lost, nobody who wrote before is known any more: ${goOn(schema, `key = '${LOOKUP_KEY}'`)}`,
    );
  }
  if (mistakes.length > 0) throw ConfigError.of(mistakes);

  const all = [...given, [LOOKUP_KEY, index.fingerprint]];
  await db.query(
    'INSERT INTO key_checks (key, fingerprint) SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING',
    [all.map(([key]) => key), all.map(([, fingerprint]) => fingerprint)],
  );
}

const idOf = (key: string) => key.slice(ENCRYPTION.length);

const goOn = (schema: string, condition: string) =>
  `begin with an empty database, or go on with this one by DELETE FROM ${schema}.key_checks WHERE ${condition};`;
