import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AlertState } from './alert.states';
import type { Contributor, Finding } from './finding';

/** Numbers that are, or were, out of the ordinary, from the first look that found them so. */
@Entity({ name: 'alerts' })
export class Alert {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  rule!: Finding['rule'];

  @Column('text')
  subject!: string;

  @Column('text', { name: 'bot_id', nullable: true })
  botId!: string | null;

  /** Whose usage it is, where it is one person's. */
  @Column('uuid', { name: 'user_id', nullable: true })
  userId!: string | null;

  @Column('text')
  severity!: Finding['severity'];

  @Column('text')
  state!: AlertState['state'];

  @Column('text')
  recent!: string;

  @Column('integer')
  clean!: number;

  @Column('text')
  measure!: Finding['measure'];

  @Column('integer', { name: 'window_seconds' })
  windowSeconds!: number;

  @Column('double precision')
  expected!: number;

  @Column('double precision')
  seen!: number;

  @Column('double precision', { nullable: true })
  score!: number | null;

  @Column('jsonb')
  contributors!: readonly Contributor[];

  @Column('timestamptz')
  since!: Date;

  @Column('timestamptz', { name: 'last_seen_at' })
  lastSeenAt!: Date;

  @Column('timestamptz', { name: 'fired_at', nullable: true })
  firedAt!: Date | null;

  @Column('timestamptz', { name: 'resolved_at', nullable: true })
  resolvedAt!: Date | null;

  /** When staff were told that it fires, and that it is over. */
  @Column('timestamptz', { name: 'notified_at', nullable: true })
  notifiedAt!: Date | null;

  @Column('timestamptz', { name: 'resolution_notified_at', nullable: true })
  resolutionNotifiedAt!: Date | null;

  @Column('timestamptz', { name: 'escalated_at', nullable: true })
  escalatedAt!: Date | null;

  @Column('timestamptz', { name: 'acknowledged_at', nullable: true })
  acknowledgedAt!: Date | null;

  @Column('text', { name: 'acknowledged_by', nullable: true })
  acknowledgedBy!: string | null;

  @Column('timestamptz', { name: 'snoozed_until', nullable: true })
  snoozedUntil!: Date | null;

  /** Who was limited because of it. */
  @Column('uuid', { name: 'throttled_user_id', nullable: true })
  throttledUserId!: string | null;

  @Column('timestamptz', { name: 'throttled_until', nullable: true })
  throttledUntil!: Date | null;
}
