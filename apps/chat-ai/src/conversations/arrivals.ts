import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

const ARRIVED = 'chat-ai.conversationsWithNews';

/**
 * Tells a running turn of this process at once that its conversation may have changed. Turns of other processes see it
 * from the revision of the conversation.
 */
@Injectable()
export class Arrivals {
  private readonly watchers = new Map<string, () => void>();

  constructor(db: DataSource) {
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
    if (!tx.queryRunner) throw new Error('Arrivals.note needs the EntityManager of a transaction');
    const noted = (tx.queryRunner.data[ARRIVED] ??= new Set<string>()) as Set<string>;
    noted.add(conversationId);
  }

  /** Watches a conversation, which one turn at a time does; returns how to stop. */
  watch(conversationId: string, onChange: () => void): () => void {
    this.watchers.set(conversationId, onChange);
    return () => {
      if (this.watchers.get(conversationId) === onChange) this.watchers.delete(conversationId);
    };
  }
}

function takeNoted(queryRunner: QueryRunner): Set<string> {
  const noted = (queryRunner.data[ARRIVED] as Set<string> | undefined) ?? new Set<string>();
  delete queryRunner.data[ARRIVED];
  return noted;
}
