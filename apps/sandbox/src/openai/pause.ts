import type { Response } from 'express';

/** Thrown out of a wait when the client hung up: there is nobody left to answer. */
export class ClientGone extends Error {}

/** Waits `ms` (Infinity: for ever); throws ClientGone as soon as the client hangs up. */
export async function pause(res: Response, ms: number): Promise<void> {
  if (res.closed || res.destroyed) throw new ClientGone();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const timer = Number.isFinite(ms) ? setTimeout(done, ms) : undefined;
    function done() {
      res.off('close', gone);
      resolve();
    }
    function gone() {
      clearTimeout(timer);
      reject(new ClientGone());
    }
    res.once('close', gone);
  });
}
