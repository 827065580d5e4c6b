import { isOpenAi, openAiClient, wasNeverConnected, withoutWords } from '@switchboard/service-kit';
import OpenAI from 'openai';
import {
  BadAnswer,
  EngineError,
  EngineRefused,
  EngineTimedOut,
  EngineUnavailable,
  RecordingTooLarge,
} from './engine-errors';
import type { TtsWorkerConfig } from '../tts-worker.config';

const OPENAI_URL = 'https://api.openai.com/v1';

export interface OpenAiServer {
  /** With the version, for example `https://host/v1`. */
  readonly baseUrl: string;
  /** Absent for a server that asks for none. */
  readonly apiKey?: string;
}

/** The server that is configured, with the key that belongs to it; undefined when there is none. */
export function configuredServer(
  config: Pick<TtsWorkerConfig, 'TTS_WORKER_BASE_URL' | 'TTS_WORKER_API_KEY' | 'OPENAI_API_KEY'>,
): OpenAiServer | undefined {
  const baseUrl = config.TTS_WORKER_BASE_URL ?? OPENAI_URL;
  // Whoever runs another server must not learn the key of OpenAI.
  const apiKey = config.TTS_WORKER_API_KEY ?? (isOpenAi(baseUrl) ? config.OPENAI_API_KEY : undefined);
  if (apiKey) return { baseUrl, apiKey };
  return isOpenAi(baseUrl) ? undefined : { baseUrl };
}

/** Requests to one OpenAI-compatible server, with a deadline and with the errors of engine-errors.ts. */
export class OpenAiClient {
  private readonly client: OpenAI;

  constructor(
    private readonly name: string,
    server: OpenAiServer,
    /** For one request, from its start to the last byte of the answer, where `call` says nothing else. */
    private readonly deadlineMs: number,
  ) {
    this.client = openAiClient(server);
  }

  /**
   * Runs one request. `work` must pass the signal on and read the answer to its end: the client's own time-out ends
   * with the headers, and a server may well stall after them.
   */
  async call<T>(
    signal: AbortSignal,
    work: (client: OpenAI, signal: AbortSignal) => Promise<T>,
    deadlineMs = this.deadlineMs,
  ): Promise<T> {
    signal.throwIfAborted();
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      return await work(this.client, AbortSignal.any([signal, deadline]));
    } catch (error) {
      if (error instanceof EngineError) throw error;
      if (signal.aborted) throw signal.reason;
      if (deadline.aborted) throw new EngineTimedOut(this.name, deadlineMs);
      throw this.named(error);
    }
  }

  private named(error: unknown): unknown {
    // By name, because they may be made in another realm: fetch reports an answer that breaks off as a TypeError.
    const { name } = error as Error;
    if (name === 'SyntaxError') return new BadAnswer(`${this.name} sent broken JSON`);
    if (error instanceof OpenAI.APIConnectionError || name === 'TypeError')
      return new EngineUnavailable(`${this.name} cannot be reached or broke off`, {
        mayBeBilled: !wasNeverConnected(error),
        cause: error,
      });
    if (!(error instanceof OpenAI.APIError)) return error;
    // Its own words quote what was to be spoken, or who was heard.
    const cause = withoutWords(error);
    const message = `${this.name} ${(cause as Error).message}`;
    if (isTooLarge(error)) return new RecordingTooLarge(message, { cause });
    if (!mayPass(error)) return new EngineRefused(message, { cause });
    const mayBeBilled = MAY_COME_AFTER_THE_WORK.includes(error.status as number);
    return new EngineUnavailable(message, {
      retryAfterSeconds: retryAfterSeconds(error.headers),
      mayBeBilled,
      cause,
    });
  }
}

/** "audio duration 1512.4 seconds is longer than 1400 seconds which is the maximum for this model", and more bytes than are taken. */
const isTooLarge = ({ status, message }: InstanceType<typeof OpenAI.APIError>): boolean =>
  status === 413 || (status === 400 && /audio duration .* longer than/i.test(message));

/** They come as 429 too, but no waiting fills an account. */
const NOT_PAID_FOR = ['insufficient_quota', 'billing_not_active'];

/** 503 is said by servers without room, and by proxies without a server; these also by proxies that lost patience with one at work. */
const MAY_COME_AFTER_THE_WORK = [408, 500, 502, 504, 524];

function mayPass({ status, code }: InstanceType<typeof OpenAI.APIError>): boolean {
  if (NOT_PAID_FOR.includes(code ?? '')) return false;
  return status === undefined || status >= 500 || [408, 409, 425, 429].includes(status);
}

function retryAfterSeconds(headers: Headers | undefined): number | undefined {
  const value = headers?.get('retry-after');
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : Math.ceil((Date.parse(value) - Date.now()) / 1000);
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
