import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A card or an account that a person lets be charged again. */
@Entity({ name: 'saved_methods' })
export class SavedMethod {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  provider!: string;

  /** By which the provider knows it; encrypted with the key of the person. */
  @Column('text', { name: 'external_id' })
  externalId!: string;

  @Column('text', { name: 'external_id_hash' })
  externalIdHash!: string;

  /** `MIR ·· 4477` */
  @Column('text')
  title!: string;

  @Column('timestamptz', { name: 'saved_at' })
  savedAt!: Date;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt!: Date | null;
}
