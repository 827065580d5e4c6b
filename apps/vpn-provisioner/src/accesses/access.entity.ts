import type { SubscriptionStatus } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

const bigint = { from: Number, to: String };
const bigintOrNull = {
  from: (value: string | null) => (value === null ? null : Number(value)),
  to: (value: number | null) => (value === null ? null : String(value)),
};

/** What a subscription is owed, as the highest revision says that was heard of it. */
@Entity({ name: 'accesses' })
export class Access {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'subscription_id' })
  subscriptionId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text', { name: 'bot_id' })
  botId!: string;

  /** Of the subscription. */
  @Column('integer')
  revision!: number;

  @Column('text')
  status!: SubscriptionStatus;

  /** Traffic is counted from then on. */
  @Column('timestamptz', { name: 'period_start' })
  periodStart!: Date;

  /** For people; served is until `servedUntil`, with the days of grace. */
  @Column('timestamptz', { name: 'valid_until' })
  validUntil!: Date;

  @Column('timestamptz', { name: 'served_until' })
  servedUntil!: Date;

  /** Of the period; null: without limit. */
  @Column('bigint', { name: 'limit_bytes', nullable: true, transformer: bigintOrNull })
  limitBytes!: number | null;

  @Column('integer', { name: 'device_limit', nullable: true })
  deviceLimit!: number | null;

  /** How many servers at a time. */
  @Column('integer', { name: 'server_count' })
  serverCount!: number;

  /** Where the person wants to be: as they chose, else as the subscription says. Null: wherever it is best. */
  @Column('text', { nullable: true })
  region!: string | null;

  @Column('text', { name: 'subscription_region', nullable: true })
  subscriptionRegion!: string | null;

  /** Not served for another reason than the subscription's: `traffic_used`, `misuse`. See AccessesService.suspend. */
  @Column('text', { name: 'suspended_for', nullable: true })
  suspendedFor!: string | null;

  /** In the period, at all servers together. See countUsage. */
  @Column('bigint', { name: 'used_bytes', transformer: bigint })
  usedBytes!: number;

  @Column('timestamptz', { name: 'used_at', nullable: true })
  usedAt!: Date | null;

  /** As panels know it, the same at all of them and for ever. */
  @Column('text', { name: 'panel_user' })
  panelUser!: string;

  /** The Credentials as JSON, the same at all panels; encrypted with the key of the person. */
  @Column('text')
  credentials!: string;

  /** Whether panels are to let the person in. Decided from all of the above when it changes, and at its end. */
  @Column('boolean')
  enabled!: boolean;

  /** Of what panels are to hold: rises whenever that changes. */
  @Column('integer')
  version!: number;

  /** The version of which was said last that it is there: granted, or revoked. */
  @Column('integer', { name: 'told_version' })
  toldVersion!: number;

  /** The version of which was said that it is late. */
  @Column('integer', { name: 'delayed_version' })
  delayedVersion!: number;

  /** Since when there has been something that panels do not hold yet. Null: all is there. */
  @Column('timestamptz', { name: 'owed_since', nullable: true })
  owedSince!: Date | null;

  /** When it was served first. */
  @Column('timestamptz', { name: 'granted_at', nullable: true })
  grantedAt!: Date | null;

  /** Rises whenever the person's link shows something else: servers, credentials, ends and limits. */
  @Column('integer', { name: 'link_version' })
  linkVersion!: number;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
