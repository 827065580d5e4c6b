import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Somebody who works here. */
@Entity({ name: 'staff' })
export class Staff {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  state!: 'invited' | 'active' | 'suspended';

  /** Keyed hash of the address in lower case. */
  @Column('text', { name: 'email_hash' })
  emailHash!: string;

  /** Encrypted. */
  @Column('text')
  email!: string;

  /** Encrypted. */
  @Column('text')
  name!: string;

  /** PHC string of Argon2id; null until an invitation was accepted. */
  @Column('text', { name: 'password_hash', nullable: true })
  passwordHash!: string | null;

  /** Encrypted; null until an app was set up. */
  @Column('text', { name: 'totp_secret', nullable: true })
  totpSecret!: string | null;

  /** The last time step whose code was taken: none counts twice. */
  @Column('bigint', { name: 'totp_step', transformer: { from: Number, to: (step: number) => step } })
  totpStep!: number;

  /** Of the recovery codes that are left. */
  @Column('text', { name: 'recovery_hashes', array: true })
  recoveryHashes!: string[];

  @Column('text', { name: 'invitation_hash', nullable: true })
  invitationHash!: string | null;

  @Column('timestamptz', { name: 'invitation_expires_at', nullable: true })
  invitationExpiresAt!: Date | null;

  /** Keyed hash of issuer and subject at the company's provider; null of who has never signed in there. */
  @Column('text', { name: 'sso_hash', nullable: true })
  ssoHash!: string | null;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'signed_in_at', nullable: true })
  signedInAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
