import type { EntityManager } from 'typeorm';

const ROWS_AT_ONCE = 5000;
const CURSOR = 'rows_of';

/**
 * The rows of a statement, some thousand at a time, so that no result has to fit into memory.
 * @param tx a transaction of its own: the cursor ends with it, and it has one at a time
 */
export async function* rowsOf<Row>(
  tx: EntityManager,
  sql: string,
  parameters: readonly unknown[],
): AsyncGenerator<Row> {
  await tx.query(`DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${sql}`, [...parameters]);
  try {
    for (;;) {
      const rows = await tx.query<Row[]>(`FETCH ${ROWS_AT_ONCE} FROM ${CURSOR}`);
      yield* rows;
      if (rows.length < ROWS_AT_ONCE) return;
    }
  } finally {
    // Of a transaction that has failed nothing is left to close.
    await tx.query(`CLOSE ${CURSOR}`).catch(() => undefined);
  }
}
