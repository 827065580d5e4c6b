import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A key by which a program calls. */
@Entity({ name: 'api_keys' })
export class ApiKey {
  /** In the order in which they were made. */
  @Column({ type: 'bigint', insert: false, update: false })
  seq!: string;

  /** The part of the key that is no secret. */
  @PrimaryColumn('text')
  id!: string;

  /** Keyed hash of the secret part. */
  @Column('text', { name: 'secret_hash' })
  secretHash!: string;

  @Column('text')
  name!: string;

  @Column('text')
  team!: string;

  @Column('text', { array: true })
  scopes!: string[];

  @Column('text', { array: true, nullable: true })
  bots!: string[] | null;

  /** CIDR or single addresses; from everywhere when empty. */
  @Column('text', { array: true })
  networks!: string[];

  @Column('text')
  rate!: 'standard' | 'high';

  @Column('uuid', { name: 'created_by' })
  createdBy!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;

  /** May lie ahead, while the key that replaces it is carried to where it is used. */
  @Column('timestamptz', { name: 'ends_at', nullable: true })
  endsAt!: Date | null;

  @Column('text', { name: 'ended_because', nullable: true })
  endedBecause!: string | null;

  /** How many days before its end staff were told of it last. */
  @Column('integer', { name: 'told_days', nullable: true })
  toldDays!: number | null;
}
