import type { Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * - `nothing_found`: the knowledge base has nothing about it
 * - `apology`: the person was told that there is no answer
 * - `rated_down`: the person thought the answer was worth nothing
 */
export type UnansweredReason = 'nothing_found' | 'apology' | 'rated_down';

@Entity({ name: 'unanswered_questions' })
export class UnansweredQuestion {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'group_id' })
  groupId!: string;

  /** Who asked. */
  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Of the answer that was none. */
  @Column('uuid', { name: 'turn_id' })
  turnId!: string;

  @Column('text')
  locale!: Locale;

  /** Encrypted with the key of the person. */
  @Column('text')
  text!: string;

  @Column('text')
  reason!: UnansweredReason;

  @Column('timestamptz', { name: 'asked_at' })
  askedAt!: Date;
}
