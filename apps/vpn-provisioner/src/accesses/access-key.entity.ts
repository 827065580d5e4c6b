import { Column, Entity, PrimaryColumn } from 'typeorm';

/** `preparing`: not yet shown to the person; `serving`: it is in their link; `leaving`: in no link, and on its way out of the panel. */
export type KeyState = 'preparing' | 'serving' | 'leaving';

/** What a panel has confirmed. */
export interface AppliedUser {
  readonly enabled: boolean;
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly limitBytes: number | null;
  readonly devices: number | null;
}

/** One access at one server. The link of a person shows those that serve, of servers that are up. */
@Entity({ name: 'access_keys' })
export class AccessKey {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'access_id' })
  accessId!: string;

  @Column('uuid', { name: 'server_id' })
  serverId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  state!: KeyState;

  /** Counts for the capacity of the server: not of who is leaving, and not of accesses that are not enabled. */
  @Column('boolean')
  occupies!: boolean;

  /** The version of the access that the panel was asked for and says it has. 0: none yet. */
  @Column('integer', { name: 'applied_version' })
  appliedVersion!: number;

  @Column('jsonb', { nullable: true })
  applied!: AppliedUser | null;

  /** Given by panels that choose the way in by themselves (Outline); encrypted with the key of the person. */
  @Column('text', { name: 'access_url', nullable: true })
  accessUrl!: string | null;

  /** The panel's own counter as it was read last: since it made the user. */
  @Column('bigint', { name: 'panel_used_bytes', transformer: { from: Number, to: String } })
  panelUsedBytes!: number;

  /** Null: not read since the user was made or the period began. See countUsage. */
  @Column('timestamptz', { name: 'panel_used_at', nullable: true })
  panelUsedAt!: Date | null;

  /** Rises with each reason to ask the panel, so that one which comes while it is being asked is not lost. */
  @Column('integer')
  asked!: number;

  /** When the panel is asked next. Null: it holds what it has to. */
  @Column('timestamptz', { name: 'due_at', nullable: true })
  dueAt!: Date | null;

  /** Of those that are due, the lowest are first. See KEY_PRIORITY. */
  @Column('smallint')
  priority!: number;

  /** In vain, since it is due. */
  @Column('integer')
  attempts!: number;

  /** Why the last of them was in vain, as a word. */
  @Column('text', { nullable: true })
  error!: string | null;

  /** When it is removed from the panel, and with it this row. */
  @Column('timestamptz', { name: 'remove_at', nullable: true })
  removeAt!: Date | null;

  /** In which the panel is to be asked; W3C. */
  @Column('text', { nullable: true })
  traceparent!: string | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
