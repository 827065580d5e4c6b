import type { DataSource } from 'typeorm';
import type { FieldCipher } from './field-cipher';

/** `messages.text`: where an encrypted value stands, and what it is bound to. */
export type EncryptedPlace = `${string}.${string}`;

const BATCH = 200;

/**
 * Writes values of older keys anew with the current one, so that an old key can be taken out of ENCRYPTION_KEYS
 * afterwards. Safe while the service works and in several processes: a value that changed meanwhile is left alone.
 * @returns how many values were written
 */
export async function rotateKeys(
  db: DataSource,
  cipher: FieldCipher,
  places: readonly EncryptedPlace[],
  signal: AbortSignal,
): Promise<number> {
  let rotated = 0;
  for (const place of places) {
    const [table, column] = place.split('.') as [string, string];
    for (let more = true; more && !signal.aborted;) {
      const rows = await db.query<{ row: string; value: string }[]>(
        `SELECT ctid::text AS row, ${column} AS value FROM ${table}
         WHERE ${column} <> '' AND NOT starts_with(${column}, $1) LIMIT ${BATCH}`,
        [cipher.currentPrefix],
      );
      for (const { row, value } of rows) {
        const renewed = cipher.encrypt(cipher.decrypt(value, place), place);
        await db.query(`UPDATE ${table} SET ${column} = $1 WHERE ctid = $2::tid AND ${column} = $3`, [
          renewed,
          row,
          value,
        ]);
      }
      rotated += rows.length;
      more = rows.length === BATCH;
    }
  }
  return rotated;
}
