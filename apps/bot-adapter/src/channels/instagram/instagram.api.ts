import { type BotServers, ResiliencePolicy } from '@switchboard/service-kit';
import { pipeline, Readable, Transform } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Registry } from 'prom-client';
import { z } from 'zod';
import { FileGone, FileTooLarge } from '../channel-errors';
import { GraphFailure, isOutage, meaningOf } from './instagram.errors';

const QUESTION_TIMEOUT_MS = 10_000;
/** Somebody looks at a form and waits. */
const INSPECTION_TIMEOUT_MS = 5000;
/** Typing and read marks are of no use later, and neither is a name while its person waits. */
const BEST_EFFORT_TIMEOUT_MS = 2000;
/** Until the first byte, and for the whole file. */
const FILE_ANSWER_MS = 30_000;
const FILE_TIMEOUT_MS = 120_000;
/** Source: messaging-api, media: nothing is larger. */
export const MAX_FILE_BYTES = 25_000_000;
/** Where the answer does not say how long: Meta counts by the hour. */
const BUSY_FOR_SECONDS = 30;

const Failure = z.object({
  error: z.object({ message: z.string(), code: z.number().optional(), error_subcode: z.number().optional() }),
});
/** Of the address of codes, which speaks otherwise than the rest. */
const CodeFailure = z.object({ code: z.number(), error_message: z.string() });

export interface InstagramApiOptions {
  /** Without a slash at their ends: of messages, and of codes. */
  graphRoot: string;
  codeRoot: string;
  version: string;
  servers: Pick<BotServers, 'fetch'>;
  registry: Registry;
  sendTimeoutMs: number;
}

interface Call {
  method: 'GET' | 'POST' | 'DELETE';
  path: string;
  token?: string;
  query?: Record<string, string>;
  body?: object;
  form?: Record<string, string>;
}

/** The API of Instagram: every call has a deadline, a metric, and an error that says what to do (channel-errors.ts). */
export class InstagramApi {
  private readonly asked: ResiliencePolicy;
  /** What may fail as it likes must not open the breaker of real messages. */
  private readonly bestEffort: ResiliencePolicy;
  /** Files come from other servers, whose troubles are none of the messages'. */
  private readonly files: ResiliencePolicy;

  constructor(private readonly options: InstagramApiOptions) {
    const { registry, sendTimeoutMs: timeoutMs } = options;
    this.asked = new ResiliencePolicy({ name: 'instagram', registry, timeoutMs, isOutage });
    this.bestEffort = new ResiliencePolicy({
      name: 'instagram',
      registry,
      timeoutMs: BEST_EFFORT_TIMEOUT_MS,
      isOutage,
    });
    this.files = new ResiliencePolicy({
      name: 'instagram files',
      registry,
      timeoutMs: FILE_ANSWER_MS,
      isOutage: (error) => !(error instanceof FileGone || error instanceof FileTooLarge),
    });
  }

  /** Sends something that people see. Never repeated here: the deliveries know how often is right. */
  send(operation: string, call: Call): Promise<unknown> {
    return this.call(this.asked, operation, call, {});
  }

  /** Asks or sets something that may be repeated without harm. */
  ask(operation: string, call: Call): Promise<unknown> {
    return this.call(this.asked, operation, call, { idempotent: true, timeoutMs: QUESTION_TIMEOUT_MS });
  }

  /** Asks once, for who waits for the answer. */
  askOnce(operation: string, call: Call): Promise<unknown> {
    return this.call(this.asked, operation, call, { timeoutMs: INSPECTION_TIMEOUT_MS });
  }

  /** Shows or asks something that is of no use soon. */
  tryTo(operation: string, call: Call): Promise<unknown> {
    return this.call(this.bestEffort, operation, call, {});
  }

  /** Throws FileGone and FileTooLarge; the stream fails with FileTooLarge when the file turns out to be larger. */
  async download(url: string): Promise<Readable> {
    try {
      return limited(await this.files.call('file', () => this.open(url), { idempotent: true }));
    } catch (error) {
      throw error instanceof FileGone || error instanceof FileTooLarge ? error : meaningOf(error);
    }
  }

  private async open(url: string): Promise<Readable> {
    // The address came with a message: it is asked like any that a stranger gives.
    const response = await this.options.servers.fetch(url, { signal: AbortSignal.timeout(FILE_TIMEOUT_MS) });
    if (response.ok && response.body) {
      if (Number(response.headers.get('content-length') ?? 0) > MAX_FILE_BYTES) {
        await response.body.cancel();
        throw tooLarge();
      }
      return Readable.fromWeb(response.body as ReadableStream);
    }
    await response.body?.cancel();
    // Links of Meta's servers end; then they answer 403.
    if ([403, 404, 410].includes(response.status)) throw new FileGone('Instagram no longer has the file');
    throw new Error(`the file server of Instagram answered ${response.status}`);
  }

  private async call(
    policy: ResiliencePolicy,
    operation: string,
    call: Call,
    options: { idempotent?: boolean; timeoutMs?: number },
  ): Promise<unknown> {
    try {
      return await policy.call(operation, (signal) => this.request(call, signal), options);
    } catch (error) {
      throw meaningOf(error);
    }
  }

  private async request({ method, path, token, query, body, form }: Call, signal: AbortSignal): Promise<unknown> {
    const { graphRoot, codeRoot, version, servers } = this.options;
    // Codes and tokens have addresses without a version.
    const root = form ? codeRoot : /^\/(refresh_)?access_token$/.test(path) ? graphRoot : `${graphRoot}/${version}`;
    const response = await servers.fetch(`${root}${path}${query ? `?${new URLSearchParams(query)}` : ''}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(form && { body: new URLSearchParams(form) }),
      signal,
    });
    const text = await response.text();
    const answer = jsonOf(text);
    if (response.ok && answer !== undefined) return answer;
    const failure = Failure.safeParse(answer).data?.error;
    const refused = CodeFailure.safeParse(answer).data;
    const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
    throw new GraphFailure({
      status: response.status,
      code: failure?.code ?? refused?.code,
      subcode: failure?.error_subcode,
      retryAfterSeconds: retryAfter >= 0 ? retryAfter : BUSY_FOR_SECONDS,
      description: failure?.message ?? refused?.error_message ?? `Instagram answered ${response.status}`,
    });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const tooLarge = () => new FileTooLarge(`the file has more than ${MAX_FILE_BYTES} bytes`);

function limited(body: Readable): Readable {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > MAX_FILE_BYTES ? tooLarge() : null, chunk);
    },
  });
  // Errors of either end destroy both; whoever reads hears of them.
  return pipeline(body, limit, () => undefined);
}
