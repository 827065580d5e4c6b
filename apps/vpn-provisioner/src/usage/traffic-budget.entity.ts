import type { PlanPeriod } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

const bigintOrNull = {
  from: (value: string | null) => (value === null ? null : Number(value)),
  to: (value: number | null) => (value === null ? null : String(value)),
};

/** By which periods the traffic of a subscription is counted, and what was said of it within the present one. */
@Entity({ name: 'traffic_budgets' })
export class TrafficBudget {
  @PrimaryColumn('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Of the subscription. */
  @Column('integer')
  revision!: number;

  /** Since when it has gone on without a gap. */
  @Column('timestamptz', { name: 'counted_from' })
  countedFrom!: Date;

  /** Null: for as long as it goes on, it is one period. */
  @Column('integer', { name: 'period_count', nullable: true })
  periodCount!: number | null;

  @Column('text', { name: 'period_unit', nullable: true })
  periodUnit!: PlanPeriod['unit'] | null;

  /** When traffic is counted from zero again. Null while nothing is served. */
  @Column('timestamptz', { name: 'renews_at', nullable: true })
  renewsAt!: Date | null;

  /** More within a day is told to staff. */
  @Column('bigint', { name: 'fair_use_bytes', nullable: true, transformer: bigintOrNull })
  fairUseBytes!: number | null;

  /** Of the limit, what was said last: 0, 80 or 100. */
  @Column('integer', { name: 'told_percent' })
  toldPercent!: number;

  /** The limit of which that was said. */
  @Column('bigint', { name: 'told_limit', nullable: true, transformer: bigintOrNull })
  toldLimit!: number | null;
}
