import { isInfrastructureError } from '@switchboard/bus';
import { setTimeout as sleep } from 'node:timers/promises';

const AGAIN_EVERY_MS = 250;

/**
 * Repeats a transaction while the database is away for a moment: what it writes down has happened outside already, and was paid
 * for. It must do no harm when it is repeated after a commit of which nobody heard.
 * @param forMs then the error is thrown
 */
export async function persistently<T>(transaction: () => Promise<T>, forMs = 60_000): Promise<T> {
  const until = performance.now() + forMs;
  for (;;) {
    try {
      return await transaction();
    } catch (error) {
      if (!isInfrastructureError(error) || performance.now() > until) throw error;
      await sleep(AGAIN_EVERY_MS);
    }
  }
}
