/** A panel was asked and has not answered in time, whatever its adapter still waits for. */
export class PanelDeadline extends Error {
  override readonly name = 'PanelDeadline';
}

/**
 * Ends what takes longer, or what nobody waits for any more, also when the work itself does not notice. Not AbortSignal.any with
 * AbortSignal.timeout: on Node 24 the one forgets the other when nobody listens to it.
 * @throws PanelDeadline, or the reason of `outer`
 */
export async function withDeadline<T>(
  timeoutMs: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const inner = new AbortController();
  const ended = Promise.withResolvers<never>();
  const end = (reason: unknown) => {
    inner.abort(reason);
    ended.reject(reason as Error);
  };
  const stop = () => end(outer!.reason);
  outer?.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => end(new PanelDeadline(`no answer within ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work(inner.signal), ended.promise]);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener('abort', stop);
  }
}
