import type { JWK } from 'jose';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Signs access tokens. */
@Entity({ name: 'signing_keys' })
export class SigningKey {
  @PrimaryColumn('text')
  kid!: string;

  @Column('jsonb', { name: 'public_key' })
  publicKey!: JWK;

  /** A JWK, encrypted; null when another one signs for good. */
  @Column('text', { name: 'private_key', nullable: true })
  privateKey!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Later than it is made, so that whoever checks tokens has heard of it by then. */
  @Column('timestamptz', { name: 'signs_from' })
  signsFrom!: Date;
}
