import { type BotServers, ResiliencePolicy } from '@switchboard/service-kit';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type http from 'node:http';
import { isAbsolute } from 'node:path';
import { pipeline, Readable, Transform } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { Registry } from 'prom-client';
import { Telegram } from 'telegraf';
import type { Opts, Telegram as Methods, UserFromGetMe } from 'telegraf/types';
import { FileGone, FileTooLarge } from '../channel-errors';
import { isOutage, isUnchanged, meaningOf } from './telegram.errors';

/** Source: Bot API, getFile: "bots can download files of up to 20MB". */
const PUBLIC_API = 'https://api.telegram.org';
const PUBLIC_MAX_BYTES = 20 * 1024 * 1024;
const POLL_SECONDS = 30;
const QUESTION_TIMEOUT_MS = 10_000;
/** Somebody looks at a form and waits. */
const INSPECTION_TIMEOUT_MS = 5000;
/** Until the first byte, and for the whole file. */
const FILE_ANSWER_MS = 60_000;
const FILE_TIMEOUT_MS = 600_000;
/** A preview that takes longer is of no use, and the final message waits for it. */
const PREVIEW_TIMEOUT_MS = 2000;

/** Everything else is of no use to us; stated, because Telegram keeps the list of the last program that stated one. */
export const ALLOWED_UPDATES = [
  'message',
  'edited_message',
  'callback_query',
  'my_chat_member',
  'chat_member',
  // Without it no payment goes through, and without `message` none is heard of.
  'pre_checkout_query',
  // telegraf 4.16 stems from Bot API 7.1; older servers pass over what they do not know.
  'subscription' as 'message',
  'stopped_message_generation' as 'message',
] as const;

type Method = keyof Methods;
type Result<M extends Method> = ReturnType<Methods[M]>;

export interface TelegramApiOptions {
  token: string;
  /** Without a slash at its end. */
  apiRoot: string;
  /** By which it is asked. */
  servers: Pick<BotServers, 'agentFor' | 'fetch' | 'isOperators'>;
  registry: Registry;
  sendTimeoutMs: number;
  /** Largest file from a Bot API server of one's own; the public one has a limit of its own. */
  maxOwnServerBytes: number;
}

/** The Bot API of one bot: every call has a deadline, a metric, and an error that says what to do (channel-errors.ts). */
export class TelegramApi {
  private readonly client: Telegram;
  private readonly asked: ResiliencePolicy;
  /** Previews may fail as they like: they must not open the breaker of real messages. */
  private readonly bestEffort: ResiliencePolicy;
  /** Files come from another server, whose troubles are none of the messages'. */
  private readonly files: ResiliencePolicy;
  readonly maxFileBytes: number;
  private self: Promise<UserFromGetMe> | undefined;

  constructor(private readonly options: TelegramApiOptions) {
    // A root with a path must end with a slash, or the client drops the path.
    this.client = new Telegram(options.token, { apiRoot: `${options.apiRoot}/` });
    // Not by its constructor, which drops it where the server is one of plain http.
    this.client.options.agent = withReasons(options.servers.agentFor(options.apiRoot));
    const { registry, sendTimeoutMs: timeoutMs } = options;
    this.maxFileBytes = options.apiRoot === PUBLIC_API ? PUBLIC_MAX_BYTES : options.maxOwnServerBytes;
    this.asked = new ResiliencePolicy({ name: 'telegram', registry, timeoutMs, isOutage });
    this.bestEffort = new ResiliencePolicy({ name: 'telegram', registry, timeoutMs: PREVIEW_TIMEOUT_MS, isOutage });
    this.files = new ResiliencePolicy({
      name: 'telegram files',
      registry,
      timeoutMs: FILE_ANSWER_MS,
      isOutage: isFileOutage,
    });
  }

  /** Of the server. */
  get origin(): string {
    return new URL(this.options.apiRoot).origin;
  }

  /** The number before the colon of a token is the bot's user id. */
  get botId(): number {
    return Number(this.options.token.split(':')[0]);
  }

  /** Who the bot is; asked once. */
  me(): Promise<UserFromGetMe> {
    this.self ??= this.ask('getMe', {}).catch((error: unknown) => {
      this.self = undefined;
      throw error;
    });
    return this.self;
  }

  /** Sends or changes something that people see. Never repeated here: the deliveries know how often is right. */
  send<M extends Method>(method: M, payload: Opts<M>): Promise<Result<M>> {
    return this.call(this.asked, method, payload, {});
  }

  /** Asks or sets something that may be repeated without harm. */
  ask<M extends Method>(method: M, payload: Opts<M>): Promise<Result<M>> {
    return this.call(this.asked, method, payload, { idempotent: true, timeoutMs: QUESTION_TIMEOUT_MS });
  }

  /** Asks once, for who waits for the answer. */
  askOnce<M extends Method>(method: M, payload: Opts<M>): Promise<Result<M>> {
    return this.call(this.asked, method, payload, { timeoutMs: INSPECTION_TIMEOUT_MS });
  }

  /** Shows something that is gone soon anyway. */
  show<M extends Method>(method: M, payload: Opts<M>): Promise<Result<M>> {
    return this.call(this.bestEffort, method, payload, {});
  }

  /** As `show`, for what stays: who gives up on a message too early does not learn its id. */
  showFirst<M extends Method>(method: M, payload: Opts<M>): Promise<Result<M>> {
    return this.call(this.bestEffort, method, payload, { timeoutMs: this.options.sendTimeoutMs });
  }

  /** Waits for updates from `offset` on. Confirms all before it. */
  updates(offset: number, signal: AbortSignal): Promise<unknown[]> {
    const payload = { offset, timeout: POLL_SECONDS, limit: 100, allowed_updates: ALLOWED_UPDATES };
    return this.call(this.asked, 'getUpdates', payload, { timeoutMs: (POLL_SECONDS + 10) * 1000, signal });
  }

  /** Throws FileGone and FileTooLarge; the stream fails with FileTooLarge when the file is larger than it was said to be. */
  async download(fileId: string): Promise<Readable> {
    const file = await this.ask('getFile', { file_id: fileId });
    const { token, apiRoot, servers } = this.options;
    const path = file.file_path ?? '';
    if ((file.file_size ?? 0) > this.maxFileBytes) throw tooLarge(this.maxFileBytes);
    // A server of one's own in local mode gives the path on its disk, and serves no files over HTTP.
    if (isAbsolute(path)) return this.openLocal(path);
    return this.files
      .call('file', () => openRemote(`${apiRoot}/file/bot${token}/${path}`, servers.fetch), { idempotent: true })
      .then((body) => limited(body, this.maxFileBytes))
      .catch((error: unknown) => {
        throw error instanceof FileGone ? error : meaningOf(error);
      });
  }

  private async openLocal(path: string): Promise<Readable> {
    // Any other server could name whatever file this process can read, and have a bot tell it.
    const { apiRoot, servers } = this.options;
    if (apiRoot === PUBLIC_API || !servers.isOperators(apiRoot))
      throw new FileGone('only the server of TELEGRAM_API_ROOT may give files by their path on a disk');
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile())
      throw new FileGone(`${path} is not here: mount the folder of the Bot API server at the same place`);
    if (found.size > this.maxFileBytes) throw tooLarge(this.maxFileBytes);
    return createReadStream(path);
  }

  private async call<M extends Method>(
    party: ResiliencePolicy,
    method: M,
    payload: Opts<M>,
    options: { idempotent?: boolean; timeoutMs?: number; signal?: AbortSignal },
  ): Promise<Result<M>> {
    type Signal = NonNullable<Parameters<Telegram['callApi']>[2]>['signal'];
    try {
      return await party.call(
        method,
        async (signal) => {
          try {
            return (await this.client.callApi(method, payload, { signal: signal as Signal })) as Result<M>;
          } catch (error) {
            // Of all methods only edits answer so, and nobody reads what an edit returns.
            if (isUnchanged(error)) return true as Result<M>;
            throw error;
          }
        },
        options,
      );
    } catch (error) {
      throw meaningOf(error);
    }
  }
}

const isFileOutage = (error: unknown) => !(error instanceof FileGone);

async function openRemote(url: string, request: typeof fetch): Promise<Readable> {
  const response = await request(url, { signal: AbortSignal.timeout(FILE_TIMEOUT_MS) });
  if (response.ok && response.body) return Readable.fromWeb(response.body as ReadableStream);
  await response.body?.cancel();
  // 404 is the answer for a file that has been deleted, and says nothing about the server.
  if (response.status === 404) throw new FileGone('Telegram no longer has the file');
  throw new Error(`Telegram's file server answered ${response.status}`);
}

const tooLarge = (maxBytes: number) => new FileTooLarge(`the file has more than ${maxBytes} bytes`);

function limited(body: Readable, maxBytes: number): Readable {
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > maxBytes ? tooLarge(maxBytes) : null, chunk);
    },
  });
  // Errors of either end destroy both; whoever reads hears of them.
  return pipeline(body, limit, () => undefined);
}

/**
 * telegraf throws the bodies of answers from 500 on away, and with them Telegram's reason. It is shown a status whose body it reads:
 * the code of the error is the body's, and one that is no JSON stays a failure whose outcome is unknown.
 */
function withReasons(agent: http.Agent): http.Agent {
  const inner = agent as unknown as { addRequest(request: http.ClientRequest, ...more: unknown[]): void };
  const addRequest = inner.addRequest.bind(agent);
  inner.addRequest = (request, ...more) => {
    request.once('response', (response) => {
      if (response.statusCode! >= 500) response.statusCode = 400;
    });
    addRequest(request, ...more);
  };
  return agent;
}
