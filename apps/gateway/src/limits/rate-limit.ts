/** So many calls in a time. */
export interface RateLimit {
  /** Names it in the headers `RateLimit` and `RateLimit-Policy`. */
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  /**
   * `window`: two fixed cells, of which the former counts by the part of it that still lies in the window. Cheap, and fair to whoever
   * comes evenly; who comes at the end of a cell only can get nearly twice the limit in a true window.
   * `spread`: GCRA, one call each windowMs / limit after a burst. For what must never exceed its limit.
   */
  readonly kind: 'window' | 'spread';
  /** Of `spread`: how many may come at once. Default: a quarter of the limit. */
  readonly burst?: number;
}

/** One limit, counted for one caller. */
export interface Charge {
  readonly limit: RateLimit;
  /** Who is counted, such as `key:…` or a hash of an address. */
  readonly subject: string;
  readonly cost: number;
}

export interface Balance {
  readonly limit: RateLimit;
  readonly allowed: boolean;
  /** What is used up of it now, this call included if it was allowed; of one that replicas share: as far as this one knows. */
  readonly used: number;
  /** What is left of it now, at least 0. */
  readonly remaining: number;
  /** Until a call of the same cost would be allowed, and where it is: until all of the limit is there again. */
  readonly resetMs: number;
}

/**
 * Where calls are counted. All charges of a request are paid together or none of them: a request that one limit refuses uses up
 * nothing of the others.
 */
export interface Counters {
  pay(charges: readonly Charge[], now: number): Promise<Balance[]> | Balance[];
}

/** GCRA in words: each call moves a point in time ahead, and none may move it further than the burst reaches. */
export const spreadOf = ({ limit, windowMs, burst = limit / 4 }: RateLimit) => {
  const emissionMs = windowMs / limit;
  return { emissionMs, toleranceMs: emissionMs * Math.max(1, burst) };
};

/** What one of several counters may give away of a limit that they have together. */
export const shareOf = (limit: RateLimit, share: number): RateLimit => ({
  ...limit,
  limit: limit.limit * share,
  ...(limit.burst !== undefined && { burst: limit.burst * share }),
});
