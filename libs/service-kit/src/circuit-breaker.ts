/**
 * Refuses calls after several failures in a row. While it does, it lets one call through in each interval to see whether the
 * other side is back, and does not wait for its end: one that hangs keeps nobody else from finding out, and nobody waits behind it.
 * (cockatiel's lets all callers wait for the end of one call, without their deadlines and signals.)
 */
export class CircuitBreaker {
  private failures = 0;
  private probedAt = 0;

  /**
   * @param breakAfter failures in a row
   * @param probeEveryMs also the time until the first of these calls
   */
  constructor(
    private readonly breakAfter: number,
    private readonly probeEveryMs: number,
  ) {}

  /** Whether calls are refused now, but for the one that finds out whether the other side is back. */
  get isOpen(): boolean {
    return this.failures >= this.breakAfter;
  }

  /** Whether a call may begin now; one that may is expected to tell how it ended, unless its caller has given it up. */
  admits(): boolean {
    if (!this.isOpen) return true;
    const now = performance.now();
    if (now - this.probedAt < this.probeEveryMs) return false;
    this.probedAt = now;
    return true;
  }

  /** The other side has answered, whatever it said. */
  answered(): void {
    this.failures = 0;
  }

  failed(): void {
    if (++this.failures === this.breakAfter) this.probedAt = performance.now();
  }
}
