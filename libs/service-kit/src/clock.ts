/** What time it is. Injected, so that a test can say. */
export class Clock {
  /** @param aheadMs of the real time, for tests over midnight; negative: behind */
  constructor(private readonly aheadMs = 0) {}

  now(): Date {
    return new Date(Date.now() + this.aheadMs);
  }
}
