import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A browser or an app in which a person or a member of staff is signed in. */
@Entity({ name: 'sessions' })
export class Session {
  @PrimaryColumn('uuid')
  id!: string;

  /** SHA-256 of the token in the cookie: who reads the table cannot take anybody's place. Null of an app, which has no cookie. */
  @Column('bytea', { name: 'token_hash', nullable: true })
  tokenHash!: Buffer | null;

  @Column('text')
  kind!: 'person' | 'staff';

  @Column('uuid', { name: 'subject_id' })
  subjectId!: string;

  /** How they proved who they are. Source of the words: RFC 8176. */
  @Column('text', { array: true })
  amr!: string[];

  /** When they last did. */
  @Column('timestamptz', { name: 'proven_at' })
  provenAt!: Date;

  /** `Firefox on Linux`: what people know their own sessions by. */
  @Column('text')
  device!: string;

  /** Of the session at the company's provider. */
  @Column('text', { name: 'sso_sid', nullable: true })
  ssoSid!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** To the minute. */
  @Column('timestamptz', { name: 'seen_at' })
  seenAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;
}
