import type { Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A person, whatever they come by. */
@Entity({ name: 'users' })
export class User {
  @PrimaryColumn('uuid')
  id!: string;

  /** Encrypted with the key of the person. */
  @Column({ type: 'text', nullable: true })
  name!: string | null;

  @Column({ type: 'text' })
  locale!: Locale;

  @Column({ name: 'time_zone', type: 'text' })
  timeZone!: string;

  @Column({ name: 'registered_at', type: 'timestamptz' })
  registeredAt!: Date;

  /** Grows with each change: the ETag. */
  @Column({ type: 'integer' })
  revision!: number;
}
