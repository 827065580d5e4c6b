import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A person in a bot. */
@Entity({ name: 'contacts' })
export class Contact {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ name: 'bot_id', type: 'text' })
  botId!: string;

  /** Of the channel's own id of the person: see ChatAddresses. */
  @Column({ name: 'external_hash', type: 'text' })
  externalHash!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** Name and username, encrypted. */
  @Column({ type: 'text' })
  profile!: string;

  /** Of the name and the username, by which staff find somebody: see profile.ts. */
  @Column({ name: 'name_hash', type: 'text', select: false })
  nameHash?: string;

  @Column({ name: 'username_hash', type: 'text', nullable: true, select: false })
  usernameHash?: string | null;

  @Column({ name: 'started_at', type: 'timestamptz' })
  startedAt!: Date;

  /** Messages and presses, less those that have leaked out since: see ContactsService. */
  @Column({ name: 'flood_level', type: 'double precision' })
  floodLevel!: number;

  @Column({ name: 'flood_told_at', type: 'timestamptz', nullable: true })
  floodToldAt!: Date | null;
}
