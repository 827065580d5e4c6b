import { jsonObject } from './read-call';
import type { Bot, PendingUpdate } from './state';
import { unixNow } from './state';

/** Telegram closes a connection that says nothing for a minute and sends the update again. */
const IDLE_MS = 60_000;
const MAX_RETRY_AFTER_S = 3600;
const GONE_FOR_MS = 23 * 3600 * 1000;

export interface PushSettings {
  /** Factor on every wait; 1 is Telegram's pace. */
  pace: number;
  /** A method call in the webhook's answer; its result is told to nobody. */
  onReply: (call: Record<string, unknown>) => void;
  /** An address that answered 410 for a day loses the webhook. */
  onGone: () => void;
}

type Outcome =
  { delivered: true; call?: Record<string, unknown> } | { delivered: false; reason: string; retryAfterMs?: number };

/** Delivers a bot's updates to its webhook: lanes side by side, one update at a time in each. */
export class WebhookPusher {
  private readonly lanes = new Map<number, PendingUpdate[]>();
  private readonly closing = new AbortController();
  private readonly waiting: (() => void)[] = [];
  private connections = 0;
  private goneSince?: number;

  constructor(
    private readonly bot: Bot,
    private readonly settings: PushSettings,
  ) {
    bot.pending.forEach((pending) => this.push(pending));
  }

  push(pending: PendingUpdate): void {
    const lane = this.lanes.get(pending.lane);
    if (lane) {
      lane.push(pending);
      return;
    }
    const opened = [pending];
    this.lanes.set(pending.lane, opened);
    void this.drain(pending.lane, opened);
  }

  close(): void {
    this.closing.abort();
    this.waiting.splice(0).forEach((go) => go());
  }

  /** Head-of-line: a failing update holds back its own lane and no other. */
  private async drain(key: number, lane: PendingUpdate[]): Promise<void> {
    let failures = 0;
    for (let head = lane[0]; head; head = lane[0]) {
      const outcome = await this.attempt(head);
      if (this.closing.signal.aborted) return;
      if (outcome.delivered) {
        failures = 0;
        this.finish(lane, head);
        if (outcome.call) this.settings.onReply(outcome.call);
        continue;
      }
      this.noteError(outcome.reason);
      failures += 1;
      const wait = (outcome.retryAfterMs ?? backoffMs(failures)) * this.settings.pace;
      if (Date.now() + wait > head.expires) this.finish(lane, head);
      else if (!(await this.sleep(wait))) return;
    }
    this.lanes.delete(key);
  }

  private finish(lane: PendingUpdate[], pending: PendingUpdate): void {
    lane.shift();
    const index = this.bot.pending.indexOf(pending);
    if (index >= 0) this.bot.pending.splice(index, 1);
  }

  private async attempt(pending: PendingUpdate): Promise<Outcome> {
    const webhook = this.bot.webhook!;
    while (this.connections >= webhook.maxConnections && !this.closing.signal.aborted) {
      await new Promise<void>((go) => this.waiting.push(go));
    }
    this.connections += 1;
    try {
      return await this.post(webhook.url, webhook.secretToken, pending);
    } catch (error) {
      return { delivered: false, reason: reasonOf(error) };
    } finally {
      this.connections -= 1;
      this.waiting.shift()?.();
    }
  }

  private async post(address: string, secret: string | undefined, { update }: PendingUpdate): Promise<Outcome> {
    const url = new URL(address);
    const authorization = url.username && `Basic ${btoa(decodeURIComponent(`${url.username}:${url.password}`))}`;
    url.username = url.password = '';
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Accept-Encoding': 'gzip, deflate',
        ...(authorization && { Authorization: authorization }),
        ...(secret && { 'X-Telegram-Bot-Api-Secret-Token': secret }),
      },
      body: JSON.stringify(update),
      redirect: 'manual',
      signal: AbortSignal.any([this.closing.signal, AbortSignal.timeout(IDLE_MS * this.settings.pace)]),
    });
    const body = await response.text();
    this.noteGone(response.status);
    if (response.ok) return { delivered: true, call: callIn(response.headers.get('content-type'), body) };
    const reason = `Wrong response from the webhook: ${response.status} ${response.statusText}`;
    const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
    if (!(retryAfter >= 0)) return { delivered: false, reason };
    return { delivered: false, reason, retryAfterMs: Math.min(retryAfter, MAX_RETRY_AFTER_S) * 1000 };
  }

  private noteError(reason: string): void {
    if (!this.bot.webhook) return;
    this.bot.webhook.lastErrorDate = unixNow();
    this.bot.webhook.lastErrorMessage = reason;
  }

  private noteGone(status: number): void {
    if (status !== 410) this.goneSince = undefined;
    else if (Date.now() - (this.goneSince ??= Date.now()) > GONE_FOR_MS) this.settings.onGone();
  }

  /** False when the pusher was closed meanwhile. */
  private sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const { signal } = this.closing;
      if (signal.aborted) return resolve(false);
      const stop = () => {
        clearTimeout(timer);
        resolve(false);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', stop);
        resolve(true);
      }, ms);
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

/** At once, then 2, 4, 8 … seconds, never more than a random one to two minutes. */
function backoffMs(failures: number): number {
  if (failures === 1) return 0;
  return Math.min(2 ** (failures - 1), 60 + Math.random() * 60) * 1000;
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'TimeoutError') return 'Read timeout expired';
  return cause?.code === 'ECONNREFUSED' ? 'Connection refused' : 'Connection reset by peer';
}

/** An answer may be anything; only one that names a method is a call. */
function callIn(contentType: string | null, body: string): Record<string, unknown> | undefined {
  const form = contentType?.startsWith('application/x-www-form-urlencoded');
  try {
    const call = form ? Object.fromEntries(new URLSearchParams(body)) : jsonObject(body);
    return typeof call.method === 'string' ? call : undefined;
  } catch {
    return undefined;
  }
}
