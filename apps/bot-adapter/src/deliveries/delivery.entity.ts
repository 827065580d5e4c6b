import { Column, Entity, PrimaryColumn } from 'typeorm';

export type DeliveryKind = 'text' | 'voice' | 'notice';
export type DeliveryState = 'queued' | 'sending' | 'sent' | 'failed';

/** Something to be sent to a chat. Deliveries of one chat go out one after the other, by `seq`. */
@Entity({ name: 'deliveries' })
export class Delivery {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ type: 'bigint', insert: false, update: false })
  seq!: string;

  @Column({ name: 'chat_id', type: 'uuid' })
  chatId!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ type: 'text' })
  kind!: DeliveryKind;

  /** The reply, speech or message because of which it is sent: once per kind. */
  @Column({ name: 'cause_id', type: 'uuid' })
  causeId!: string;

  /** A DeliveryContent, encrypted. */
  @Column({ type: 'text' })
  content!: string;

  /** `sending` is written before the call and left after it: who finds it later knows that the outcome is not known. */
  @Column({ type: 'text' })
  state!: DeliveryState;

  /** Parts of a long answer before this one have been sent. */
  @Column({ name: 'next_part', type: 'integer' })
  nextPart!: number;

  /** How often the next part was tried. */
  @Column({ type: 'integer' })
  tries!: number;

  @Column({ name: 'external_message_ids', type: 'text', array: true })
  externalMessageIds!: string[];

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  @Column({ name: 'queued_at', type: 'timestamptz' })
  queuedAt!: Date;

  @Column({ name: 'finished_at', type: 'timestamptz', nullable: true })
  finishedAt!: Date | null;
}
