import { Column, Entity, PrimaryColumn } from 'typeorm';

export type DisabledReason = 'by_hand' | 'gone' | 'failing';

/** Where webhooks go, and which. */
@Entity({ name: 'webhook_endpoints' })
export class WebhookEndpoint {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  url!: string;

  @Column('text')
  description!: string;

  /** Names of events, without their versions. */
  @Column('text', { array: true })
  types!: string[];

  /** Null: of all bots, and what is of none. */
  @Column('text', { name: 'bot_ids', array: true, nullable: true })
  botIds!: string[] | null;

  @Column('text')
  content!: 'thin' | 'full';

  /** Events of one subject one after the other. */
  @Column('boolean')
  ordered!: boolean;

  @Column('text')
  state!: 'enabled' | 'disabled';

  @Column('text', { name: 'disabled_reason', nullable: true })
  disabledReason!: DisabledReason | null;

  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;

  @Column('text', { name: 'owner_kind' })
  ownerKind!: string;

  @Column('text', { name: 'owner_id' })
  ownerId!: string;

  /** Grows with each change by people: the ETag. */
  @Column('integer')
  revision!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}

/** By which deliveries to an endpoint are signed. */
@Entity({ name: 'webhook_secrets' })
export class WebhookSecret {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'endpoint_id' })
  endpointId!: string;

  /** Encrypted. */
  @Column('text')
  secret!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  /** Null of the newest one. */
  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}

/** Where what is encrypted of them stands. */
export const WEBHOOK_PLACES = ['webhook_secrets.secret'] as const;

/** How an endpoint does. Slots and pauses go by the clock of the database, as jobs do. */
@Entity({ name: 'webhook_health' })
export class WebhookHealth {
  @PrimaryColumn('uuid', { name: 'endpoint_id' })
  endpointId!: string;

  /** When the next request may begin that is not scheduled yet. */
  @Column('timestamptz', { name: 'next_slot_at', nullable: true })
  nextSlotAt!: Date | null;

  /** It has said that it is busy, or shown it. */
  @Column('timestamptz', { name: 'not_before', nullable: true })
  notBefore!: Date | null;

  /** In a row. */
  @Column('integer')
  failures!: number;

  @Column('timestamptz', { name: 'failing_since', nullable: true })
  failingSince!: Date | null;

  @Column('timestamptz', { name: 'last_failure_at', nullable: true })
  lastFailureAt!: Date | null;

  @Column('timestamptz', { name: 'last_success_at', nullable: true })
  lastSuccessAt!: Date | null;

  /** After how many hours of failures its owner was told last. */
  @Column('integer', { name: 'told_hours' })
  toldHours!: number;
}
