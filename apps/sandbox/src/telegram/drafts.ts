import type { Draft, Feed } from './feed';
import type { Conversation } from './state';

/** Streaming previews (sendMessageDraft): nothing is stored, and each is gone 30 s after its last change. */
export class Drafts {
  private readonly shown = new Map<Conversation, NodeJS.Timeout>();

  constructor(
    private readonly feed: Feed,
    private readonly lifetimeMs: number,
  ) {}

  show(conversation: Conversation, draft: Draft): void {
    clearTimeout(this.shown.get(conversation));
    const timer = setTimeout(() => this.drop(conversation), this.lifetimeMs).unref();
    this.shown.set(conversation, timer);
    this.feed.tell({ type: 'draft', conversation, draft });
  }

  /** Any real message of the bot takes its draft away. */
  drop(conversation: Conversation): void {
    clearTimeout(this.shown.get(conversation));
    if (this.shown.delete(conversation)) this.feed.tell({ type: 'draft', conversation, draft: null });
  }

  dropAll(): void {
    [...this.shown.keys()].forEach((conversation) => this.drop(conversation));
  }
}
