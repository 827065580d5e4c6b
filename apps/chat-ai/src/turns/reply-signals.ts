import type { Signals } from '@switchboard/bus';
import { ReplyTyped } from '@switchboard/contracts';
import type { TurnAddress } from './open-turns.service';

/** Often enough to look alive; a channel that may change a message more seldom skips what it cannot show. */
const EVERY_MS = 150;

/** Shows an answer while it is written, at a pace that others can follow. */
export class ReplySignals {
  private text = '';
  private timer: NodeJS.Timeout | undefined;
  private lastSentAt = 0;

  constructor(
    private readonly signals: Signals,
    private readonly turn: TurnAddress,
  ) {}

  /** The answer as far as it is visible, or will be in a moment. */
  get shown(): string {
    return this.text;
  }

  thinking(): void {
    this.send('thinking');
  }

  /** @param text the whole answer so far */
  typing(text: string): void {
    this.text = text;
    if (this.timer) return;
    const wait = this.lastSentAt + EVERY_MS - performance.now();
    if (wait <= 0) this.send('typing');
    else this.timer = setTimeout(() => this.send('typing'), wait);
  }

  done(text: string): void {
    this.text = text;
    this.send('done');
  }

  /** No answer will come under this id. */
  cancelled(): void {
    this.text = '';
    this.send('cancelled');
  }

  /** Sends nothing more. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private send(state: 'thinking' | 'typing' | 'done' | 'cancelled'): void {
    this.stop();
    this.lastSentAt = performance.now();
    const { replyId, chatId, botId, answers, replaces } = this.turn;
    this.signals.send(ReplyTyped, { replyId, chatId, botId, answers: [...answers], replaces, state, text: this.text });
  }
}
