import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Whether a person is in the channel that a bot asks for, as far as it was told. */
@Entity({ name: 'shop_members' })
export class ShopMember {
  @PrimaryColumn('text', { name: 'bot_id' })
  botId!: string;

  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('boolean', { name: 'is_member' })
  isMember!: boolean;

  /** Since then. */
  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;

  @Column('timestamptz', { name: 'checked_at' })
  checkedAt!: Date;

  /** They have left, were told so and have time until then; undefined for who is in, and for who never was. */
  @Column('timestamptz', { name: 'rests_at', nullable: true })
  restsAt!: Date | null;

  /** payments was told that they have left. */
  @Column('boolean', { name: 'rests' })
  rests!: boolean;

  /** The time by which payments was told last. */
  @Column('timestamptz', { name: 'told_at', nullable: true })
  toldAt!: Date | null;
}
