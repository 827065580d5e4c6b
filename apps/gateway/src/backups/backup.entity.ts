import type { ReadBackup } from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { Column, Entity, PrimaryColumn } from 'typeorm';

type Details = AnswerOf<typeof ReadBackup>;

const asNumber = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};

/** A backup of the installation. Its id says when it was begun: ids grow with time. */
@Entity({ name: 'backups' })
export class Backup {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  state!: 'running' | 'done' | 'failed' | 'expired';

  @Column('text')
  cause!: 'schedule' | 'staff' | 'verb';

  /** `staff:0192…`; null where nobody has asked. */
  @Column('text', { nullable: true })
  by!: string | null;

  /** Times are texts here. */
  @Column('jsonb')
  parts!: Details['parts'];

  @Column('bigint', { transformer: asNumber })
  rows!: number;

  @Column('bigint', { transformer: asNumber })
  bytes!: number;

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  @Column('timestamptz', { name: 'off_site_at', nullable: true })
  offSiteAt!: Date | null;

  @Column('text', { nullable: true })
  error!: string | null;
}

/** What came of restoring a backup on trial. */
@Entity({ name: 'backup_trials' })
export class BackupTrial {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'backup_id' })
  backupId!: string;

  @Column('text')
  state!: 'running' | 'passed' | 'failed';

  @Column('bigint', { nullable: true, transformer: asNumber })
  rows!: number | null;

  @Column('jsonb')
  differing!: Details['trials'][number]['differing'];

  @Column('text', { nullable: true })
  error!: string | null;

  @Column('timestamptz', { name: 'started_at' })
  startedAt!: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
