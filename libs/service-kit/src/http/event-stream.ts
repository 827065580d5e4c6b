import { Readable } from 'node:stream';
import type { ServerSentEvent } from './route.decorators';

const QUIET_MS = 15_000;

/** Server-sent events as bytes, with a comment whenever nothing happens: proxies close what is silent. */
export function eventStream<Data>(
  events: AsyncIterable<ServerSentEvent<Data>>,
  encode: (data: Data) => string,
  ended: AbortSignal,
): Readable {
  return Readable.from(textOf(events[Symbol.asyncIterator](), encode, ended), { objectMode: false });
}

async function* textOf<Data>(
  events: AsyncIterator<ServerSentEvent<Data>>,
  encode: (data: Data) => string,
  ended: AbortSignal,
): AsyncGenerator<string> {
  const end = new Promise<'end'>((resolve) => ended.addEventListener('abort', () => resolve('end'), { once: true }));
  try {
    // Sends the headers at once.
    yield ': begin\n\n';
    let next = events.next();
    while (!ended.aborted) {
      const { promise: quiet, cancel } = after(QUIET_MS);
      const first = await Promise.race([next, quiet, end]).finally(cancel);
      if (first === 'end') return;
      if (first === 'quiet') {
        yield ': quiet\n\n';
        continue;
      }
      if (first.done) return;
      const { id, event, data } = first.value;
      yield `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}data: ${encode(data)}\n\n`;
      next = events.next();
    }
  } finally {
    // Not awaited: a source that waits for something that never comes would hold up the end of the answer.
    void Promise.resolve(events.return?.()).catch(() => undefined);
  }
}

function after(ms: number) {
  let timer: NodeJS.Timeout;
  const promise = new Promise<'quiet'>((resolve) => (timer = setTimeout(resolve, ms, 'quiet')));
  return { promise, cancel: () => clearTimeout(timer) };
}
