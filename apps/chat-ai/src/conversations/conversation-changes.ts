import { Injectable } from '@nestjs/common';
import { Signals } from '@switchboard/bus';
import { TurnInterrupted } from '@switchboard/contracts';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import type { MessageState } from './message.entity';

/**
 * What has happened in a conversation since a turn was read: `more` was written or changed, the person asked to stop
 * (`stopped`) or to begin anew (`reset`), staff answer in place of the assistant (`handed-over`), or words it was made of are
 * `erased`.
 */
export type ChangeKind = 'none' | 'more' | 'stopped' | 'reset' | 'handed-over' | 'erased';

const CHANGED = 'chat-ai.changedConversations';

interface Changed {
  readonly conversationId: string;
  /** Given when other processes are told as well. */
  readonly chatId?: string;
  /** The revision since which staff answer in place of the assistant. */
  readonly handedOverAt?: number;
}

/** @param handedOverAt given where no look is needed: a turn that was read before is not wanted any more */
type Watcher = (handedOverAt?: number) => void;

interface Present {
  readonly closed: boolean;
  readonly revision: number;
  readonly epoch: number;
  readonly mayBeHandedOver: boolean;
  readonly state: MessageState | null;
}

/** A turn as it was read. */
export interface ReadTurn {
  readonly conversationId: string;
  readonly revision: number;
  readonly epoch: number;
  readonly answers: readonly [string, ...string[]];
}

/**
 * Tells a running turn at once that its conversation may have changed: of more that is written in this process only, of
 * what ends an answer by a signal in every process. Signals may be lost, so turns look from time to time as well.
 */
@Injectable()
export class ConversationChanges {
  private readonly watchers = new Map<string, Watcher>();

  constructor(
    private readonly db: DataSource,
    signals: Signals,
  ) {
    // Only after the commit: a turn that looks before it would see the old state.
    db.subscribers.push({
      afterTransactionCommit: ({ queryRunner }: { queryRunner: QueryRunner }) => {
        for (const { conversationId, chatId, handedOverAt } of takeNoted(queryRunner)) {
          this.heard(conversationId, handedOverAt);
          if (chatId !== undefined) signals.send(TurnInterrupted, { conversationId, chatId, handedOverAt });
        }
      },
      afterTransactionRollback: ({ queryRunner }: { queryRunner: QueryRunner }) => void takeNoted(queryRunner),
    });
  }

  /** To be told when `tx` commits. */
  note(tx: EntityManager, conversationId: string): void {
    this.add(tx, { conversationId });
  }

  /** Likewise, of what ends an answer even if it is visible. */
  interrupt(tx: EntityManager, conversationId: string, chatId: string): void {
    this.add(tx, { conversationId, chatId });
  }

  /** Likewise, of staff who answer from this revision on. */
  handOver(tx: EntityManager, { id, chatId, revision }: { id: string; chatId: string; revision: number }): void {
    this.add(tx, { conversationId: id, chatId, handedOverAt: revision });
  }

  /** Has the turn that runs here, if there is one, look. */
  heard(conversationId: string, handedOverAt?: number): void {
    this.watchers.get(conversationId)?.(handedOverAt);
  }

  /** Watches a conversation, which one turn at a time does; returns how to stop. */
  watch(conversationId: string, onChange: Watcher): () => void {
    this.watchers.set(conversationId, onChange);
    return () => {
      if (this.watchers.get(conversationId) === onChange) this.watchers.delete(conversationId);
    };
  }

  /** Notes that the answer of a turn is visible from now on, unless something has happened since the turn was read. */
  async show(turn: ReadTurn): Promise<ChangeKind> {
    const { conversationId, revision, epoch, answers } = turn;
    const [{ isShown }] = await this.db.query<[{ isShown: boolean }]>(SHOW, [conversationId, revision, epoch, answers]);
    return isShown ? 'none' : this.since(turn);
  }

  /** Looks what has happened since a turn was read. */
  async since({ conversationId, revision, epoch, answers }: ReadTurn): Promise<ChangeKind> {
    const [now] = await this.db.query<Present[]>(
      `SELECT closed_at IS NOT NULL AS closed, revision, epoch, handed_over_until IS NOT NULL AS "mayBeHandedOver",
              (SELECT state FROM messages WHERE id = $2) AS state
       FROM conversations WHERE id = $1`,
      [conversationId, answers[0]],
    );
    // A conversation that was forgotten counts as closed.
    if (!now || now.closed) return 'reset';
    if (now.epoch !== epoch) return 'erased';
    if (now.revision === revision) return 'none';
    if (now.state === 'cancelled') return 'stopped';
    // Another answer that was asked for leaves the one that stands.
    if (now.state === 'handed_over' || (now.state === 'answered' && now.mayBeHandedOver)) return 'handed-over';
    return 'more';
  }

  private add(tx: EntityManager, changed: Changed): void {
    if (!tx.queryRunner) throw new Error('ConversationChanges needs the EntityManager of a transaction');
    ((tx.queryRunner.data[CHANGED] ??= []) as Changed[]).push(changed);
  }
}

/** The commit is not waited for: what a crash of the database could lose is visible for a moment longer only. */
const SHOW = `
  WITH shown AS (
    UPDATE conversations c SET being_answered = $4
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS setting
    WHERE id = $1 AND revision = $2 AND epoch = $3 AND closed_at IS NULL RETURNING c.id
  )
  SELECT EXISTS (SELECT FROM shown) AS "isShown"`;

function takeNoted(queryRunner: QueryRunner): Changed[] {
  const noted = (queryRunner.data[CHANGED] as Changed[] | undefined) ?? [];
  delete queryRunner.data[CHANGED];
  return noted;
}
