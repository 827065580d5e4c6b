import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A device, or at least an app, that has asked for a person's servers. */
@Entity({ name: 'devices' })
export class Device {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'access_id' })
  accessId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  /** Keyed hash of what tells it from others of the person: see device-identity.ts. */
  @Column('text')
  identity!: string;

  /** `Pixel 9, Android 16`; encrypted with the key of the person. */
  @Column('text')
  name!: string;

  @Column('timestamptz', { name: 'first_seen_at' })
  firstSeenAt!: Date;

  /** To some minutes. */
  @Column('timestamptz', { name: 'seen_at' })
  seenAt!: Date;
}
