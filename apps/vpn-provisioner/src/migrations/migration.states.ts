/** How far a migration is. */
export type MigrationState =
  /** Thought out, and waits for staff to start it. */
  | 'planned'
  | 'running'
  | 'paused'
  | 'done'
  /** Whoever was moved is moved back. */
  | 'rolling-back'
  | 'rolled-back'
  | 'cancelled';

export const MIGRATION_TRANSITIONS: Readonly<Record<MigrationState, readonly MigrationState[]>> = {
  planned: ['running', 'cancelled'],
  running: ['paused', 'done', 'rolling-back'],
  paused: ['running', 'rolling-back'],
  done: ['rolling-back'],
  'rolling-back': ['rolled-back'],
  'rolled-back': [],
  cancelled: [],
};
