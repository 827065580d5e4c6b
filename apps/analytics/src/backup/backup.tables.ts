/** A table of statistics that is backed up. */
export interface BackupTable {
  readonly name: string;
  /** Columns with ids of people: each backup has other ids in their place, which are nobody's. */
  readonly people?: readonly string[];
  /** What becomes of a row that is there already when a backup is read; without it that row stays. */
  readonly add?: readonly string[];
  /** What becomes of its rows before they are stored again: the end of an UPDATE. */
  readonly restored?: string;
}

/**
 * What the nightly backup holds: what was counted and found out, which nobody could count anew. Events are not among it: they have
 * their archives. Nor who was in which arm of an experiment: of those that have ended the results say it all,
 * and those that run are stopped. In the order in which they are read back.
 */
export const BACKUP_TABLES: readonly BackupTable[] = [
  { name: 'measures', add: ['events', 'total'] },
  { name: 'active_people', people: ['user_id'] },
  { name: 'people', people: ['user_id'] },
  { name: 'rates' },
  // None goes on: `ExperimentsService.endRestored`. At the place of one that ran another may run by now.
  { name: 'experiments', restored: `state = 'draft' WHERE state = 'running'` },
  { name: 'experiment_results' },
];
