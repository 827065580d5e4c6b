import type { Features } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What was bought beside the plan of a subscription. */
@Entity({ name: 'subscription_packages' })
export class SubscriptionPackage {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('uuid', { name: 'order_id' })
  orderId!: string;

  @Column('uuid', { name: 'package_id' })
  packageId!: string;

  @Column('jsonb')
  adds!: Features;

  @Column('timestamptz', { name: 'from_at' })
  fromAt!: Date;

  /** Null: as long as the subscription lasts. */
  @Column('timestamptz', { name: 'until_at', nullable: true })
  untilAt!: Date | null;
}
