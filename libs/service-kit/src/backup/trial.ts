import { createHash, randomBytes } from 'node:crypto';
import { BackupPartTrial } from '@switchboard/contracts';
import { Client } from 'pg';
import type { z } from 'zod';
import type { SharedConfig } from '../config';
import { databaseAccess } from '../database';
import { type AppDefinition, schemaOf } from '../define-app';
import type { Log } from '../log';
import type { BackupStore } from './backup-store';
import { restorePart } from './restore-part';

/** What came of trying a part. */
export const StoredTrial = BackupPartTrial;
export type StoredTrial = z.output<typeof StoredTrial>;

/** Restores a part of a backup as a real restore does, into a database that is made for it and removed again. */
export async function tryPart(
  app: AppDefinition,
  config: SharedConfig,
  store: BackupStore,
  { backupId, log, signal }: { backupId: string; log: Log; signal: AbortSignal },
): Promise<Pick<StoredTrial, 'tables' | 'rows' | 'differing' | 'error'>> {
  const administrator = config.BACKUP_TRIAL_DATABASE_URL ?? config.DATABASE_URL;
  if (!administrator)
    throw new Error('BACKUP_TRIAL_DATABASE_URL is not set, and DATABASE_URL neither: there is no server to try it on');
  // One server may hold several installations.
  const of = createHash('sha256').update(`${administrator} ${config.ENCRYPTION_KEYS}`).digest('hex').slice(0, 8);
  const name = `switchboard_trial_${schemaOf(app.name)}_${of}`;
  // What is left of one that was killed.
  await drop(administrator, name);
  await as(administrator, (client) => client.query(`CREATE DATABASE ${name}`));
  try {
    const url = new URL(administrator);
    url.pathname = `/${name}`;
    const scratch = {
      ...config,
      DATABASE_URL: url.href,
      DATABASE_ROLE_SECRET: randomBytes(24).toString('hex'),
    };
    const access = await databaseAccess(app.name, scratch, undefined);
    const { tables, rows, differing } = await restorePart(app, store, { backupId, access, log, signal });
    return { tables, rows, differing: [...differing], error: null };
  } finally {
    await drop(administrator, name);
  }
}

/** With the roles that were made for it, which belong to the server. */
async function drop(administrator: string, name: string): Promise<void> {
  await as(administrator, async (client) => {
    const { rows } = await client.query<{ role: string }>(
      `SELECT DISTINCT rolname AS role FROM pg_shdepend JOIN pg_roles r ON r.oid = refobjid JOIN pg_database d ON d.oid = dbid
       WHERE datname = $1 AND rolname LIKE 'switchboard\\_%'`,
      [name],
    );
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    for (const { role } of rows) await client.query(`DROP ROLE IF EXISTS ${client.escapeIdentifier(role)}`);
  });
}

async function as(administrator: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: administrator });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
