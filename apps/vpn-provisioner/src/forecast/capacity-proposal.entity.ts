import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CapacityAdvice } from './capacity-advice';

/** One server more or less, as the forecast has it. A region has one that is open at most. */
@Entity({ name: 'capacity_proposals' })
export class CapacityProposal {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  region!: string;

  @Column('text')
  kind!: CapacityAdvice['kind'];

  @Column('uuid', { name: 'server_id', nullable: true })
  serverId!: string | null;

  @Column('integer', { name: 'expected_percent' })
  expectedPercent!: number;

  @Column('bigint', { name: 'monthly_cost_minor', transformer: { from: Number, to: String } })
  monthlyCostMinor!: number;

  @Column('text')
  currency!: string;

  @Column('text')
  state!: 'open' | 'accepted' | 'dismissed' | 'outdated';

  @Column('timestamptz', { name: 'made_at' })
  madeAt!: Date;

  @Column('timestamptz', { name: 'decided_at', nullable: true })
  decidedAt!: Date | null;

  /** `staff:<id>` */
  @Column('text', { name: 'decided_by', nullable: true })
  decidedBy!: string | null;
}
