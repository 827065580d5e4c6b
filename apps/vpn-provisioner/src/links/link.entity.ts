import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An address of a person. They have one that counts, and for a while those that it has replaced. */
@Entity({ name: 'links' })
export class Link {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'access_id' })
  accessId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Keyed: see LinkTokens. */
  @Column('text', { name: 'token_hash' })
  tokenHash!: string;

  /** To be shown again; encrypted with the key of the person. */
  @Column('text')
  token!: string;

  /** Made in place of another, and not because there was none. */
  @Column('boolean')
  replaces!: boolean;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Null: it counts. */
  @Column('timestamptz', { name: 'valid_until', nullable: true })
  validUntil!: Date | null;
}
