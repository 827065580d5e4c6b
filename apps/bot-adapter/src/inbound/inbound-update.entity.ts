import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An update that was processed, could not be, or waits because its bot is paused. */
@Entity({ name: 'inbound_updates' })
export class InboundUpdateRow {
  @PrimaryColumn({ name: 'bot_id', type: 'text' })
  botId!: string;

  @PrimaryColumn({ name: 'update_id', type: 'text' })
  updateId!: string;

  /** The order in which they came. */
  @Column({ type: 'bigint', insert: false, update: false })
  seq!: string;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;

  /** Why it could not be processed; it is in quarantine as long as this is there. */
  @Column({ type: 'text', nullable: true })
  failure!: string | null;

  /** It waits until its bot goes on. */
  @Column({ type: 'boolean', default: false })
  held!: boolean;

  /** Beginnings of the hashes of all that may be a person's id at the channel; kept only together with the content. */
  @Column({ type: 'text', array: true, nullable: true })
  mentioned!: string[] | null;

  /** Encrypted, and kept only of what is in quarantine or held. */
  @Column({ type: 'text', nullable: true })
  content!: string | null;
}
