import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Finding } from './audit-checks';

/** A look at the whole log, and what did not fit. */
@Entity({ name: 'audit_verifications' })
export class AuditVerification {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ name: 'requested_at', type: 'timestamptz' })
  requestedAt!: Date;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;

  @Column({ type: 'bigint', transformer: { from: Number, to: (value: unknown) => value } })
  entries!: number;

  @Column({ type: 'bigint', transformer: { from: Number, to: (value: unknown) => value } })
  roots!: number;

  @Column({ type: 'integer' })
  found!: number;

  /** The first hundred. */
  @Column({ type: 'jsonb' })
  findings!: Finding[];
}
