const FRESH_MS = 5000;
/** What cannot be read is asked for no more often than what can be, and again after so long at the latest. */
const FAILED_MS = 60_000;
/** Prometheus gives a scrape up after 10 s, and then has no metric of the service at all. */
const PATIENCE_MS = 3000;
/** A reading that takes long is taken less often: it keeps the database busy for so small a part of the time. */
const TIMES_AS_LONG = 50;

/** A reading that scrapes share, which come every few seconds from several sides. */
export class Reading<T> {
  private last: { goodUntil: number; readonly value: Promise<T | undefined> } | undefined;
  /** What the last one gave that has ended. */
  private known: T | undefined;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly freshMs = FRESH_MS,
  ) {}

  /** What was known before while it takes long; undefined while it cannot be read: a scrape must answer while the database is away. */
  get(): Promise<T | undefined> {
    const now = performance.now();
    if (this.last && now < this.last.goodUntil) return this.unlessLong(this.last.value);
    const reading = { goodUntil: Infinity, value: this.read().catch(() => undefined) };
    this.last = reading;
    void reading.value.then((result) => {
      const took = performance.now() - now;
      if (this.last === reading) this.known = result;
      const goodFor =
        result === undefined ? Math.min(this.freshMs, FAILED_MS) : Math.max(this.freshMs, took * TIMES_AS_LONG);
      reading.goodUntil = performance.now() + goodFor;
    });
    return this.unlessLong(reading.value);
  }

  /** What was read is no longer so. */
  forget(): void {
    this.last = undefined;
    this.known = undefined;
  }

  private async unlessLong(value: Promise<T | undefined>): Promise<T | undefined> {
    let timer: NodeJS.Timeout;
    const late = new Promise<T | undefined>((resolve) => {
      timer = setTimeout(() => resolve(this.known), PATIENCE_MS);
    });
    return Promise.race([value, late]).finally(() => clearTimeout(timer));
  }
}
