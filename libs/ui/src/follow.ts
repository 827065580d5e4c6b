import { EventSourceParserStream } from 'eventsource-parser/stream';

export interface Followed {
  readonly id: string | undefined;
  readonly type: string;
  /** The text of the event; streams of ours carry JSON. */
  readonly data: string;
}

export interface FollowOptions {
  onEvent: (event: Followed) => void;
  /** Whether events are coming at the moment. */
  onState?: (connected: boolean) => void;
  headers?: () => HeadersInit | Promise<HeadersInit>;
  signal: AbortSignal;
  fetch?: typeof fetch;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;

/** Statuses of the 4xx kind that pass by themselves. */
const PASSING = [408, 425, 429];

/** An answer after which asking again would be of no use. */
export class StreamRefused extends Error {
  constructor(readonly status: number) {
    super(`The stream was refused (${status})`);
  }
}

/**
 * Reads server-sent events for as long as `signal` is not aborted, resuming after every break with the last id. `EventSource`
 * does the same but cannot send a bearer token. Rejects with `StreamRefused` when the server says no.
 */
export async function follow(url: string, { onEvent, onState, headers, signal, ...options }: FollowOptions) {
  const ask = options.fetch ?? fetch;
  let lastId: string | undefined;
  let asked: number | undefined; // `retry:` of the server
  let failures = 0;
  while (!signal.aborted) {
    try {
      const response = await ask(url, {
        headers: {
          accept: 'text/event-stream',
          ...Object.fromEntries(new Headers(await headers?.())),
          ...(lastId !== undefined && { 'last-event-id': lastId }),
        },
        cache: 'no-store',
        signal,
      });
      const { status } = response;
      if (status >= 400 && status < 500 && !PASSING.includes(status)) throw new StreamRefused(status);
      // 204 is the standard's way to say that nothing will come any more.
      if (status === 204) throw new StreamRefused(status);
      if (!response.ok || !response.body) throw new Error(`The stream answered ${status}`);
      failures = 0;
      onState?.(true);
      for await (const event of eventsOf(response.body, (ms) => (asked = ms))) {
        if (event.id !== undefined) lastId = event.id;
        onEvent(event);
      }
    } catch (error) {
      if (error instanceof StreamRefused && !signal.aborted) throw error;
    }
    onState?.(false);
    await pause(backOff(asked, failures++), signal);
  }
}

/** The events of one answer, such as that to a POST, which nobody repeats. @param onRetry the server's `retry:` */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  onRetry?: (ms: number) => void,
): AsyncGenerator<Followed> {
  const events = body
    .pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(new EventSourceParserStream({ onRetry }));
  for await (const { id, event = 'message', data } of events as unknown as AsyncIterable<ParsedEvent>)
    yield { id, type: event, data };
}

interface ParsedEvent {
  id?: string;
  event?: string;
  data: string;
}

/** Doubled from failure to failure, with jitter: a server that comes back is not asked by all at once. */
function backOff(asked: number | undefined, failures: number): number {
  const wait = Math.min(LONGEST_RETRY_MS, (asked ?? FIRST_RETRY_MS) * 2 ** failures);
  return wait * (0.5 + Math.random() / 2);
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
