import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Why an invitation is not counted. */
export type Refusal = 'own' | 'not_new' | 'limit' | 'ring';

/** Somebody who was met by a bot, and who has brought them: told once, and never changed but to be counted no more. */
@Entity({ name: 'referrals' })
export class Referral {
  @PrimaryColumn('text', { name: 'bot_id' })
  botId!: string;

  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('timestamptz', { name: 'met_at' })
  metAt!: Date;

  @Column('uuid', { name: 'link_id', nullable: true })
  linkId!: string | null;

  /** Null of who came by themselves. */
  @Column('uuid', { name: 'inviter_id', nullable: true })
  inviterId!: string | null;

  @Column('timestamptz', { name: 'invited_at', nullable: true })
  invitedAt!: Date | null;

  @Column('text', { nullable: true })
  refused!: Refusal | null;

  /** The first of their orders that was rewarded. */
  @Column('uuid', { name: 'first_order_id', nullable: true })
  firstOrderId!: string | null;
}
