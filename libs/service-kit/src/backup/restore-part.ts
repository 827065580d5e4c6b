import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { Client, Pool } from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { createDataSource, type DatabaseAccess, migrationsOf, openDatabase } from '../database';
import type { AppDefinition } from '../define-app';
import { ErasePersonAgain } from '../erasure';
import { migrateJobs } from '../job-runner';
import type { Log } from '../log';
import type { MediaStorage } from '../storage/media-storage';
import { backupPlace, type BackupStore } from './backup-store';
import { BackupUnreadable } from './encrypted-file';
import { KEY_TABLES, StoredPart, unpackFiles } from './part-content';
import { copyIn, prepareToCopy, sumOf, type TableCopy, tablesOf } from './table-copies';

export class DatabaseNotEmpty extends Error {
  override readonly name = 'DatabaseNotEmpty';

  constructor(schema: string) {
    super(`the schema ${schema} holds tables already: a backup is restored into an empty database`);
  }
}

/** What came of it. */
export interface Restored {
  readonly tables: number;
  readonly rows: number;
  /** Names of tables that hold other rows than when they were copied. */
  readonly differing: readonly string[];
  readonly files: number;
}

interface Options {
  readonly backupId: string;
  readonly access: DatabaseAccess;
  readonly log: Log;
  /** Where its files go; without it they are read to their end, and kept nowhere. */
  readonly media?: MediaStorage | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings a service's part of a backup into an empty database: its schema as it was then, all rows in one transaction, and after
 * that what newer versions have changed. Keys and files are those of the newest backup there is, so that nobody comes back
 * who was erased since; what else is left of them is deleted as soon as the service starts.
 * @throws BackupUnreadable, DatabaseNotEmpty, or what Postgres says
 */
export async function restorePart(app: AppDefinition, store: BackupStore, options: Options): Promise<Restored> {
  const { backupId, access, log, media } = options;
  const part = await partOf(app, store, backupId);
  const newest = await newestKeys(app, store, backupId);
  await requireEmpty(access);
  const older = createDataSource(app, access, 2, migrationsUpTo(app, part));
  const differing = await withDatabase(older, access, log, () =>
    older.transaction((tx) => restoreTables(tx, { app, store, part, newest, ...options })),
  );
  const current = createDataSource(app, access, 2);
  await withDatabase(current, access, log, () => Promise.resolve());
  const files = await unpackFiles(store.read(backupPlace.files(newest.backupId, app.name)), async (file, body) => {
    const { key, contentType } = file;
    if (media) await media.put(key, Readable.from(body, { objectMode: false }), { contentType });
    else await finished(Readable.from(body).resume());
  });
  const rows = part.copies.reduce((sum, copy) => sum + copy.rows, 0);
  return { tables: part.copies.length, rows, differing, files: files.count };
}

/** @throws BackupUnreadable when there is none that is complete */
export async function partOf(
  app: Pick<AppDefinition, 'name'>,
  store: BackupStore,
  backupId: string,
): Promise<StoredPart> {
  const place = backupPlace.part(backupId, app.name);
  const part = await store.readJson(place, StoredPart);
  if (part?.state !== 'done') throw new BackupUnreadable(place, 'is not there, or was never finished');
  return part;
}

/** The part whose keys are the newest that there are: those of the backup itself, or of a later one. */
async function newestKeys(app: AppDefinition, store: BackupStore, backupId: string): Promise<StoredPart> {
  for (const id of await store.ids('keys')) {
    if (id < backupId) break;
    const part = await store.readJson(backupPlace.part(id, app.name), StoredPart);
    if (part?.state === 'done' && (await store.storage.exists(backupPlace.files(id, app.name)))) return part;
  }
  throw new BackupUnreadable(backupPlace.ofKeys(backupId), 'has no keys any more, and no later backup has any');
}

export async function requireEmpty({ url, schema }: DatabaseAccess): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `SELECT FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind IN ('r', 'p') LIMIT 1`,
      [schema],
    );
    if (rowCount) throw new DatabaseNotEmpty(schema);
  } finally {
    await client.end();
  }
}

function migrationsUpTo(app: AppDefinition, { migrations, backupId }: StoredPart) {
  const all = migrationsOf(app);
  const unknown = migrations.filter((name) => !all.some((migration) => migration.name === name));
  if (unknown.length > 0)
    throw new BackupUnreadable(
      backupPlace.part(backupId, app.name),
      `was written by a newer version, which has made ${unknown.join(', ')}`,
    );
  return all.filter(({ name }) => migrations.includes(name));
}

async function withDatabase<T>(db: DataSource, access: DatabaseAccess, log: Log, work: () => Promise<T>): Promise<T> {
  const pool = new Pool({ connectionString: access.url, max: 1 });
  pool.on('error', () => undefined); // told by the query that fails
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    await openDatabase(db, access, log, () => migrateJobs(access, pool));
    return await work();
  } finally {
    await pool.end();
    if (db.isInitialized) await db.destroy();
  }
}

interface Restoring extends Options {
  readonly app: AppDefinition;
  readonly store: BackupStore;
  readonly part: StoredPart;
  readonly newest: StoredPart;
}

/** @returns the names of the tables that hold something else than they should */
async function restoreTables(tx: EntityManager, restoring: Restoring): Promise<string[]> {
  const { app, store, part, newest, access, signal } = restoring;
  await prepareToCopy(tx);
  const tables = await tablesOf(tx, access.schema, access.jobsSchema);
  const lacking = part.copies.filter(({ table }) => !tables.some((known) => known.table === table));
  if (lacking.length > 0) throw new Error(`there is no table ${lacking.map(({ name }) => name).join(', ')}`);
  const close = await openTables(
    tx,
    tables.map(({ table }) => table),
  );
  for (const copy of part.copies) {
    signal?.throwIfAborted();
    await makePartitions(tx, copy);
    await readTable(tx, copy, { store, app, part, newest });
  }
  for (const { name, lastValue, isCalled } of part.sequences)
    await tx.query('SELECT setval($1::regclass, $2, $3)', [name, lastValue, isCalled]);
  const differing = await differingTables(tx, { part, newest });
  await close();
  await makeStartable(tx, restoring);
  return differing;
}

async function readTable(
  tx: EntityManager,
  copy: TableCopy,
  { store, app, part, newest }: Pick<Restoring, 'store' | 'app' | 'part' | 'newest'>,
): Promise<void> {
  if (!KEY_TABLES.includes(copy.name))
    return copyIn(tx, copy, store, backupPlace.table(part.backupId, app.name, copy.name));
  await copyIn(tx, newestOf(copy, newest), store, backupPlace.keyTable(newest.backupId, app.name, copy.name));
}

const newestOf = ({ name }: TableCopy, newest: StoredPart) => newest.copies.find((copy) => copy.name === name)!;

async function differingTables(tx: EntityManager, { part, newest }: Pick<Restoring, 'part' | 'newest'>) {
  const differing: string[] = [];
  for (const copy of part.copies) {
    const expected = KEY_TABLES.includes(copy.name) ? newestOf(copy, newest) : copy;
    const found = await sumOf(tx, copy);
    if (found.rows !== expected.rows || found.sum !== expected.sum) differing.push(copy.name);
  }
  return differing;
}

/**
 * Empties tables, which migrations have filled, and takes away what keeps rows from coming in as they are: triggers would count
 * them again, references ask for an order, and row-level security takes no COPY. Its owner may do all that.
 * @returns what puts it back
 */
async function openTables(tx: EntityManager, tables: readonly string[]): Promise<() => Promise<void>> {
  const references = await tx.query<{ table: string; name: string; definition: string }[]>(
    `SELECT conrelid::regclass::text AS table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE contype = 'f' AND conparentid = 0 AND conrelid = ANY($1::regclass[])`,
    [tables],
  );
  const forced = await tx.query<{ table: string }[]>(
    'SELECT oid::regclass::text AS table FROM pg_class WHERE relforcerowsecurity AND oid = ANY($1::regclass[])',
    [tables],
  );
  const each = async (all: readonly { table: string }[], change: string) => {
    for (const { table } of all) await tx.query(`ALTER TABLE ${table} ${change}`);
  };
  const all = tables.map((table) => ({ table }));
  for (const { table, name } of references) await tx.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  await each(all, 'DISABLE TRIGGER USER');
  await each(forced, 'NO FORCE ROW LEVEL SECURITY');
  // Not TRUNCATE, which some tables allow nobody: those are empty.
  for (const table of tables) {
    const [{ filled }] = await tx.query<[{ filled: boolean }]>(`SELECT EXISTS (SELECT FROM ${table}) AS filled`);
    if (filled) await tx.query(`DELETE FROM ${table}`);
  }
  return async () => {
    await each(forced, 'FORCE ROW LEVEL SECURITY');
    await each(all, 'ENABLE TRIGGER USER');
    for (const { table, name, definition } of references)
      await tx.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
  };
}

/** Those that there were, in place of those of today. */
async function makePartitions(tx: EntityManager, { table, partitions }: TableCopy): Promise<void> {
  const [schema] = table.split('.');
  const made = await tx.query<{ name: string }[]>(
    'SELECT inhrelid::regclass::text AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhparent WHERE c.relkind = $2 AND inhparent = $1::regclass',
    [table, 'p'],
  );
  for (const { name } of made) await tx.query(`DROP TABLE ${name}`);
  for (const { name, bound } of partitions) {
    await tx.query(`CREATE TABLE ${schema}.${name} (LIKE ${table} INCLUDING ALL)`);
    await tx.query(`ALTER TABLE ${table} ATTACH PARTITION ${schema}.${name} ${bound}`);
  }
}

/** What has to be so before the service starts on it. */
async function makeStartable(tx: EntityManager, { app, part, access }: Restoring): Promise<void> {
  const { jobsSchema: jobs } = access;
  // Nobody does them now.
  await tx.query(`UPDATE ${jobs}._private_jobs SET locked_at = NULL, locked_by = NULL WHERE locked_at IS NOT NULL`);
  await tx.query(
    `UPDATE ${jobs}._private_job_queues SET locked_at = NULL, locked_by = NULL WHERE locked_at IS NOT NULL`,
  );
  // Rows of who was erased since are back, unreadable: they are deleted as they were then. Clocks differ, and once more is no harm.
  await tx.query(
    `SELECT ${jobs}.add_job($1, json_build_object('erasureId', gen_random_uuid(), 'userId', user_id))
     FROM (SELECT DISTINCT user_id FROM person_keys WHERE erased_at >= $2::timestamptz - interval '1 hour') erased`,
    [ErasePersonAgain.name, part.startedAt],
  );
  for (const statement of app.backup?.afterRestore ?? []) await tx.query(statement);
}
