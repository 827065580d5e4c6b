export interface PatienceLimits {
  readonly firstTokenMs: number;
  readonly idleMs: number;
  readonly totalMs: number;
}

/** Ends a call that says nothing for too long: at first, between two pieces, and in all. */
export class Patience {
  private readonly controller = new AbortController();
  private readonly total: NodeJS.Timeout;
  private silence: NodeJS.Timeout;

  constructor(private readonly limits: PatienceLimits) {
    this.total = this.endIn(limits.totalMs);
    this.silence = this.endIn(limits.firstTokenMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Something came. */
  heard(): void {
    clearTimeout(this.silence);
    this.silence = this.endIn(this.limits.idleMs);
  }

  stop(): void {
    clearTimeout(this.total);
    clearTimeout(this.silence);
  }

  private endIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.controller.abort(), ms);
  }
}
