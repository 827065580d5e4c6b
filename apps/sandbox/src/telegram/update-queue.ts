import type { Faults } from '../faults';
import { conflict } from './api-error';
import type { Bot, PendingUpdate } from './state';
import type { Update, UpdateContent } from './wire';
import { type PushSettings, WebhookPusher } from './webhook-pusher';

const DAY_MS = 24 * 3600 * 1000;
/** After this long nobody waits for a button's answer any more. */
const CALLBACK_MS = 150_000;
const MAX_POLL_S = 50;

const UPDATE_FAULTS = ['drop', 'duplicate', 'reorder', 'delay'];
/** How long a held-back update waits for another one to overtake it. */
const REORDER_MS = 1000;

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

/** One bot's updates, from the moment they happen until its owner confirmed them by either way of delivery. */
export class UpdateQueue {
  private poll?: Poll;
  private pusher?: WebhookPusher;
  private held?: () => void;
  private lastPoll = { offset: NaN, at: 0 };
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly bot: Bot,
    private readonly faults: Faults,
    private readonly settings: PushSettings,
  ) {
    if (bot.webhook) this.startPushing();
  }

  push<K extends keyof UpdateContent>(kind: K, content: UpdateContent[K], lane: number): void {
    const { allowedUpdates } = this.bot;
    if (allowedUpdates.length > 0 && !allowedUpdates.includes(kind)) return;
    const enqueue = (times = 1) => this.enqueue({ [kind]: content }, lane, kind, times);
    const fault = this.faults.next('telegram.updates', { chat: lane }, UPDATE_FAULTS);
    switch (fault?.kind) {
      case 'drop':
        return;
      case 'duplicate':
        return this.overtaking(() => enqueue(2));
      case 'delay':
        return this.later(fault.ms ?? 1000, enqueue);
      case 'reorder':
        return this.hold(enqueue, fault.ms ?? REORDER_MS);
      default:
        return this.overtaking(enqueue);
    }
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

  /** Begins delivery by webhook, anew when settings changed. */
  startPushing(): void {
    this.poll?.fail(conflict('terminated by setWebhook request'));
    this.pusher?.close();
    this.pusher = new WebhookPusher(this.bot, this.settings);
  }

  stopPushing(): void {
    this.pusher?.close();
    this.pusher = undefined;
  }

  /** Drops what nobody has taken yet. */
  dropPending(): void {
    this.bot.pending = [];
    if (this.pusher) this.startPushing();
  }

  close(): void {
    this.timers.forEach(clearTimeout);
    this.poll?.answer([]);
    this.stopPushing();
  }

  /** The id is given here and not when the thing happened, so that ids grow in the order of delivery, as they really do. */
  private enqueue(content: Partial<UpdateContent>, lane: number, kind: keyof UpdateContent, times: number): void {
    const expires = Date.now() + (kind === 'callback_query' ? CALLBACK_MS : DAY_MS);
    const update: Update = { update_id: this.bot.nextUpdateId++, ...content };
    for (let time = 0; time < times; time++) {
      const pending: PendingUpdate = { update, lane, expires };
      this.bot.pending.push(pending);
      this.pusher?.push(pending);
    }
    this.poll?.answer(this.ready(this.poll.limit));
  }

  private overtaking(enqueue: () => void): void {
    enqueue();
    const held = this.held;
    this.held = undefined;
    held?.();
  }

  private hold(enqueue: () => void, ms: number): void {
    this.held?.();
    this.held = enqueue;
    this.later(ms, () => {
      if (this.held !== enqueue) return;
      this.held = undefined;
      enqueue();
    });
  }

  private later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, ms);
    this.timers.add(timer);
  }

  /** A negative offset keeps so many from the tail and forgets the rest. */
  private confirm(offset: number): void {
    const { pending } = this.bot;
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

const clamp = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));
