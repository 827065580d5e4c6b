/** A table of statistics that is backed up. */
export interface BackupTable {
  readonly name: string;
  /** Columns with ids of people: each backup has other ids in their place, which are nobody's. */
  readonly people?: readonly string[];
  /** What becomes of a row that is there already when a backup is read; without it that row stays. */
  readonly add?: readonly string[];
  /** What becomes of its rows when they are read back: the end of an UPDATE, in which $1 is when the backup was taken. */
  readonly restored?: string;
}

/**
 * Nobody knows any more who was in which arm, because people have other ids in a backup: to go on would be to compare those who come
 * again with themselves.
 */
const STOPPED = `
  state = 'stopped', decision = 'stopped', decided_arm = plan #>> '{arms,0,key}', decided_automatically = true, ended_at = $1,
  decided_why = 'The statistics were restored from a backup, which does not say who was in which arm.', revision = revision + 1
  WHERE state = 'running'`;

/**
 * What the nightly backup holds: what was counted and found out, which nobody could count anew. Events are not among it: they have
 * their archives. Nor who was in which arm of an experiment: of those that have ended the results say it all. In the order in which they are read back.
 */
export const BACKUP_TABLES: readonly BackupTable[] = [
  { name: 'measures', add: ['events', 'total'] },
  { name: 'active_people', people: ['user_id'] },
  { name: 'people', people: ['user_id'] },
  { name: 'rates' },
  { name: 'experiments', restored: STOPPED },
  { name: 'experiment_weights' },
  { name: 'experiment_results' },
];
