import type { Actor, ExportedReport, Locale } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';

export type ExportState = 'waiting' | 'running' | 'done' | 'failed' | 'expired';

/** How a file is to be written. */
export interface ExportRequest {
  /** As it travels. */
  readonly of: z.input<typeof ExportedReport>;
  readonly format: 'csv' | 'xlsx';
  readonly locale: Locale;
  readonly delimiter: ',' | ';';
  readonly bom: boolean;
}

/** Of the job that writes it. */
export const jobKeyOf = (id: string): string => `export:${id}`;

export const fileKeyOf = ({ id }: Pick<Export, 'id'>): string => `exports/${id}`;

/** A report that somebody wanted as a file. */
@Entity({ name: 'exports' })
export class Export {
  @PrimaryColumn('uuid')
  id!: string;

  /** `staff:<id>`: who sees it in their list. */
  @Column('text')
  owner!: string;

  /** Of which bots they could see reports; null of all. */
  @Column('text', { array: true, nullable: true })
  bots!: Actor['bots'] | null;

  @Column('jsonb')
  request!: ExportRequest;

  @Column('text')
  state!: ExportState;

  /** That are written so far. */
  @Column('integer', { nullable: true })
  rows!: number | null;

  /** Null where that is known only at the end. */
  @Column('integer', { name: 'total_rows', nullable: true })
  totalRows!: number | null;

  /** The first day that was kept, `2026-03-29`, where it was to begin earlier. */
  @Column('date', { name: 'kept_from', nullable: true })
  keptFrom!: string | null;

  /** Why it failed. */
  @Column('text', { nullable: true })
  problem!: string | null;

  @Column('bigint', {
    nullable: true,
    transformer: {
      from: (value: string | null) => (value === null ? null : Number(value)),
      to: (value: number | null) => value,
    },
  })
  bytes!: number | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt!: Date | null;
}
