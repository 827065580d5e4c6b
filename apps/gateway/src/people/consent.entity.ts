import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Something that a person has agreed to. */
@Entity({ name: 'consents' })
export class Consent {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ type: 'text' })
  purpose!: string;

  /** Of the text. */
  @Column({ type: 'text' })
  version!: string;

  @Column({ type: 'text' })
  source!: string;

  @Column({ name: 'given_at', type: 'timestamptz' })
  givenAt!: Date;

  @Column({ name: 'withdrawn_at', type: 'timestamptz', nullable: true })
  withdrawnAt!: Date | null;
}
