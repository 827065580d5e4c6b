import { setTimeout as sleep } from 'node:timers/promises';

/** Telegram shows an action for five seconds. */
const ACTIVITY_EVERY_MS = 4500;
/** Whoever writes an answer has died when nothing comes for so long. */
const SILENCE_MS = 120_000;

export interface PreviewOutput {
  /** Shows a text, and says how long to leave the chat alone. Never rejects. */
  show(text: string): Promise<{ shown: boolean; pauseMs: number }>;
  showActivity(): void;
}

/** One answer as it is being written: shows the newest text, one call at a time, and skips what came in between. */
export class LivePreview {
  private readonly ending = new AbortController();
  private latest: string | undefined;
  private shown: string | undefined;
  private pumping: Promise<void> | undefined;
  private thinking: NodeJS.Timeout | undefined;
  private silence: NodeJS.Timeout | undefined;
  private firstTextAt: number | undefined;

  constructor(
    readonly replyId: string,
    readonly begunAt: Date,
    private readonly output: PreviewOutput,
  ) {}

  get isOver(): boolean {
    return this.ending.signal.aborted;
  }

  /** Milliseconds since the first words; 0 before. */
  get writtenForMs(): number {
    return this.firstTextAt === undefined ? 0 : performance.now() - this.firstTextAt;
  }

  think(): void {
    if (!this.thinking && this.latest === undefined) {
      this.output.showActivity();
      this.thinking = setInterval(() => this.output.showActivity(), ACTIVITY_EVERY_MS).unref();
    }
    this.update('');
  }

  update(text: string): void {
    if (this.isOver) return;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.end(), SILENCE_MS).unref();
    if (text) {
      clearInterval(this.thinking);
      this.firstTextAt ??= performance.now();
    }
    this.latest = text;
    this.pumping ??= this.pump().finally(() => (this.pumping = undefined));
  }

  /** Nothing new is shown from now on. */
  end(): void {
    clearInterval(this.thinking);
    clearTimeout(this.silence);
    this.ending.abort();
  }

  /** Resolves when no call is under way any more; to be asked after `end`. */
  async ended(): Promise<void> {
    await this.pumping;
  }

  private async pump(): Promise<void> {
    while (!this.isOver && this.latest !== this.shown) {
      const text = this.latest!;
      const { shown, pauseMs } = await this.output.show(text);
      if (shown) this.shown = text;
      await sleep(pauseMs, undefined, { signal: this.ending.signal, ref: false }).catch(() => undefined);
    }
  }
}
