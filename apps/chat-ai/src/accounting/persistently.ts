import { isInfrastructureError } from '@switchboard/bus';
import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than a database takes to restart, or to be replaced by its standby. */
const FOR_MS = 60_000;
const AGAIN_EVERY_MS = 500;

/** Repeats a transaction while the database is away: the result of a call of a model that is lost is paid for again. */
export async function persistently<T>(transaction: () => Promise<T>): Promise<T> {
  const until = performance.now() + FOR_MS;
  for (;;) {
    try {
      return await transaction();
    } catch (error) {
      if (!isInfrastructureError(error) || performance.now() > until) throw error;
      await sleep(AGAIN_EVERY_MS);
    }
  }
}
