import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How updates of a bot get here, as far as we and the channel know. */
@Entity({ name: 'receivers' })
export class Receiver {
  @PrimaryColumn({ name: 'bot_id', type: 'text' })
  botId!: string;

  /** The address that we have given to the channel; null while we ask for updates ourselves. */
  @Column({ name: 'webhook_url', type: 'text', nullable: true })
  webhookUrl!: string | null;

  /** When the channel last answered: to a poll, or to the question how it goes. */
  @Column({ name: 'contact_at', type: 'timestamptz', nullable: true })
  contactAt!: Date | null;

  /** Updates that waited in the channel at that time. */
  @Column({ type: 'integer', nullable: true })
  waiting!: number | null;

  /** When the channel last failed to bring one. */
  @Column({ name: 'failed_at', type: 'timestamptz', nullable: true })
  failedAt!: Date | null;

  /** Behind what was processed, with the account in whose updates that is; of channels that forget it. */
  @Column({ type: 'text', nullable: true })
  cursor!: string | null;

  /** Whether updates go to somebody else. */
  @Column({ type: 'boolean' })
  elsewhere!: boolean;
}
