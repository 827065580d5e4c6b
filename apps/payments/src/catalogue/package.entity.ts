import type { Features, LocalizedText } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Prices, ReceiptTerms } from './plan.entity';

/** More of something, bought beside a plan. */
@Entity({ name: 'packages' })
export class Package {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  @Column('text')
  code!: string;

  @Column('jsonb')
  name!: LocalizedText;

  /** Numbers, added to those of the plan. */
  @Column('jsonb')
  adds!: Features;

  @Column('text')
  lasts!: 'period' | 'subscription';

  @Column('jsonb')
  prices!: Prices;

  @Column('integer')
  position!: number;

  @Column('jsonb')
  receipt!: ReceiptTerms;

  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'archived_at', nullable: true })
  archivedAt!: Date | null;
}
