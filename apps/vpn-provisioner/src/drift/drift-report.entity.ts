import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a panel was found to hold, against what is owed. */
@Entity({ name: 'drift_reports' })
export class DriftReport {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'server_id' })
  serverId!: string;

  @Column('timestamptz')
  at!: Date;

  /** Users of the panel, ours and others. */
  @Column('integer')
  seen!: number;

  /** Ours that were missing or otherwise than they have to be. */
  @Column('integer')
  repaired!: number;

  /** Ours that nobody is owed: removed. */
  @Column('integer')
  orphans!: number;

  /** Ours that nobody is owed, and too many to believe it: left there. */
  @Column('integer')
  held!: number;

  /** Not ours: never touched. */
  @Column('integer')
  strangers!: number;
}
