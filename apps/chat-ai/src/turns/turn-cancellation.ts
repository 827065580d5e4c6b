import type { ChangeKind, ConversationChanges } from '../conversations/conversation-changes';
import type { OpenTurn } from '../conversations/open-turns.service';

export type CancellationReason = Exclude<ChangeKind, 'none'> | 'shutdown';

/**
 * Aborts `signal` when the answer being made is not wanted any more. As long as nothing of it is visible, more from the
 * person makes it begin anew; once something is, it is finished. A stop or a reset always ends it.
 */
export class TurnCancellation {
  private readonly controller = new AbortController();
  private readonly unwatch: () => void;
  private readonly shutdown = () => this.abort('shutdown');
  private isVisible = false;
  reason: CancellationReason | undefined;

  constructor(
    private readonly changes: ConversationChanges,
    private readonly turn: OpenTurn,
    private readonly stopping: AbortSignal,
  ) {
    if (stopping.aborted) this.shutdown();
    else stopping.addEventListener('abort', this.shutdown, { once: true });
    this.unwatch = changes.watch(turn.conversationId, () => void this.check().catch(() => undefined));
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Asked with every text; looks before the first one, because another process may have heard of more. */
  async mayShow(): Promise<boolean> {
    if (!this.isVisible) {
      // A look that fails must not end the call: whether the answer is still wanted is asked once more at its end.
      await this.check().catch(() => undefined);
      this.isVisible = !this.signal.aborted;
    }
    return !this.signal.aborted;
  }

  dispose(): void {
    this.unwatch();
    this.stopping.removeEventListener('abort', this.shutdown);
  }

  private async check(): Promise<void> {
    const { conversationId, revision, answers } = this.turn;
    const change = await this.changes.since(conversationId, revision, answers[0]);
    if (change === 'reset' || change === 'stopped' || (change === 'more' && !this.isVisible)) this.abort(change);
  }

  private abort(reason: CancellationReason): void {
    this.reason ??= reason;
    this.controller.abort();
  }
}
