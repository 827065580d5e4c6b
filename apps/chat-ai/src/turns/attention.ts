import type { News } from './open-turn';

/**
 * Decides whether an answer being made is still wanted. As long as nothing of it is visible, more from the person
 * makes it begin anew; once something is, it is finished. A reset always ends it.
 */
export class Attention {
  private readonly controller = new AbortController();
  private isVisible = false;
  private readonly giveUp = () => this.controller.abort();

  constructor(
    private readonly news: () => Promise<News>,
    private readonly stopping: AbortSignal,
  ) {
    if (stopping.aborted) this.giveUp();
    else stopping.addEventListener('abort', this.giveUp, { once: true });
  }

  /** Aborted when the answer is not wanted any more. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Looks what has happened in the conversation. */
  async look(): Promise<void> {
    const news = await this.news();
    if (news === 'reset' || (news === 'more' && !this.isVisible)) this.giveUp();
  }

  /** Asked with every text; looks before the first one, because another process may have heard of more. */
  async mayShow(): Promise<boolean> {
    if (!this.isVisible) {
      await this.look();
      this.isVisible = !this.signal.aborted;
    }
    return !this.signal.aborted;
  }

  end(): void {
    this.stopping.removeEventListener('abort', this.giveUp);
  }
}
