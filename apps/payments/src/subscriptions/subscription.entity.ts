import type { SubscriptionStatus } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { SUBSCRIPTION_TRANSITIONS } from './subscription.states';

/** What a person has for a time. */
@Entity({ name: 'subscriptions' })
export class Subscription {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('uuid', { name: 'plan_id' })
  planId!: string;

  @Column('text')
  status!: SubscriptionStatus;

  @Column('text', { nullable: true })
  region!: string | null;

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  /** Since when it has gone on without a gap: what is counted by periods is counted from here. */
  @Column('timestamptz', { name: 'period_start' })
  periodStart!: Date;

  @Column('timestamptz', { name: 'valid_until' })
  validUntil!: Date;

  /** With the days of grace. */
  @Column('timestamptz', { name: 'served_until' })
  servedUntil!: Date;

  @Column('timestamptz', { name: 'paused_at', nullable: true })
  pausedAt!: Date | null;

  /** Its person wants it to rest. */
  @Column('boolean', { name: 'rests_for_person', default: false })
  restsForPerson!: boolean;

  /** It rests until its person is back in the channel that the bot asks for; they cannot wake it by themselves. */
  @Column('boolean', { name: 'rests_for_channel', default: false })
  restsForChannel!: boolean;

  /** A trial that rests is one again afterwards. */
  @Column('boolean', { name: 'rests_as_trial', default: false })
  restsAsTrial!: boolean;

  @Column('boolean', { name: 'auto_renew' })
  autoRenew!: boolean;

  /** What is charged; null: the balance. */
  @Column('uuid', { name: 'method_id', nullable: true })
  methodId!: string | null;

  @Column('text', { name: 'renew_currency', nullable: true })
  renewCurrency!: string | null;

  /** When it is charged for next. */
  @Column('timestamptz', { name: 'renew_at', nullable: true })
  renewAt!: Date | null;

  @Column('integer', { name: 'renew_attempt' })
  renewAttempt!: number;

  /** Of how many days that are left the person was told last. */
  @Column('integer', { name: 'told_days_left', nullable: true })
  toldDaysLeft!: number | null;

  /** That it is charged for tomorrow. */
  @Column('boolean', { name: 'told_of_renewal' })
  toldOfRenewal!: boolean;

  @Column('integer')
  revision!: number;

  become(status: SubscriptionStatus): void {
    if (status !== this.status && !SUBSCRIPTION_TRANSITIONS[this.status].includes(status))
      throw new Error(`a subscription that is ${this.status} cannot become ${status}`);
    this.status = status;
  }
}
