import type { Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Signs in with an address, adds an address to somebody's account, or signs in somebody who came out of a bot. */
export type SignInLinkKind = 'email' | 'link-email' | 'bot';

/** A link that counts once. */
@Entity({ name: 'sign_in_links' })
export class SignInLink {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ type: 'text' })
  kind!: SignInLinkKind;

  @Column({ name: 'user_id', type: 'uuid', nullable: true })
  userId!: string | null;

  @Column({ name: 'email_hash', type: 'text', nullable: true })
  emailHash!: string | null;

  /** Encrypted with a key of the installation: whose it is may not be known yet. */
  @Column({ type: 'text', nullable: true })
  email!: string | null;

  @Column({ type: 'text' })
  locale!: Locale;

  @Column({ name: 'return_to', type: 'text' })
  returnTo!: string;

  @Column({ name: 'browser_hash', type: 'text', nullable: true })
  browserHash!: string | null;

  /** Keyed hash of the network or the person that asked for a mail. */
  @Column({ name: 'asked_by', type: 'text', nullable: true })
  askedBy!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'expires_at', type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ name: 'used_at', type: 'timestamptz', nullable: true })
  usedAt!: Date | null;
}
