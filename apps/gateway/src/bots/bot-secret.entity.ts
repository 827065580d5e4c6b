import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A secret of a bot. It is given to the services that read its section, and shown to nobody. */
@Entity({ name: 'bot_secrets' })
export class BotSecretRow {
  @PrimaryColumn({ name: 'bot_id', type: 'text' })
  botId!: string;

  /** Where it belongs in the description: `channel.token`. */
  @PrimaryColumn({ type: 'text' })
  name!: string;

  /** Encrypted. */
  @Column({ type: 'text' })
  value!: string;

  /** A keyed hash, by which two that are the same are found. */
  @Column({ type: 'text' })
  digest!: string;

  /** Null for one that is too short to show anything of it. */
  @Column({ type: 'text', nullable: true })
  last4!: string | null;

  @Column({ name: 'by_kind', type: 'text' })
  byKind!: string;

  @Column({ name: 'by_id', type: 'text' })
  byId!: string;

  @Column({ name: 'set_at', type: 'timestamptz' })
  setAt!: Date;
}
