import type { StoredFile } from '@switchboard/service-kit';
import { Column, Entity, PrimaryColumn, VersionColumn } from 'typeorm';

/** `stored`: its entries are in the database; `archived`: only in storage; `importing`: on their way back. */
export type LedgerMonthState = 'stored' | 'archived' | 'importing';

/** A month (UTC) that is over, and whose sums are kept. */
@Entity({ name: 'ledger_months' })
export class LedgerMonth {
  /** Its first day. */
  @PrimaryColumn('date')
  month!: string;

  @Column('integer')
  entries!: number;

  @Column('jsonb', { default: [] })
  files!: (StoredFile & { readonly entries: number })[];

  @Column('text')
  state!: LedgerMonthState;

  @Column('timestamptz', { name: 'closed_at' })
  closedAt!: Date;

  @Column('timestamptz', { name: 'archived_at', nullable: true })
  archivedAt!: Date | null;

  /** Somebody has brought its entries back: they stay until this day, however old they are. */
  @Column('date', { name: 'held_until', nullable: true })
  heldUntil!: string | null;

  @VersionColumn()
  revision!: number;
}
