import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Time of a subscription, and what was paid for it. */
@Entity({ name: 'subscription_periods' })
export class SubscriptionPeriod {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Null of what was given. */
  @Column('uuid', { name: 'order_id', nullable: true })
  orderId!: string | null;

  @Column('uuid', { name: 'plan_id' })
  planId!: string;

  @Column('timestamptz', { name: 'starts_at' })
  startsAt!: Date;

  @Column('timestamptz', { name: 'ends_at' })
  endsAt!: Date;

  @Column('bigint', { name: 'amount_minor', transformer: { from: Number, to: String } })
  amountMinor!: number;

  @Column('text')
  currency!: string;

  @Column('text')
  cause!: string;
}
