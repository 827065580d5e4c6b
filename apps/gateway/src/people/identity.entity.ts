import { Column, Entity, PrimaryColumn } from 'typeorm';

/** By what a person is known elsewhere. */
@Entity({ name: 'identities' })
export class Identity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ type: 'text' })
  channel!: string;

  /** By which it is found. */
  @Column({ name: 'external_hash', type: 'text' })
  externalHash!: string;

  /** Encrypted with the key of the person, as is the label. */
  @Column({ name: 'external_id', type: 'text' })
  externalId!: string;

  @Column({ type: 'text', nullable: true })
  label!: string | null;

  /** The person has written to a bot by it. */
  @Column({ name: 'in_bot', type: 'boolean' })
  inBot!: boolean;

  @Column({ name: 'linked_at', type: 'timestamptz' })
  linkedAt!: Date;

  @Column({ name: 'used_at', type: 'timestamptz' })
  usedAt!: Date;
}
