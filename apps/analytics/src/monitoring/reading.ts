const FRESH_MS = 5000;
/** A reading that takes long is taken less often: it keeps the database busy for so small a part of the time. */
const TIMES_AS_LONG = 50;

/** A reading that scrapes share, which come every few seconds from several sides. */
export class Reading<T> {
  private last: { goodUntil: number; readonly value: Promise<T | undefined> } | undefined;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly freshMs = FRESH_MS,
  ) {}

  /** Undefined while it cannot be read: a scrape must answer while the database is away. */
  get(): Promise<T | undefined> {
    const now = performance.now();
    if (this.last && now < this.last.goodUntil) return this.last.value;
    const reading = { goodUntil: Infinity, value: this.read().catch(() => undefined) };
    this.last = reading;
    void reading.value.then((result) => {
      const took = performance.now() - now;
      const goodFor = result === undefined ? 0 : Math.max(this.freshMs, took * TIMES_AS_LONG);
      reading.goodUntil = performance.now() + goodFor;
    });
    return reading.value;
  }

  /** What was read is no longer so. */
  forget(): void {
    this.last = undefined;
  }
}
