import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Something that a member of staff wants to do and a second one has to agree to. */
@Entity({ name: 'approvals' })
export class Approval {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'requested_by' })
  requestedBy!: string;

  /** The id of the route. */
  @Column('text')
  route!: string;

  @Column('text')
  summary!: string;

  /** What whoever decides has to be allowed to do, beside deciding. */
  @Column('text')
  permission!: string;

  @Column('text', { name: 'bot_id', nullable: true })
  botId!: string | null;

  /** The person whom it is about. */
  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('text')
  method!: string;

  @Column('text')
  path!: string;

  /** SHA-256 of all that is asked for. */
  @Column('text')
  hash!: string;

  /** JSON, encrypted. */
  @Column('text')
  body!: string;

  @Column('timestamptz', { name: 'requested_at' })
  requestedAt!: Date;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt!: Date;

  @Column('text')
  state!: 'pending' | 'approved' | 'rejected' | 'withdrawn' | 'used';

  @Column('uuid', { name: 'decided_by', nullable: true })
  decidedBy!: string | null;

  @Column('timestamptz', { name: 'decided_at', nullable: true })
  decidedAt!: Date | null;

  @Column('text', { nullable: true })
  comment!: string | null;

  /** By which its route does it once. */
  @Column('text', { nullable: true })
  execution!: string | null;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;
}
