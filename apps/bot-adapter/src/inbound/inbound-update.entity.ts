import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An update that was processed, or could not be. */
@Entity({ name: 'inbound_updates' })
export class InboundUpdate {
  @PrimaryColumn({ name: 'bot_id', type: 'text' })
  botId!: string;

  @PrimaryColumn({ name: 'update_id', type: 'text' })
  updateId!: string;

  @Column({ name: 'received_at', type: 'timestamptz' })
  receivedAt!: Date;

  /** Why it could not be processed. */
  @Column({ type: 'text', nullable: true })
  failure!: string | null;

  /** Encrypted, and kept only of what failed. */
  @Column({ type: 'text', nullable: true })
  content!: string | null;
}
