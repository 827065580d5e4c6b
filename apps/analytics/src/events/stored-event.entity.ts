import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An event as it is kept: what its contract marks as personal is gone, and its person has consented. */
@Entity({ name: 'events' })
export class StoredEvent {
  @PrimaryColumn('timestamptz', { name: 'occurred_at' })
  occurredAt!: Date;

  @PrimaryColumn('uuid', { name: 'event_id' })
  eventId!: string;

  @Column('timestamptz', { name: 'received_at' })
  receivedAt!: Date;

  /** Null of what nobody did. */
  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('uuid', { name: 'session_id', nullable: true })
  sessionId!: string | null;

  @Column('smallint')
  version!: number;

  /** Of the person's clock, in minutes east of UTC. */
  @Column('smallint', { name: 'tz_offset', nullable: true })
  tzOffset!: number | null;

  /** Its name without the version. */
  @Column('text')
  type!: string;

  /** The service, or the page, that says it. */
  @Column('text')
  source!: string;

  @Column('text', { nullable: true })
  subject!: string | null;

  @Column('text', { name: 'bot_id', nullable: true })
  botId!: string | null;

  /** The channel of a chat, or what a page runs on. */
  @Column('text', { nullable: true })
  platform!: string | null;

  @Column('text', { name: 'app_version', nullable: true })
  appVersion!: string | null;

  @Column('text', { nullable: true })
  locale!: string | null;

  /** Experiment → arm. */
  @Column('jsonb', { nullable: true })
  experiments!: Record<string, string> | null;

  /** The data of the event, without what has a column. */
  @Column('jsonb')
  props!: Record<string, unknown>;
}
