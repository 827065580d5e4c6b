/** `burst` at once, then `perSecond`. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Counts what may be sent. Time is in milliseconds of any steady clock. */
export class TokenBucket {
  private tokens: number;

  constructor(
    private readonly rate: Rate,
    private at: number,
  ) {
    this.tokens = rate.burst;
  }

  /** Milliseconds until `wanted` tokens are there; 0 when they are. */
  wait(now: number, wanted = 1): number {
    this.refill(now);
    return this.tokens >= wanted ? 0 : Math.ceil(((wanted - this.tokens) / this.rate.perSecond) * 1000);
  }

  /** Takes one. May go below zero: then those who come later wait longer, which keeps them in line. */
  take(now: number): void {
    this.refill(now);
    this.tokens -= 1;
  }

  private refill(now: number): void {
    this.tokens = Math.min(this.rate.burst, this.tokens + ((now - this.at) / 1000) * this.rate.perSecond);
    this.at = now;
  }
}
