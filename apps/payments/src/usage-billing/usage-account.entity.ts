import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What is used beyond the plan of a subscription, until it is paid with the next order of it. */
@Entity({ name: 'usage_accounts' })
export class UsageAccount {
  @PrimaryColumn('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Grows with each order that has paid for what was used. */
  @Column('integer')
  bill!: number;

  /** When this bill began. */
  @Column('timestamptz')
  since!: Date;

  /** As much as the person wants to pay for on one bill, in the currency in which the subscription renews. */
  @Column('bigint', { name: 'limit_minor', transformer: { from: Number, to: String } })
  limitMinor!: number;
}
