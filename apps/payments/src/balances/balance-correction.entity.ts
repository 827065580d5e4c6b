import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How staff have changed what somebody has. */
@Entity({ name: 'balance_corrections' })
export class BalanceCorrection {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('bigint', { name: 'change_minor', transformer: { from: Number, to: String } })
  changeMinor!: number;

  @Column('text')
  currency!: string;

  /** In the words of whoever made it; encrypted with the key of the person. */
  @Column('text', { nullable: true })
  reason!: string | null;

  /** `staff:<id>` */
  @Column('text', { name: 'made_by' })
  madeBy!: string;

  @Column('timestamptz', { name: 'made_at' })
  madeAt!: Date;
}
