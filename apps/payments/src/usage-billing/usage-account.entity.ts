import { Column, Entity, PrimaryColumn } from 'typeorm';

const bigint = { from: Number, to: String };

/** What is used beyond the plan of a subscription, until it is paid with the next order of it. */
@Entity({ name: 'usage_accounts' })
export class UsageAccount {
  @PrimaryColumn('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Grows with each order by which the subscription goes on. */
  @Column('integer')
  bill!: number;

  /** When this bill began. */
  @Column('timestamptz')
  since!: Date;

  /** As much as the person wants to pay for on one bill. */
  @Column('bigint', { name: 'limit_minor', transformer: bigint })
  limitMinor!: number;

  /** In which they have said so; null where they have not. In any other they want to pay for nothing. */
  @Column('text', { name: 'limit_currency', nullable: true })
  limitCurrency!: string | null;

  /** What of it was used before it began: after the order was made that has paid the bill before. */
  @Column('bigint', { name: 'carried_micros', transformer: bigint })
  carriedMicros!: number;

  /** Used beyond the plan on bills that ended without an order that could pay them. */
  @Column('bigint', { name: 'owed_micros', transformer: bigint })
  owedMicros!: number;
}
