import { Column, Entity, PrimaryColumn, type ValueTransformer } from 'typeorm';
import type { AuditRecord, ChainedRecord } from './audit-chain';

const asNumber: ValueTransformer = { from: Number, to: (value: unknown) => value };
const asHex: ValueTransformer = {
  from: (bytes: Buffer) => bytes.toString('hex'),
  to: (hex: unknown) => (typeof hex === 'string' ? Buffer.from(hex, 'hex') : hex),
};

/** A row of the audit log; only `append_audit_entries` writes them. */
@Entity({ name: 'audit_entries' })
export class AuditEntryRow {
  @PrimaryColumn({ type: 'smallint' })
  stream!: number;

  @PrimaryColumn({ type: 'bigint', transformer: asNumber })
  seq!: number;

  @Column({ type: 'timestamptz', precision: 3 })
  at!: Date;

  @Column({ name: 'actor_kind', type: 'text' })
  actorKind!: string;

  @Column({ name: 'actor_id', type: 'text' })
  actorId!: string;

  /** What else is known of the actor. */
  @Column({ type: 'jsonb' })
  actor!: Record<string, unknown>;

  @Column({ name: 'on_behalf_of', type: 'jsonb', nullable: true })
  onBehalfOf!: AuditRecord['onBehalfOf'] | null;

  @Column({ type: 'text' })
  action!: string;

  @Column({ name: 'resource_type', type: 'text' })
  resourceType!: string;

  @Column({ name: 'resource_id', type: 'text' })
  resourceId!: string;

  @Column({ type: 'text', nullable: true })
  bot!: string | null;

  @Column({ type: 'text', nullable: true })
  person!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  changes!: { op: string; path: string }[] | null;

  @Column({ type: 'jsonb', nullable: true })
  details!: Record<string, unknown> | null;

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  @Column({ type: 'text', nullable: true })
  approval!: string | null;

  @Column({ type: 'text', nullable: true })
  request!: string | null;

  @Column({ type: 'text' })
  result!: string;

  @Column({ name: 'prev_hash', type: 'bytea', transformer: asHex })
  prevHash!: string;

  @Column({ type: 'bytea', transformer: asHex })
  hash!: string;
}

/** The row as it was hashed when it was written. */
export function chained(row: AuditEntryRow): ChainedRecord {
  const { stream, seq, at, actorKind, actorId, actor, resourceType, resourceId, prevHash, hash, ...rest } = row;
  const filled = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
  const record = {
    ...filled,
    stream,
    seq,
    at: at.toISOString(),
    actor: { ...actor, kind: actorKind, id: actorId },
    resource: { type: resourceType, id: resourceId },
  } as AuditRecord;
  return { record, prevHash, hash };
}
