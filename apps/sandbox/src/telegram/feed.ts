import type { Conversation, StoredMessage } from './state';
import type { FormattedText } from './wire';

/** A streaming preview. */
export interface Draft extends FormattedText {
  id: number;
  /** The person may press Stop. */
  canStop?: boolean;
}

/** What happens in chats, for whoever watches: the phones. */
export type Happening = { conversation: Conversation } & (
  | { type: 'message' | 'edited'; message: StoredMessage }
  | { type: 'deleted'; messageId: number }
  | { type: 'draft'; draft: Draft | null }
  | { type: 'action'; action: string }
  | { type: 'chat' }
);

export class Feed {
  private readonly listeners = new Set<(happening: Happening) => void>();

  tell(happening: Happening): void {
    this.listeners.forEach((listener) => listener(happening));
  }

  /** Returns the way to stop. */
  follow(listener: (happening: Happening) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
