import { tooManyRequests } from './api-error';

/** A token bucket: `burst` at once, then `perSecond`. */
export interface Rate {
  perSecond: number;
  burst: number;
}

export interface RateLimits {
  chat: Rate;
  group: Rate;
  bot: Rate;
  draft: Rate;
}

/**
 * The numbers of Telegram's FAQ: one message a second in a chat with short bursts tolerated, twenty a minute in a
 * group, thirty a second for a bot; edits count as sends. How long a burst may be and the pace of drafts are not
 * published: these two are guesses.
 */
export const TELEGRAM_LIMITS: RateLimits = {
  chat: { perSecond: 1, burst: 20 },
  group: { perSecond: 20 / 60, burst: 20 },
  bot: { perSecond: 30, burst: 30 },
  draft: { perSecond: 5, burst: 20 },
};

interface Bucket {
  tokens: number;
  at: number;
}

/** Throws 429 with the seconds to wait once a bucket is empty. */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  /** Without limits everything passes. */
  constructor(private readonly limits: RateLimits | null) {}

  message(botId: number, chatId: number): void {
    if (!this.limits) return;
    const { chat, group, bot } = this.limits;
    this.takeAll([
      [`chat ${botId} ${chatId}`, chatId < 0 ? group : chat],
      [`bot ${botId}`, bot],
    ]);
  }

  draft(botId: number, chatId: number): void {
    if (this.limits) this.takeAll([[`draft ${botId} ${chatId}`, this.limits.draft]]);
  }

  clear(): void {
    this.buckets.clear();
  }

  /** All or nothing: a refused message must not use up the other bucket. */
  private takeAll(wanted: [key: string, rate: Rate][]): void {
    const filled = wanted.map(([key, rate]) => ({ bucket: this.refill(key, rate), rate }));
    const waits = filled.map(({ bucket, rate }) => (1 - bucket.tokens) / rate.perSecond);
    const wait = Math.max(...waits);
    if (wait > 0) throw tooManyRequests(wait);
    for (const { bucket } of filled) bucket.tokens -= 1;
  }

  private refill(key: string, { perSecond, burst }: Rate): Bucket {
    const at = performance.now();
    const before = this.buckets.get(key) ?? { tokens: burst, at };
    const bucket = { tokens: Math.min(burst, before.tokens + ((at - before.at) / 1000) * perSecond), at };
    this.buckets.set(key, bucket);
    return bucket;
  }
}
