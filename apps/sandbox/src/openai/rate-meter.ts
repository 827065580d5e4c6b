import type { NextFunction, Request, Response } from 'express';
import { beforeHeaders } from '../kit/http';
import { ApiError } from './api-error';

/** What one API key may use in a minute. */
export interface Limits {
  requestsPerMinute: number;
  tokensPerMinute: number;
}

/** The highest published tier of gpt-4o-mini: enough not to stand in the way of a load test. */
export const DEFAULT_LIMITS: Limits = { requestsPerMinute: 30_000, tokensPerMinute: 150_000_000 };

interface Bucket {
  requestsUsed: number;
  tokensUsed: number;
  /** performance.now() up to which the refill has been counted. */
  at: number;
}

/** Counts requests and tokens per key as leaky buckets, which is how OpenAI's `reset` headers behave. */
export class RateMeter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private limits: Limits) {}

  setLimits(limits: Partial<Limits>): Limits {
    this.limits = { ...this.limits, ...limits };
    this.buckets.clear();
    return this.limits;
  }

  admit = (req: Request, res: Response, next: NextFunction): void => {
    const key = keyOf(req);
    const bucket = this.bucket(key);
    beforeHeaders(res, () => {
      for (const [name, value] of Object.entries(this.headers(key))) {
        if (!res.hasHeader(name)) res.setHeader(name, value);
      }
    });
    this.refuseIfSpent('requests', bucket.requestsUsed + 1, this.limits.requestsPerMinute);
    this.refuseIfSpent('tokens', bucket.tokensUsed, this.limits.tokensPerMinute);
    bucket.requestsUsed += 1;
    next();
  };

  /** Throws the 429 for a request that is larger than a whole minute, however long it waits. */
  assertFits(model: string, tokens: number): void {
    const limit = this.limits.tokensPerMinute;
    if (tokens <= limit) return;
    throw new ApiError(
      429,
      `Request too large for ${model} in organization sandbox on tokens per min (TPM): Limit ${limit}, Requested ${tokens}. ` +
        'The input or output tokens must be reduced in order to run successfully.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    );
  }

  spend(req: Request, tokens: number): void {
    this.bucket(keyOf(req)).tokensUsed += tokens;
  }

  private refuseIfSpent(what: 'requests' | 'tokens', used: number, limit: number): void {
    if (used <= limit) return;
    const waitMs = Math.ceil(((used - limit) / limit) * 60_000);
    throw new ApiError(
      429,
      `Rate limit reached on ${what} per min. Limit: ${limit} / min. Please try again in ${goDuration(waitMs)}.`,
      {
        type: what,
        code: 'rate_limit_exceeded',
        headers: { 'retry-after-ms': `${waitMs}`, 'retry-after': `${Math.ceil(waitMs / 1000)}` },
      },
    );
  }

  private bucket(key: string): Bucket {
    const at = performance.now();
    const bucket = this.buckets.get(key) ?? { requestsUsed: 0, tokensUsed: 0, at };
    const minutes = (at - bucket.at) / 60_000;
    bucket.requestsUsed = Math.max(0, bucket.requestsUsed - minutes * this.limits.requestsPerMinute);
    bucket.tokensUsed = Math.max(0, bucket.tokensUsed - minutes * this.limits.tokensPerMinute);
    bucket.at = at;
    this.buckets.set(key, bucket);
    return bucket;
  }

  private headers(key: string): Record<string, string> {
    const { requestsUsed, tokensUsed } = this.bucket(key);
    const { requestsPerMinute, tokensPerMinute } = this.limits;
    return {
      'x-ratelimit-limit-requests': `${requestsPerMinute}`,
      'x-ratelimit-limit-tokens': `${tokensPerMinute}`,
      'x-ratelimit-remaining-requests': `${Math.max(0, Math.floor(requestsPerMinute - requestsUsed))}`,
      'x-ratelimit-remaining-tokens': `${Math.max(0, Math.floor(tokensPerMinute - tokensUsed))}`,
      'x-ratelimit-reset-requests': goDuration((requestsUsed / requestsPerMinute) * 60_000),
      'x-ratelimit-reset-tokens': goDuration((tokensUsed / tokensPerMinute) * 60_000),
    };
  }
}

const keyOf = (req: Request) => req.headers.authorization ?? '';

/** Milliseconds in Go's notation, as the reset headers have it: `120ms`, `1s`, `6m0s`. */
export function goDuration(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < 1000) return `${whole}ms`;
  const minutes = Math.floor(whole / 60_000);
  const seconds = `${(whole % 60_000) / 1000}s`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
