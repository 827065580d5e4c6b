import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A subscription that Telegram charges for by itself. */
@Entity({ name: 'star_subscriptions' })
export class StarSubscription {
  /** By which it was begun. */
  @PrimaryColumn('uuid', { name: 'order_id' })
  orderId!: string;

  @Column('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** What is charged for: a plan that it was changed to is another one, at another price. */
  @Column('uuid', { name: 'plan_id' })
  planId!: string;

  /** Of the first payment: by it Telegram is told to go on or to stop. */
  @Column('text', { name: 'charge_id' })
  chargeId!: string;

  /** As Telegram says; `changing` since it was told something else, until it has answered. */
  @Column('text')
  state!: 'active' | 'changing' | 'canceled' | 'failed';
}

/** In which Telegram charges, or may charge. */
export const CHARGING_STATES: readonly StarSubscription['state'][] = ['active', 'changing'];
