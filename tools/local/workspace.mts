import { join } from 'node:path';

/** Absolute path of the checkout. */
export const root = join(import.meta.dirname, '..', '..');

/**
 * Everything that local runs keep: databases, brokers, locks, and the keys that those databases are encrypted with. Safe to delete as a
 * whole when nothing runs, unless `npm start` was given a DATABASE_URL: what lies there needs `start/secrets.json`.
 */
export const stateDir = join(root, '.switchboard');

/** What a run leaves for people and CI to look at: logs, reports, screenshots. */
export const artifactsDir = join(root, 'artifacts');

/** True where nobody watches: missing prerequisites are then failures, not skips. */
export const isCi = /^(1|true)$/i.test(process.env.CI ?? '');
