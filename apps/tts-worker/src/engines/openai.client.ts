import OpenAI from 'openai';
import { z } from 'zod';
import { BadAnswer, EngineError, EngineRefused, EngineTimedOut, EngineUnavailable } from './engine-errors';

/** Where an OpenAI-compatible server is and how long it may take. */
export const OpenAiAccess = z.object({
  /** With the version, for example `https://host/v1`. */
  baseUrl: z.url(),
  apiKey: z.string().min(1),
  /** For one request, from its start to the last byte of the answer. */
  deadlineMs: z.int().positive().default(60_000),
});
export type OpenAiAccess = z.infer<typeof OpenAiAccess>;

// Errors of compatible servers may quote pages of input.
const MAX_QUOTED = 300;

/** Requests to one OpenAI-compatible server, with a deadline and with the errors of engine-errors.ts. */
export class OpenAiClient {
  private readonly client: OpenAI;

  constructor(
    private readonly name: string,
    private readonly access: OpenAiAccess,
  ) {
    // Jobs are retried by the queue, with longer pauses than a client would make.
    this.client = new OpenAI({ baseURL: access.baseUrl, apiKey: access.apiKey, maxRetries: 0 });
  }

  /**
   * Runs one request. `work` must pass the signal on and read the answer to its end: the client's own time-out ends
   * with the headers, and a server may well stall after them.
   */
  async call<T>(signal: AbortSignal, work: (client: OpenAI, signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const deadline = AbortSignal.timeout(this.access.deadlineMs);
    try {
      return await work(this.client, AbortSignal.any([signal, deadline]));
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (signal.aborted) throw signal.reason;
      if (deadline.aborted) throw new EngineTimedOut(this.name, this.access.deadlineMs);
      throw this.named(error);
    }
  }

  private named(error: unknown): unknown {
    // By name, because they may be made in another realm: fetch reports an answer that breaks off as a TypeError.
    const { name } = error as Error;
    if (name === 'SyntaxError') return new BadAnswer(`${this.name} sent broken JSON`, { cause: error });
    if (error instanceof OpenAI.APIConnectionError || name === 'TypeError')
      return new EngineUnavailable(`${this.name} cannot be reached or broke off`, undefined, { cause: error });
    if (!(error instanceof OpenAI.APIError)) return error;
    const message = `${this.name} answered ${error.message.slice(0, MAX_QUOTED)}`;
    return mayPass(error)
      ? new EngineUnavailable(message, retryAfterSeconds(error.headers), { cause: error })
      : new EngineRefused(message, { cause: error });
  }
}

function mayPass({ status, code }: InstanceType<typeof OpenAI.APIError>): boolean {
  // A spent quota comes as 429 too, but no waiting refills it.
  if (code === 'insufficient_quota') return false;
  return status === undefined || status >= 500 || [408, 409, 425, 429].includes(status);
}

function retryAfterSeconds(headers: Headers | undefined): number | undefined {
  const value = headers?.get('retry-after');
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - Date.now()) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
