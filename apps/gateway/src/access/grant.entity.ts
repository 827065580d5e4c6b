import { Column, Entity, type FindOptionsWhere, IsNull, MoreThan, PrimaryColumn } from 'typeorm';

/** That a member of staff has a role, for all bots or for one. */
@Entity({ name: 'grants' })
export class Grant {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'staff_id' })
  staffId!: string;

  @Column('text')
  role!: string;

  /** Null: for all bots, and for what belongs to none. */
  @Column('text', { name: 'bot_id', nullable: true })
  botId!: string | null;

  /** Null: until it is taken away. */
  @Column('timestamptz', { nullable: true })
  until!: Date | null;

  @Column('uuid', { name: 'granted_by', nullable: true })
  grantedBy!: string | null;

  @Column('timestamptz', { name: 'granted_at' })
  grantedAt!: Date;

  /** Given by staff, or by what the company's provider has said: that is read anew at each sign-in. */
  @Column('text')
  source!: 'staff' | 'sso';
}

/** Of the grants that fit, those that count at a time. */
export const current = (where: FindOptionsWhere<Grant>, now: Date): FindOptionsWhere<Grant>[] => [
  { ...where, until: IsNull() },
  { ...where, until: MoreThan(now) },
];
