import type { Known, QuarantineReason as QuarantineReasons } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

export type QuarantineReason = Known<typeof QuarantineReasons>;

/** An event that could not be kept as it was. */
@Entity({ name: 'quarantined_events' })
export class QuarantinedEvent {
  @PrimaryColumn('bigint')
  id!: string;

  @Column('uuid', { name: 'event_id' })
  eventId!: string;

  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('timestamptz', { name: 'occurred_at', nullable: true })
  occurredAt!: Date | null;

  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date;

  @Column('text')
  type!: string;

  @Column('text')
  source!: string;

  @Column('text')
  reason!: QuarantineReason;

  /** What does not fit: places and rules, no values. */
  @Column('text')
  detail!: string;

  /** The event, to be tried again; null where its person has not consented. */
  @Column('jsonb', { nullable: true })
  event!: unknown;
}
