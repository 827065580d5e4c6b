import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ChurnCard } from './churn-model';

/** What was learnt of who leaves. It names nobody. */
@Entity({ name: 'churn_models' })
export class ChurnModel {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('timestamptz', { name: 'trained_at' })
  trainedAt!: Date;

  @Column('jsonb')
  card!: ChurnCard;
}
