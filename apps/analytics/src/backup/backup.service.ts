import { randomBytes } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline as piped } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Inject, Injectable } from '@nestjs/common';
import { Instant } from '@switchboard/contracts';
import { Clock, DomainError, MEDIA_STORAGE, type MediaStorage, putFile, readFile } from '@switchboard/service-kit';
import type { Client } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { OLDEST_MS } from '../events/read-event';
import { ExperimentsService } from '../experiments/experiments.service';
import { RollupsService } from '../rollups/rollups.service';
import { BACKUP_TABLES, type BackupTable } from './backup.tables';

export class BackupNotFound extends DomainError {
  constructor(id: string) {
    super('analytics.backup_not_found', `There is no backup ${id}`, 404, { id });
  }
}

export class BackupDamaged extends DomainError {
  constructor(id: string, cause: unknown) {
    super('analytics.backup_damaged', `The backup ${id} cannot be read: ${String(cause)}`, 409, { id });
    this.cause = cause;
  }
}

export class StatisticsNotEmpty extends DomainError {
  constructor(why: string, params: Readonly<Record<string, string>> = {}) {
    super('analytics.statistics_not_empty', `${why}: a backup is read into a new database, once`, 409, params);
  }
}

const StoredFile = z.object({ key: z.string(), bytes: z.int(), sha256: z.string() });

const Manifest = z.object({
  id: z.string(),
  takenAt: z.iso.datetime(),
  /** Whose it is: see `rollup_state`. */
  database: z.uuid(),
  tables: z.array(
    z.object({ name: z.string(), columns: z.array(z.string()), rows: z.int(), files: z.array(StoredFile) }),
  ),
});
type Manifest = z.output<typeof Manifest>;

/** A backup as people see it. */
const Backup = z.object({
  id: z.string(),
  takenAt: Instant,
  rows: z.record(z.string(), z.int()).describe('By table.'),
  bytes: z.int(),
});
export type Backup = z.output<typeof Backup>;

/** What lies in storage, the latest first; itself in storage, because a database that was lost knows nothing of it. */
const Index = z.array(Backup);

/** Backups that were begun and may never have been finished: storage cannot be asked what lies in it. */
const Begun = z.array(z.object({ id: z.string(), at: Instant }));

const INDEX_KEY = 'statistics/index.json';
const BEGUN_KEY = 'statistics/begun.json';
const manifestKey = (id: string) => `statistics/${id}/manifest.json`;
const fileKey = (id: string, table: string, number: number) =>
  `statistics/${id}/${table}-${String(number).padStart(4, '0')}.copy.gz`;
const DAY_MS = 86_400_000;
/** Source: retention of backups, the same for all. */
const KEPT_MS = 35 * DAY_MS;
/** A backup that was begun so long ago is written by nobody any more: see the timeout of its job. */
const ABANDONED_MS = 3 * 3_600_000;
/** As much as a bucket takes by one request. A piece is read whole before anything of it is used. */
const FILE_BYTES = 16 * 1024 * 1024;

/** Backups of the statistics: what COPY gives of each table, in storage, and the way back. */
@Injectable()
export class BackupService {
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly db: DataSource,
    private readonly rollups: RollupsService,
    private readonly experiments: ExperimentsService,
    private readonly clock: Clock,
    @Inject(MEDIA_STORAGE) private readonly storage: MediaStorage,
  ) {}

  /** All tables as they are at one moment. */
  async create(): Promise<Backup> {
    const takenAt = this.clock.now();
    const id = `${takenAt.toISOString().slice(0, 19).replaceAll(':', '-')}-${randomBytes(3).toString('hex')}`;
    await this.changeBegun((begun) => [...begun, { id, at: takenAt }]);
    const tables: Manifest['tables'] = [];
    const database = await this.db.transaction('REPEATABLE READ', async (tx) => {
      // Whoever has the files and knows a person must not be able to find them in it. Made by the server, so that it is in no statement.
      await tx.query(`CREATE TEMPORARY TABLE backup_salt ON COMMIT DROP AS
        SELECT concat(gen_random_uuid(), gen_random_uuid()) AS salt`);
      for (const table of BACKUP_TABLES) tables.push(await this.write(tx, id, table));
      return (await stateOf(tx)).databaseId;
    });
    const manifest: Manifest = { id, takenAt: takenAt.toISOString(), database, tables };
    await this.putJson(manifestKey(id), manifest);
    const backup = describe(manifest);
    await this.changeIndex((index) => [backup, ...index]);
    await this.changeBegun((begun) => begun.filter((one) => one.id !== id));
    return backup;
  }

  /** Whenever this process has taken or deleted one. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** The latest first. */
  async list(): Promise<Backup[]> {
    const file = await this.storage.open(INDEX_KEY);
    return file ? Index.decode((await json(file.body)) as z.input<typeof Index>) : [];
  }

  /**
   * Reads a backup into a new database; what that has counted meanwhile is added, late events of before as well. All of it or, when
   * something is damaged, nothing.
   * @param id or `latest`
   * @throws BackupNotFound, BackupDamaged, StatisticsNotEmpty
   */
  async restore(id: string): Promise<Backup> {
    const manifest = await this.manifestOf(id);
    await this.db.transaction(async (tx) => {
      // Nobody stores anything meanwhile: see `consenting`.
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('consents'))`);
      await this.requireNew(tx, manifest);
      for (const table of manifest.tables) await this.read(tx, manifest.id, table);
      await this.experiments.endRestored(tx);
      // Of the events that were counted in it none may be here, and of today's only some.
      const tomorrow = new Date(this.clock.now().getTime() + DAY_MS);
      await this.rollups.countableSince(tx, tomorrow.toISOString().slice(0, 10));
      await tx.query('UPDATE rollup_state SET restored_backup = $1', [manifest.id]);
    });
    return describe(manifest);
  }

  /** Reads a backup whole. @throws BackupNotFound, BackupDamaged */
  async check(id: string): Promise<Backup> {
    const manifest = await this.manifestOf(id);
    try {
      for (const { key, ...file } of manifest.tables.flatMap(({ files }) => files))
        await readFile(this.storage, { key, ...file });
    } catch (error) {
      throw new BackupDamaged(manifest.id, error);
    }
    return describe(manifest);
  }

  /** Deletes those that are too old, and what was never finished. Damaged ones go as well: no manifest is read. */
  async forgetOld(): Promise<void> {
    const now = this.clock.now().getTime();
    for (const { id, takenAt, rows } of await this.list()) {
      if (takenAt.getTime() >= now - KEPT_MS) continue;
      await this.deleteFiles(id, Object.keys(rows));
      await this.changeIndex((index) => index.filter((backup) => backup.id !== id));
    }
    const finished = new Set((await this.list()).map(({ id }) => id));
    for (const { id, at } of await this.begun()) {
      if (at.getTime() >= now - ABANDONED_MS) continue;
      if (!finished.has(id))
        await this.deleteFiles(
          id,
          BACKUP_TABLES.map(({ name }) => name),
        );
      await this.changeBegun((begun) => begun.filter((one) => one.id !== id));
    }
  }

  /** The last file of a table first, so that whoever goes on after a crash finds all that are left. */
  private async deleteFiles(id: string, tables: readonly string[]): Promise<void> {
    await this.storage.delete(manifestKey(id));
    for (const table of tables) {
      let count = 0;
      while (await this.storage.exists(fileKey(id, table, count + 1))) count++;
      for (; count > 0; count--) await this.storage.delete(fileKey(id, table, count));
    }
  }

  private async write(tx: EntityManager, id: string, { name, people = [] }: BackupTable) {
    const columns = await columnsOf(tx, name);
    const values = columns.map((column) => (people.includes(column) ? pseudonymOf(column) : column));
    const client = (await tx.queryRunner!.connect()) as Client;
    const copied = client.query(copyTo(`COPY (SELECT ${values.join(', ')} FROM ${name}) TO STDOUT`));
    // It fails once more when its connection ends, and nobody waits for it then.
    copied.on('error', () => undefined);
    const packed = createGzip();
    pipeline(copied, packed, () => undefined);
    const files: z.output<typeof StoredFile>[] = [];
    try {
      for await (const piece of piecesOf(packed, FILE_BYTES))
        files.push(await putFile(this.storage, fileKey(id, name, files.length + 1), piece, 'application/gzip'));
    } catch (error) {
      // The server would go on sending, and answer ROLLBACK after that.
      await client.end();
      throw error;
    }
    return { name, columns, rows: copied.rowCount, files };
  }

  private async read(tx: EntityManager, id: string, table: Manifest['tables'][number]): Promise<void> {
    const known = BACKUP_TABLES.find(({ name }) => name === table.name);
    // Of a version that knew more.
    if (!known) return;
    const columns = table.columns.join(', ');
    const staged = `restored_${table.name}`;
    // Row-level security takes no COPY, so the rows come in by the way of a table without.
    await tx.query(`CREATE TEMPORARY TABLE ${staged} ON COMMIT DROP AS SELECT ${columns} FROM ${table.name} LIMIT 0`);
    const client = (await tx.queryRunner!.connect()) as Client;
    const target = client.query(copyFrom(`COPY ${staged} (${columns}) FROM STDIN`));
    try {
      await piped(Readable.from(this.contentsOf(table)), createGunzip(), target);
      if (target.rowCount !== table.rows) throw new Error(`${table.name} has ${target.rowCount} rows`);
    } catch (error) {
      throw new BackupDamaged(id, error);
    }
    if (known.restored) await tx.query(`UPDATE ${staged} SET ${known.restored}`);
    const added = (known.add ?? []).map((column) => `${column} = ${table.name}.${column} + excluded.${column}`);
    const conflict =
      added.length > 0 ? `(${await keyOf(tx, table.name)}) DO UPDATE SET ${added.join(', ')}` : 'DO NOTHING';
    await tx.query(`INSERT INTO ${table.name} (${columns}) SELECT ${columns} FROM ${staged} ON CONFLICT ${conflict}`);
  }

  private async *contentsOf({ files }: Manifest['tables'][number]): AsyncGenerator<Buffer> {
    for (const file of files) yield await readFile(this.storage, file);
  }

  private async requireNew(tx: EntityManager, { database, takenAt }: Manifest): Promise<void> {
    const { databaseId, restoredBackup } = await stateOf(tx);
    if (restoredBackup) throw new StatisticsNotEmpty('a backup was restored before', { id: restoredBackup });
    if (databaseId === database) throw new StatisticsNotEmpty('the backup was taken of this database');
    // Services that start on an empty database count what had waited for them: events that are older are quarantined.
    const late = new Date(Date.parse(takenAt) - OLDEST_MS - DAY_MS);
    const rows = await tx.query<unknown[]>(`SELECT FROM measures WHERE at < $1 LIMIT 1`, [late]);
    if (rows.length > 0) throw new StatisticsNotEmpty('the database holds older statistics');
  }

  private async manifestOf(id: string): Promise<Manifest> {
    const known = id === 'latest' ? (await this.list())[0]?.id : id;
    const file = known && (await this.storage.open(manifestKey(known)));
    if (!file) throw new BackupNotFound(id);
    try {
      return Manifest.parse(await json(file.body));
    } catch (error) {
      throw new BackupDamaged(known, error);
    }
  }

  private async changeIndex(change: (index: Backup[]) => Backup[]): Promise<void> {
    await this.alone(async () => this.putJson(INDEX_KEY, Index.encode(change(await this.list()))));
    for (const listener of this.listeners) listener();
  }

  private async begun(): Promise<z.output<typeof Begun>> {
    const file = await this.storage.open(BEGUN_KEY);
    return file ? Begun.decode((await json(file.body)) as z.input<typeof Begun>) : [];
  }

  private changeBegun(change: (begun: z.output<typeof Begun>) => z.output<typeof Begun>): Promise<void> {
    return this.alone(async () => this.putJson(BEGUN_KEY, Begun.encode(change(await this.begun()))));
  }

  /** One after the other, however many processes there are. */
  private async alone(work: () => Promise<unknown>): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('backup index'))`);
      await work();
    });
  }

  private putJson(key: string, value: unknown) {
    return putFile(this.storage, key, Buffer.from(JSON.stringify(value)), 'application/json');
  }
}

const describe = ({ id, takenAt, tables }: Manifest): Backup => ({
  id,
  takenAt: new Date(takenAt),
  rows: Object.fromEntries(tables.map(({ name, rows }) => [name, rows])),
  bytes: tables.flatMap(({ files }) => files).reduce((sum, { bytes }) => sum + bytes, 0),
});

/** The same for the same person within one backup, and nobody's. */
const pseudonymOf = (column: string) =>
  `encode(substring(sha256(convert_to((SELECT salt FROM backup_salt) || ${column}, 'UTF8')) FOR 16), 'hex')::uuid`;

async function stateOf(tx: EntityManager): Promise<{ databaseId: string; restoredBackup: string | null }> {
  const [state] = await tx.query<[{ databaseId: string; restoredBackup: string | null }]>(
    'SELECT database_id AS "databaseId", restored_backup AS "restoredBackup" FROM rollup_state',
  );
  return state;
}

async function columnsOf(tx: EntityManager, table: string): Promise<string[]> {
  const rows = await tx.query<{ name: string }[]>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}

async function keyOf(tx: EntityManager, table: string): Promise<string> {
  const [{ key }] = await tx.query<[{ key: string }]>(
    `SELECT string_agg(attname, ', ') AS key FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)
     WHERE indrelid = $1::regclass AND indisprimary`,
    [table],
  );
  return key;
}

/** A stream in pieces of just so many bytes, the last one shorter; one at least. */
export async function* piecesOf(stream: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    let rest = chunk;
    while (length + rest.length > size) {
      yield Buffer.concat([...waiting, rest.subarray(0, size - length)]);
      rest = rest.subarray(size - length);
      waiting = [];
      length = 0;
    }
    waiting.push(rest);
    length += rest.length;
  }
  yield Buffer.concat(waiting);
}
