import { ThirdParty } from '@switchboard/service-kit';
import type { Registry } from 'prom-client';
import { Telegram } from 'telegraf';
import type { Opts, Telegram as Methods, UserFromGetMe } from 'telegraf/types';
import { FileGone, FileTooLarge } from '../channel-errors';
import { isOutage, isUnchanged, meaningOf } from './telegram.errors';

/** Source: Bot API, getFile. */
const MAX_FILE_BYTES = 20 * 1024 * 1024;
const POLL_SECONDS = 30;
const QUESTION_TIMEOUT_MS = 10_000;
const FILE_TIMEOUT_MS = 60_000;
/** A preview that takes longer is of no use, and the final message waits for it. */
const PREVIEW_TIMEOUT_MS = 2000;

/** Everything else is of no use to us; stated, because Telegram keeps the list of the last program that stated one. */
export const ALLOWED_UPDATES = ['message', 'edited_message', 'callback_query', 'my_chat_member'] as const;

type Method = keyof Methods;
type Result<M extends Method> = ReturnType<Methods[M]>;

export interface TelegramApiOptions {
  token: string;
  apiRoot: string;
  registry: Registry;
  sendTimeoutMs: number;
}

/** The Bot API of one bot: every call has a deadline, a metric, and an error that says what to do (channel-errors.ts). */
export class TelegramApi {
  private readonly client: Telegram;
  private readonly asked: ThirdParty;
  /** Previews may fail as they like: they must not open the breaker of real messages. */
  private readonly bestEffort: ThirdParty;
  private self: Promise<UserFromGetMe> | undefined;

  constructor(private readonly options: TelegramApiOptions) {
    // A root with a path must end with a slash, or the client drops the path.
    this.client = new Telegram(options.token, { apiRoot: `${options.apiRoot.replace(/\/$/, '')}/` });
    const { registry, sendTimeoutMs: timeoutMs } = options;
    this.asked = new ThirdParty({ name: 'telegram', registry, timeoutMs, isOutage });
    this.bestEffort = new ThirdParty({ name: 'telegram', registry, timeoutMs: PREVIEW_TIMEOUT_MS, isOutage });
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

  async download(fileId: string): Promise<Buffer> {
    const file = await this.ask('getFile', { file_id: fileId });
    const { token, apiRoot } = this.options;
    const url = `${apiRoot.replace(/\/$/, '')}/file/bot${token}/${file.file_path}`;
    return this.asked
      .call('file', (signal) => bytesOf(url, signal), { idempotent: true, timeoutMs: FILE_TIMEOUT_MS })
      .catch((error: unknown) => {
        throw error instanceof FileGone || error instanceof FileTooLarge ? error : meaningOf(error);
      });
  }

  private async call<M extends Method>(
    party: ThirdParty,
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

async function bytesOf(url: string, signal: AbortSignal): Promise<Buffer> {
  const response = await fetch(url, { signal });
  if (response.status === 404) throw new FileGone('Telegram no longer has the file');
  if (!response.ok || !response.body) throw new Error(`Telegram's file server answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > MAX_FILE_BYTES) throw new FileTooLarge(`the file has more than ${MAX_FILE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
