import { Column, Entity, PrimaryColumn } from 'typeorm';

/** By which an app gets its next tokens. Those that were used stay for 30 days: whoever comes with one has stolen it. */
@Entity({ name: 'refresh_tokens' })
export class RefreshToken {
  /** SHA-256 of the token. */
  @PrimaryColumn('bytea')
  hash!: Buffer;

  @Column('uuid', { name: 'session_id' })
  sessionId!: string;

  /** Random. The token that follows is made of this one, the seed and a key of the installation. */
  @Column('bytea')
  seed!: Buffer;

  @Column('timestamptz', { name: 'issued_at' })
  issuedAt!: Date;

  @Column('timestamptz', { name: 'spent_at', nullable: true })
  spentAt!: Date | null;

  @Column('text', { name: 'spent_by', nullable: true })
  spentBy!: string | null;
}
