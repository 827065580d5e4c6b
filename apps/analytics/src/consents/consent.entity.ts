import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a person has decided last; who has decided nothing has not consented. */
@Entity({ name: 'consents' })
export class Consent {
  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('boolean')
  given!: boolean;

  /** Of the text that was shown. */
  @Column('text')
  version!: string;

  /** Where: `bot`, `cabinet`, … */
  @Column('text')
  source!: string;

  @Column('timestamptz', { name: 'decided_at' })
  decidedAt!: Date;
}
