import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `look` finds something, and returns it. Fails with `what` was waited for. */
export async function until<T>(
  look: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  { what, timeoutMs = 30_000 }: { what: string; timeoutMs?: number | undefined },
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false && found !== null) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await sleep(10);
  }
}
