import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager } from 'typeorm';

/** So many causes are kept: of a thousand failures the first tell what is wrong. */
const CAUSES = 10;

export interface EachDueOptions {
  /** That of the job: what is left when it is aborted is done by the next run. */
  signal: AbortSignal;
  /** So many are changed by one run. Those that fail are not counted: they keep nobody behind them from their turn. */
  atOnce?: number;
  /** After each of them, for what may wait while others use the database. */
  pauseMs?: number;
}

/**
 * Changes what is due, the longest due first, each in a transaction of its own: one that fails keeps no other from its turn. What a
 * row was when it was found may be so no longer: `change` locks it and looks again.
 * @param due `SELECT … AS id, … AS at FROM … WHERE … <= $1`: the key of a row, and since when (timestamptz) it is due
 * @throws AggregateError when all had their turn, with the first causes
 */
export async function eachDue(
  db: DataSource,
  due: string,
  parameters: readonly unknown[],
  change: (tx: EntityManager, id: string) => Promise<void>,
  { signal, atOnce = 500, pauseMs = 0 }: EachDueOptions,
): Promise<void> {
  const causes: unknown[] = [];
  let [done, failed] = [0, 0];
  const n = parameters.length;
  let last: { id: string; at: string } | undefined;
  do {
    const after = last ? `WHERE (due.at, due.id) > ($${n + 1}::timestamptz, $${n + 2})` : '';
    const rows: { id: string; at: string }[] = await db.query(
      `SELECT due.id, due.at::text FROM (${due}) due ${after} ORDER BY due.at, due.id LIMIT ${atOnce}`,
      [...parameters, ...(last ? [last.at, last.id] : [])],
    );
    for (const { id } of rows) {
      if (signal.aborted || done === atOnce) break;
      try {
        await db.transaction((tx) => change(tx, id));
        done += 1;
      } catch (error) {
        failed += 1;
        if (causes.length < CAUSES) causes.push(error);
      }
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
    last = rows.length === atOnce ? rows.at(-1) : undefined;
  } while (last && done < atOnce && !signal.aborted);
  if (failed > 0) throw new AggregateError(causes, `${failed} of ${done + failed} failed`);
}
