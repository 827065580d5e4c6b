import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A part of a day in storage. */
export interface ArchivedFile {
  readonly key: string;
  readonly events: number;
  readonly bytes: number;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
}

/** A day (UTC) whose events were written to storage. */
@Entity({ name: 'archived_days' })
export class ArchivedDay {
  @PrimaryColumn('date')
  day!: string;

  @Column('integer')
  events!: number;

  /** How many of them the database held when they were written; the others were in storage only. */
  @Column('integer', { name: 'events_here' })
  eventsHere!: number;

  @Column('bigint', { transformer: { from: Number, to: String } })
  bytes!: number;

  @Column('jsonb')
  files!: ArchivedFile[];

  /** True once no late event can come any more. */
  @Column('boolean')
  final!: boolean;

  @Column('timestamptz', { name: 'archived_at' })
  archivedAt!: Date;

  /** Somebody has brought its events back: they stay until this day, however old they are. */
  @Column('date', { name: 'held_until', nullable: true })
  heldUntil!: string | null;
}
