import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The arm in which a person first met an experiment. They stay in it, whatever they are seen in later. */
@Entity({ name: 'exposures' })
export class Exposure {
  @PrimaryColumn('uuid', { name: 'experiment_id' })
  experimentId!: string;

  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  arm!: string;

  /** Empty where no channel was told. */
  @Column('text')
  channel!: string;

  @Column('timestamptz', { name: 'first_at' })
  firstAt!: Date;

  /** True of those who were not active before they met it. */
  @Column('boolean')
  newcomer!: boolean;

  /** Seen in another arm as well: they are left out of all results. */
  @Column('boolean', { name: 'in_two_arms' })
  inTwoArms!: boolean;
}
