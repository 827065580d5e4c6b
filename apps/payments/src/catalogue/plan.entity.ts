import type { ByUse, Features, LocalizedText, PlanPeriod } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Currency → amount in its smallest parts. */
export type Prices = Readonly<Record<string, number>>;

/** How a thing stands on receipts of Russian law (54-FZ); the rate of a day is that of the last entry that has begun. */
export interface ReceiptTerms {
  /** Codes of YooKassa. */
  readonly vat?: { from: string; code: number }[] | undefined;
  readonly subject?: string | undefined;
}

/** Something that is had for a time. */
@Entity({ name: 'plans' })
export class Plan {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** As staff call it. */
  @Column('text')
  code!: string;

  @Column('jsonb')
  name!: LocalizedText;

  @Column('jsonb')
  description!: LocalizedText;

  @Column('text')
  level!: string;

  /** Of two levels the higher one counts. */
  @Column('integer')
  rank!: number;

  @Column('integer', { name: 'period_count' })
  periodCount!: number;

  @Column('text', { name: 'period_unit' })
  periodUnit!: PlanPeriod['unit'];

  @Column('jsonb')
  prices!: Prices;

  @Column('jsonb')
  features!: Features;

  @Column('boolean')
  recurring!: boolean;

  @Column('boolean')
  giftable!: boolean;

  /** Null where it is not tried for nothing. */
  @Column('integer', { name: 'trial_days', nullable: true })
  trialDays!: number | null;

  /** Served so long after what was paid. */
  @Column('integer', { name: 'grace_days' })
  graceDays!: number;

  /** What is used beyond it costs so much; null: it is not to be had. */
  @Column('jsonb', { name: 'by_use', nullable: true })
  byUse!: ByUse | null;

  @Column('integer')
  position!: number;

  @Column('jsonb')
  receipt!: ReceiptTerms;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Sold no more; who has it keeps it and may go on with it. */
  @Column('timestamptz', { name: 'archived_at', nullable: true })
  archivedAt!: Date | null;
}

export const periodOf = ({ periodCount, periodUnit }: Plan): PlanPeriod => ({ count: periodCount, unit: periodUnit });
