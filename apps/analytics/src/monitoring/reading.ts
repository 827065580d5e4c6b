const FRESH_MS = 5000;
/** A reading that takes long is taken less often: it keeps the database busy for so small a part of the time. */
const TIMES_AS_LONG = 50;

/** A reading that scrapes share, which come every few seconds from several sides. */
export class Reading<T> {
  private last: { readonly goodUntil: number; readonly value: Promise<T | undefined> } | undefined;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly freshMs = FRESH_MS,
  ) {}

  /** Undefined while it cannot be read: a scrape must answer while the database is away. */
  get(): Promise<T | undefined> {
    const now = performance.now();
    if (this.last && now < this.last.goodUntil) return this.last.value;
    const value = this.read().catch(() => undefined);
    this.last = { goodUntil: Infinity, value };
    void value.then((result) => {
      // Something else is so since; or it was asked for anew.
      if (this.last?.value !== value) return;
      const took = performance.now() - now;
      const goodFor = result === undefined ? 0 : Math.max(this.freshMs, took * TIMES_AS_LONG);
      this.last = { goodUntil: performance.now() + goodFor, value };
    });
    return value;
  }

  /** What was read is no longer so. */
  forget(): void {
    this.last = undefined;
  }
}
