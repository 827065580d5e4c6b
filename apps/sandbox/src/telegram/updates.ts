import { BlockList, isIPv4 } from 'node:net';
import { z } from 'zod';
import { type Faults, OutgoingFaults } from '../kit/faults';
import { type WebhookAnswer, WebhookPusher } from '../kit/webhook-pusher';
import { badRequest, conflict, tooManyRequests } from './api-error';
import { isNear } from './links';
import { type Caller, Described, flag, integer, json, jsonObject, type Method, method, string } from './method';
import { type Bot, type PendingUpdate, unixNow, type Webhook } from './state';
import type { Update, UpdateContent } from './wire';

const DAY_MS = 24 * 3600 * 1000;
/** How long an update is worth delivering, by the published server; a day for all others. */
const LIFETIME_MS: Partial<Record<keyof UpdateContent, number>> = {
  callback_query: 150_000,
  pre_checkout_query: 150_000,
  inline_query: 30_000,
  chosen_inline_result: 600_000,
};
/** Sent only to who asks for them by name. */
const ON_DEMAND: (keyof UpdateContent)[] = ['message_reaction', 'chat_member'];
const MAX_POLL_S = 50;
/** Telegram closes a connection that says nothing for a minute and sends the update again. */
const IDLE_MS = 60_000;
const GONE_FOR_MS = 23 * 3600 * 1000;
/** Source: tdlib, TQueue::get: an offset that is ahead of the tail by more than so many is no offset of this queue. */
const FAR_FUTURE = 10;

interface Poll {
  answer: (updates: Update[]) => void;
  fail: (error: Error) => void;
  limit: number;
}

export interface PollRequest {
  offset: number;
  limit: number;
  /** Seconds. */
  timeout: number;
  /** Aborted when the client hangs up. */
  signal: AbortSignal;
}

export interface QueueSettings {
  /** Factor on every wait; 1 is Telegram's pace. */
  pace: number;
  /** A method call in the webhook's answer; its result is told to nobody. */
  onReply: (call: Record<string, unknown>) => void;
  /** Something changed without a request. */
  touch: () => void;
}

/** One bot's updates, from the moment they happen until its owner confirmed them by either way of delivery. */
export class UpdateQueue {
  private poll?: Poll;
  private pusher?: WebhookPusher<PendingUpdate>;
  private lastPoll = { offset: NaN, at: 0 };
  private goneSince?: number;
  private webhookSetAt = 0;
  private readonly outgoing = new OutgoingFaults();

  constructor(
    private readonly bot: Bot,
    private readonly faults: Faults,
    private readonly settings: QueueSettings,
  ) {
    if (bot.webhook) this.startPushing();
  }

  push<K extends keyof UpdateContent>(kind: K, content: UpdateContent[K], chat: number): void {
    const { allowedUpdates } = this.bot;
    const allowed = allowedUpdates.length > 0 ? allowedUpdates.includes(kind) : !ON_DEMAND.includes(kind);
    if (!allowed) return;
    const fault = this.faults.next('telegram.updates', { chat });
    const lane = laneOf(kind, content, chat);
    this.outgoing.pass(fault, (times) => this.enqueue({ [kind]: content }, lane, kind, times));
  }

  /** getUpdates. Throws 409 while a webhook is set; a second poll makes the first one fail. */
  async take({ offset, limit, timeout, signal }: PollRequest): Promise<Update[]> {
    if (this.bot.webhook) {
      throw conflict(
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    }
    this.poll?.fail(
      conflict('terminated by other getUpdates request; make sure that only one bot instance is running'),
    );
    this.confirm(offset);
    const polite = this.polite({ offset, limit: clamp(limit, 1, 100), timeout: clamp(timeout, 0, MAX_POLL_S) });
    const ready = this.ready(polite.limit);
    if (ready.length > 0 || polite.timeout === 0) return ready;
    return this.wait(polite.limit, polite.timeout, signal);
  }

  /** Telegram allows one setWebhook a second. */
  setWebhook(webhook: Webhook): void {
    const now = Date.now();
    if (now - this.webhookSetAt < 1000 * this.settings.pace) throw tooManyRequests(1);
    this.webhookSetAt = now;
    if (settingsOf(this.bot.webhook) === settingsOf(webhook)) return;
    this.bot.webhook = webhook;
    // Another address owes nothing to the failures of the last one.
    this.bot.pending.forEach((pending) => Object.assign(pending, { failures: 0, retryAt: undefined }));
    this.startPushing();
  }

  removeWebhook(): void {
    this.bot.webhook = undefined;
    this.pusher?.close();
    this.pusher = undefined;
  }

  /** Drops what nobody has taken yet. */
  dropPending(): void {
    this.bot.pending = [];
    if (this.pusher) this.startPushing();
  }

  close(): void {
    this.outgoing.close();
    this.poll?.answer([]);
    this.pusher?.close();
  }

  /** Begins delivery by webhook, or goes on with it after a restart. */
  private startPushing(): void {
    this.poll?.fail(conflict('terminated by setWebhook request'));
    this.pusher?.close();
    const { maxConnections } = this.bot.webhook!;
    this.pusher = new WebhookPusher<PendingUpdate>(
      {
        maxConnections,
        deadlineMs: IDLE_MS,
        backoffMs,
        request: ({ update }) => requestTo(this.bot.webhook!, update),
        onDelivered: (pending, answer) => {
          this.goneSince = undefined;
          this.forget(pending);
          const call = callIn(answer);
          if (call) this.settings.onReply(call);
        },
        onFailed: (_pending, reason, status) => this.noteFailure(reason, status),
        onExpired: (pending) => this.forget(pending),
      },
      this.settings.pace,
      this.bot.pending,
    );
  }

  private forget(pending: PendingUpdate): void {
    const index = this.bot.pending.indexOf(pending);
    if (index >= 0) this.bot.pending.splice(index, 1);
    this.settings.touch();
  }

  private noteFailure(reason: string, status: number | undefined): void {
    this.settings.touch();
    if (!this.bot.webhook) return;
    this.bot.webhook.lastErrorDate = unixNow();
    this.bot.webhook.lastErrorMessage = reason;
    if (status !== 410) this.goneSince = undefined;
    else if (Date.now() - (this.goneSince ??= Date.now()) > GONE_FOR_MS) this.removeWebhook();
  }

  /** The id is given here and not when the thing happened, so that ids grow in the order of delivery, as they really do. */
  private enqueue(content: Partial<UpdateContent>, lane: string, kind: keyof UpdateContent, times: number): void {
    const expires = Date.now() + (LIFETIME_MS[kind] ?? DAY_MS);
    const update: Update = { update_id: this.bot.nextUpdateId++, ...content };
    for (let time = 0; time < times; time++) {
      const pending: PendingUpdate = { update, lane, expires };
      this.bot.pending.push(pending);
      this.pusher?.push(pending);
    }
    this.poll?.answer(this.ready(this.poll.limit));
  }

  /**
   * A negative offset keeps so many from the tail and forgets the rest. One far in the future confirms nothing: after a week
   * without updates ids begin anew, mostly lower, and a client that still asks for the old ones is answered from the head.
   */
  private confirm(offset: number): void {
    const { pending, nextUpdateId } = this.bot;
    if (offset > nextUpdateId + FAR_FUTURE) return;
    if (offset > 0) this.bot.pending = pending.filter(({ update }) => update.update_id >= offset);
    if (offset < 0) this.bot.pending = pending.slice(offset);
  }

  private ready(limit: number): Update[] {
    const now = Date.now();
    if (this.bot.pending.some(({ expires }) => expires < now)) {
      this.bot.pending = this.bot.pending.filter(({ expires }) => expires >= now);
    }
    return this.bot.pending.slice(0, limit).map(({ update }) => update);
  }

  /** The server slows a client that asks for the same offset again and again: a 3 s poll, and one update at a time. */
  private polite(request: { offset: number; limit: number; timeout: number }) {
    const now = Date.now();
    const sinceLast = (now - this.lastPoll.at) / this.settings.pace;
    const repeated = request.offset === this.lastPoll.offset;
    this.lastPoll = { offset: request.offset, at: now };
    return {
      timeout: repeated && sinceLast < 3000 ? Math.max(3 * this.settings.pace, request.timeout) : request.timeout,
      limit: repeated && sinceLast < 500 ? 1 : request.limit,
    };
  }

  private wait(limit: number, seconds: number, signal: AbortSignal): Promise<Update[]> {
    return new Promise((resolve, reject) => {
      const over = () => poll.answer([]);
      const timer = setTimeout(over, seconds * 1000);
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', over);
        if (this.poll === poll) this.poll = undefined;
      };
      const poll: Poll = {
        limit,
        answer: (updates) => {
          leave();
          resolve(updates);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      this.poll = poll;
      signal.addEventListener('abort', over, { once: true });
    });
  }
}

/**
 * What is brought one after the other: messages of a chat, presses and queries of a person, and every other kind by itself. One
 * that is tried again may so come after what happened later. Source: tdlib/telegram-bot-api, webhook_queue_id in Client.cpp.
 */
function laneOf<K extends keyof UpdateContent>(kind: K, content: UpdateContent[K], chat: number): string {
  if (kind === 'message' || kind === 'edited_message') return `messages of ${chat}`;
  const isQuery = /_query$|_result$/.test(kind);
  return `${kind} of ${isQuery ? (content as { from: { id: number } }).from.id : chat}`;
}

const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));

/** At once, then 2, 4, 8 … seconds, never more than a random one to two minutes. */
function backoffMs(failures: number): number {
  if (failures === 1) return 0;
  return Math.min(2 ** (failures - 1), 60 + Math.random() * 60) * 1000;
}

function requestTo(webhook: Webhook, update: Update) {
  const url = new URL(absolute(webhook.url));
  const authorization = url.username && `Basic ${btoa(decodeURIComponent(`${url.username}:${url.password}`))}`;
  url.username = url.password = '';
  return {
    url: url.href,
    headers: {
      'Content-Type': 'application/json',
      'Accept-Encoding': 'gzip, deflate',
      ...(authorization && { Authorization: authorization }),
      ...(webhook.secretToken && { 'X-Telegram-Bot-Api-Secret-Token': webhook.secretToken }),
    },
    body: JSON.stringify(update),
  };
}

/** An answer may be anything; only one that names a method is a call. */
function callIn({ contentType, body }: WebhookAnswer): Record<string, unknown> | undefined {
  const form = contentType?.startsWith('application/x-www-form-urlencoded');
  try {
    const call = form ? Object.fromEntries(new URLSearchParams(body)) : jsonObject(body);
    return typeof call.method === 'string' ? call : undefined;
  } catch {
    return undefined;
  }
}

const allowedUpdates = json(z.array(z.string())).optional();

export const updateMethods: Record<string, Method> = {
  getUpdates: method(
    z.object({
      offset: integer('offset').default(0),
      limit: integer('limit').default(100),
      timeout: integer('timeout').default(0),
      allowed_updates: allowedUpdates,
    }),
    ({ telegram, bot, signal }, { allowed_updates, ...request }) => {
      if (allowed_updates && !bot.webhook) bot.allowedUpdates = allowed_updates;
      return telegram.queue(bot).take({ ...request, signal });
    },
  ),

  setWebhook: method(
    z.object({
      url: string.default(''),
      ip_address: string.optional(),
      max_connections: integer('max_connections').default(40),
      allowed_updates: allowedUpdates,
      drop_pending_updates: flag.optional(),
      secret_token: string.optional(),
    }),
    (caller, params) => {
      if (params.url === '') return deleteWebhook(caller, params);
      const { telegram, bot } = caller;
      refuseReserved(params.ip_address);
      const before = settingsOf(bot.webhook);
      const queue = telegram.queue(bot);
      queue.setWebhook({
        url: webhookUrl(params.url),
        secretToken: secret(params.secret_token),
        maxConnections: clamp(params.max_connections, 1, 100),
        ipAddress: params.ip_address,
      });
      bot.allowedUpdates = params.allowed_updates ?? bot.allowedUpdates;
      if (params.drop_pending_updates) queue.dropPending();
      return new Described(true, before === settingsOf(bot.webhook) ? 'Webhook is already set' : 'Webhook was set');
    },
  ),

  deleteWebhook: method(z.object({ drop_pending_updates: flag.optional() }), deleteWebhook),

  getWebhookInfo: method(z.object({}), ({ bot }) => {
    const { webhook, pending, allowedUpdates: allowed } = bot;
    return {
      url: webhook?.url ?? '',
      has_custom_certificate: false,
      pending_update_count: pending.length,
      ...(webhook && { max_connections: webhook.maxConnections }),
      ...(webhook?.ipAddress && { ip_address: webhook.ipAddress }),
      ...(webhook?.lastErrorDate && {
        last_error_date: webhook.lastErrorDate,
        last_error_message: webhook.lastErrorMessage,
      }),
      ...(allowed.length > 0 && { allowed_updates: allowed }),
    };
  }),

  logOut: method(z.object({}), (caller) => deleteWebhook(caller, {}).result),
  close: method(z.object({}), () => true),
};

function deleteWebhook({ telegram, bot }: Caller, params: { drop_pending_updates?: boolean }): Described {
  const before = bot.webhook;
  telegram.queue(bot).removeWebhook();
  if (params.drop_pending_updates) telegram.queue(bot).dropPending();
  return new Described(true, before ? 'Webhook was deleted' : 'Webhook is already deleted');
}

/** As it was given, which is how getWebhookInfo tells it. */
function webhookUrl(source: string): string {
  const url = URL.parse(absolute(source));
  if (!url) throw badRequest('bad webhook: invalid webhook URL specified');
  if (url.protocol === 'https:') {
    if (!['', '80', '88', '443', '8443'].includes(url.port) && !isNear(url)) {
      throw badRequest('bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443');
    }
  } else if (url.protocol !== 'http:' || !isNear(url)) {
    throw badRequest('bad webhook: An HTTPS URL must be provided for webhook');
  }
  if (!isNear(url)) refuseReserved(url.hostname);
  return source;
}

const absolute = (source: string) => (/^[a-z]+:\/\//i.test(source) ? source : `https://${source}`);

/** Addresses that nobody outside of a network can reach. */
const RESERVED = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
] as const) {
  RESERVED.addSubnet(network, bits, 'ipv4');
}

function refuseReserved(address: string | undefined): void {
  if (address && isIPv4(address) && RESERVED.check(address, 'ipv4')) {
    throw badRequest(`bad webhook: IP address ${address} is reserved`);
  }
}

function secret(token: string | undefined): string | undefined {
  if (!token) return undefined;
  if (token.length > 256) throw badRequest('bad webhook: secret token is too long');
  if (!/^[\w-]+$/.test(token)) throw badRequest('bad webhook: secret token contains unallowed characters');
  return token;
}

const settingsOf = (webhook?: Webhook) =>
  webhook && JSON.stringify([webhook.url, webhook.secretToken, webhook.maxConnections, webhook.ipAddress]);
