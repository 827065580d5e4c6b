import { Column, Entity, PrimaryColumn } from 'typeorm';

const asNumber = { from: Number, to: (value: unknown) => value };

/**
 * - `waiting`: without a job, until requests to the endpoint have ended, or the one before of its subject
 * - `scheduled`: a job will send it at `dueAt`
 * - `sending`: a process sends it; another one takes over when that is silent at `sendingUntil`
 * - `ended`: see `outcome`
 */
export type DeliveryState = 'waiting' | 'scheduled' | 'sending' | 'ended';

/** An event on its way to an endpoint. */
@Entity({ name: 'webhook_deliveries' })
export class WebhookDelivery {
  /** The `webhook-id` of all its requests; by its time of origin, UUIDv7. */
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'endpoint_id' })
  endpointId!: string;

  @Column('uuid', { name: 'event_id', nullable: true })
  eventId!: string | null;

  @Column('text')
  type!: string;

  @Column('text')
  subject!: string;

  @Column({ type: 'bigint', transformer: asNumber })
  sequence!: number;

  /** Byte by byte what is signed and sent. */
  @Column('text')
  body!: string;

  /** The persons that are named in it. */
  @Column('uuid', { name: 'user_ids', array: true })
  userIds!: string[];

  @Column('boolean', { name: 'is_test' })
  isTest!: boolean;

  /** It has ended before, and is sent once more. */
  @Column('boolean', { name: 'is_replay' })
  isReplay!: boolean;

  /** It waits for one before of its subject, at an endpoint where these keep their order. */
  @Column('boolean', { name: 'is_behind' })
  isBehind!: boolean;

  @Column('text')
  state!: DeliveryState;

  @Column('text', { nullable: true })
  outcome!: 'delivered' | 'failed' | 'cancelled' | null;

  @Column('text', { nullable: true })
  reason!: string | null;

  /** Requests by which the time of the next one is reckoned. */
  @Column('integer', { name: 'retry_count' })
  retryCount!: number;

  /** Requests in all. */
  @Column('integer', { name: 'attempt_count' })
  attemptCount!: number;

  @Column('timestamptz', { name: 'due_at', nullable: true })
  dueAt!: Date | null;

  @Column('timestamptz', { name: 'sending_until', nullable: true })
  sendingUntil!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'ended_at', nullable: true })
  endedAt!: Date | null;
}

/** One request, and what came of it. */
@Entity({ name: 'webhook_attempts' })
export class WebhookAttempt {
  @PrimaryColumn('uuid', { name: 'delivery_id' })
  deliveryId!: string;

  @PrimaryColumn('integer')
  number!: number;

  @Column('timestamptz')
  at!: Date;

  @Column('integer', { name: 'duration_ms' })
  durationMs!: number;

  @Column('integer', { nullable: true })
  status!: number | null;

  @Column('text', { nullable: true })
  error!: string | null;

  @Column('jsonb', { name: 'request_headers' })
  requestHeaders!: Record<string, string>;

  @Column('jsonb', { name: 'reply_headers' })
  replyHeaders!: Record<string, string>;

  @Column('text', { nullable: true })
  reply!: string | null;
}

/** The lowest id of a moment. */
export function firstIdOf(time: Date): string {
  const hex = Math.max(0, time.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
