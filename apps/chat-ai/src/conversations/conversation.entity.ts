import { Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * What is said from its beginning, or from a reset, to the next reset: in one group, or by one person with one shop, whichever of its
 * accounts they write to.
 */
@Entity({ name: 'conversations' })
export class Conversation {
  @PrimaryColumn('uuid')
  id!: string;

  /** In which was written last; answers go there. */
  @Column('uuid', { name: 'chat_id' })
  chatId!: string;

  /** The account of that chat. */
  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** The home bot of the shop; null of what is older than shops with several accounts: the bot itself. */
  @Column('text', { name: 'brand_id', nullable: true })
  brandId!: string | null;

  /** The person of a private chat; null in a group. */
  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  /** When a person wrote last, to the minute. */
  @Column('timestamptz', { name: 'active_at' })
  activeAt!: Date;

  @Column('timestamptz', { name: 'closed_at', nullable: true })
  closedAt!: Date | null;

  /** So long a human is to answer, and the assistant stays silent. */
  @Column('timestamptz', { name: 'handed_over_until', nullable: true })
  handedOverUntil!: Date | null;

  /** Grows with every change that a running turn has to know of. */
  @Column('integer')
  revision!: number;

  /** Grows when words in it are erased: what was made of them before is not written any more. */
  @Column({ type: 'integer', insert: false })
  epoch!: number;

  /** The messages whose answer is visible while it is written; left as it is when the answer is finished. */
  @Column({ type: 'uuid', name: 'being_answered', array: true, insert: false })
  beingAnswered!: string[];

  /** Encrypted. What was said up to `summarisedUpTo`, in short. */
  @Column('text', { nullable: true })
  summary!: string | null;

  /** The position of the last message that the summary covers; 0 when there is none. */
  @Column('bigint', { name: 'summarised_up_to', transformer: { from: Number, to: String } })
  summarisedUpTo!: number;

  /** No summary is ordered before: one is being written, or the last one failed. */
  @Column('timestamptz', { name: 'summary_retry_at', nullable: true })
  summaryRetryAt!: Date | null;
}
