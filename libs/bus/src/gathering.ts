/** The time for which a batch that is not full waits for more. */
export class Gathering {
  private waiting: Promise<void> | undefined;
  private end: () => void = () => undefined;

  constructor(private readonly ms: number) {}

  get isUnderWay(): boolean {
    return this.waiting !== undefined;
  }

  /** Resolves when the time is over, or with `finish`; for all who wait at once. */
  wait(): Promise<void> {
    this.waiting ??= this.begin();
    return this.waiting;
  }

  finish(): void {
    this.end();
  }

  private async begin(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.end = resolve;
      timer = setTimeout(resolve, this.ms);
    });
    clearTimeout(timer);
    this.waiting = undefined;
  }
}
