import type { ChangeKind, ConversationChanges } from '../conversations/conversation-changes';
import type { OpenTurn } from './open-turns.service';

/**
 * A signal that an answer is not wanted any more may be lost, and none tells of more that another process has heard of. Whoever takes a
 * conversation over waits a second at most until the assistant is silent.
 */
const LOOK_EVERY_MS = 400;

export type CancellationReason = Exclude<ChangeKind, 'none'> | 'shutdown';

/**
 * Aborts `signal` when the answer being made is not wanted any more. As long as nothing of it is visible, more from the
 * person makes it begin anew; once something is, it is finished. A stop, a reset, an
 * erasure or staff who answer themselves always end it.
 */
export class TurnCancellation {
  private readonly controller = new AbortController();
  private readonly unwatch: () => void;
  private readonly shutdown = () => this.abort('shutdown');
  private readonly timer: NodeJS.Timeout;
  private isVisible = false;
  reason: CancellationReason | undefined;

  constructor(
    private readonly changes: ConversationChanges,
    private readonly turn: OpenTurn,
    private readonly stopping: AbortSignal,
  ) {
    if (stopping.aborted) this.shutdown();
    else stopping.addEventListener('abort', this.shutdown, { once: true });
    const look = () => void this.check().catch(() => undefined);
    this.unwatch = changes.watch(turn.conversationId, (handedOverAt = 0) => {
      // Needs no look, which could wait for the database while the person reads on.
      if (turn.revision < handedOverAt) this.abort('handed-over');
      else look();
    });
    this.timer = setInterval(look, LOOK_EVERY_MS);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Asked with every text; before the first one it looks, because another process may have heard of more, and notes it. */
  async mayShow(): Promise<boolean> {
    if (!this.isVisible) {
      // A look that fails must not end the call: whether the answer is still wanted is asked once more at its end.
      const change = await this.changes.show(this.turn).catch(() => 'none' as const);
      if (change !== 'none') this.abort(change);
      this.isVisible = !this.signal.aborted;
    }
    return !this.signal.aborted;
  }

  dispose(): void {
    this.unwatch();
    clearInterval(this.timer);
    this.stopping.removeEventListener('abort', this.shutdown);
  }

  private async check(): Promise<void> {
    const change = await this.changes.since(this.turn);
    if (change === 'none' || (change === 'more' && this.isVisible)) return;
    this.abort(change);
  }

  private abort(reason: CancellationReason): void {
    this.reason ??= reason;
    this.controller.abort();
  }
}
