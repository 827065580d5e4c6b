import { Column, Entity, PrimaryColumn } from 'typeorm';

/** That bots do not listen to a person. */
@Entity({ name: 'restrictions' })
export class Restriction {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Null: all of them. */
  @Column('text', { name: 'bot_id', nullable: true })
  botId!: string | null;

  /** Encrypted with the key of the person, as is why it was lifted. */
  @Column('text')
  reason!: string;

  @Column('timestamptz')
  since!: Date;

  /** Null: until it is lifted. */
  @Column('timestamptz', { nullable: true })
  until!: Date | null;

  @Column('text', { name: 'by_kind' })
  byKind!: string;

  @Column('text', { name: 'by_id' })
  byId!: string;

  @Column('timestamptz', { name: 'lifted_at', nullable: true })
  liftedAt!: Date | null;

  @Column('text', { name: 'lifted_by_kind', nullable: true })
  liftedByKind!: string | null;

  @Column('text', { name: 'lifted_by_id', nullable: true })
  liftedById!: string | null;

  /** Null as well of one in whose place another came. */
  @Column('text', { name: 'lifted_because', nullable: true })
  liftedBecause!: string | null;
}
