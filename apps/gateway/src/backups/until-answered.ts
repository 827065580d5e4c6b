import { UpstreamHttpError } from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';

/** A service that is rolled out meanwhile is back by then. */
const SILENT_MS = 10 * 60_000;
const AGAIN_AFTER_MS = 2000;

/** Asks again for as long as a service does not answer; what it refuses it would refuse again. */
export async function untilAnswered<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + SILENT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isRefusal = error instanceof UpstreamHttpError && error.status < 500;
      if (isRefusal || Date.now() > until) throw error;
      await sleep(AGAIN_AFTER_MS, undefined, { signal });
    }
  }
}
