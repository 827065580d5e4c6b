import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

/**
 * What has happened in a conversation since a turn was read: `more` was written or changed, the person asked to stop
 * (`stopped`) or to begin anew (`reset`).
 */
export type ChangeKind = 'none' | 'more' | 'stopped' | 'reset';

const CHANGED = 'chat-ai.changedConversations';

/**
 * Tells a running turn of this process at once that its conversation may have changed. Turns of other processes see it
 * from the revision of the conversation.
 */
@Injectable()
export class ConversationChanges {
  private readonly watchers = new Map<string, () => void>();

  constructor(private readonly db: DataSource) {
    // Only after the commit: a turn that looks before it would see the old state.
    db.subscribers.push({
      afterTransactionCommit: ({ queryRunner }: { queryRunner: QueryRunner }) => {
        for (const id of takeNoted(queryRunner)) this.watchers.get(id)?.();
      },
      afterTransactionRollback: ({ queryRunner }: { queryRunner: QueryRunner }) => void takeNoted(queryRunner),
    });
  }

  /** To be told when `tx` commits. */
  note(tx: EntityManager, conversationId: string): void {
    if (!tx.queryRunner) throw new Error('ConversationChanges.note needs the EntityManager of a transaction');
    const noted = (tx.queryRunner.data[CHANGED] ??= new Set<string>()) as Set<string>;
    noted.add(conversationId);
  }

  /** Watches a conversation, which one turn at a time does; returns how to stop. */
  watch(conversationId: string, onChange: () => void): () => void {
    this.watchers.set(conversationId, onChange);
    return () => {
      if (this.watchers.get(conversationId) === onChange) this.watchers.delete(conversationId);
    };
  }

  /** Looks what has happened since `revision`. @param messageId one of those that the turn answers */
  async since(conversationId: string, revision: number, messageId: string): Promise<ChangeKind> {
    const [now] = await this.db.query<{ closed: boolean; revision: number; stopped: boolean }[]>(
      `SELECT closed_at IS NOT NULL AS closed, revision,
              EXISTS (SELECT FROM messages WHERE id = $2 AND state = 'cancelled') AS stopped
       FROM conversations WHERE id = $1`,
      [conversationId, messageId],
    );
    // A conversation that was forgotten counts as closed.
    if (!now || now.closed) return 'reset';
    if (now.revision === revision) return 'none';
    return now.stopped ? 'stopped' : 'more';
  }
}

function takeNoted(queryRunner: QueryRunner): Set<string> {
  const noted = (queryRunner.data[CHANGED] as Set<string> | undefined) ?? new Set<string>();
  delete queryRunner.data[CHANGED];
  return noted;
}
