import { randomBytes } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline as piped } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { Inject, Injectable } from '@nestjs/common';
import { Instant } from '@switchboard/contracts';
import { Clock, DomainError, MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import type { PoolClient } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { DataSource, type EntityManager } from 'typeorm';
import { z } from 'zod';
import { ExperimentsService } from '../experiments/experiments.service';
import { putFile, readFile } from '../files/checked-files';
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
  constructor(table: string) {
    super('analytics.statistics_not_empty', `${table} holds statistics: a backup is read into an empty database`, 409, {
      table,
    });
  }
}

const StoredFile = z.object({ key: z.string(), bytes: z.int(), sha256: z.string() });

const Manifest = z.object({
  id: z.string(),
  takenAt: z.iso.datetime(),
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

const INDEX_KEY = 'statistics/index.json';
const manifestKey = (id: string) => `statistics/${id}/manifest.json`;
/** Source: retention of backups, the same for all. */
const KEPT_MS = 35 * 86_400_000;
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

  /** All tables as they are at one moment. Those of before are deleted when their time is over. */
  async create(): Promise<Backup> {
    const takenAt = this.clock.now();
    const id = `${takenAt.toISOString().slice(0, 19).replaceAll(':', '-')}-${randomBytes(3).toString('hex')}`;
    const tables: Manifest['tables'] = [];
    await this.db.transaction('REPEATABLE READ', async (tx) => {
      // Whoever has this and knows a person must not be able to find them in it.
      const salt = randomBytes(32).toString('hex');
      for (const table of BACKUP_TABLES) tables.push(await this.write(tx, id, table, salt));
    });
    const manifest: Manifest = { id, takenAt: takenAt.toISOString(), tables };
    await this.putJson(manifestKey(id), manifest);
    const backup = describe(manifest);
    await this.changeIndex((index) => [backup, ...index]);
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
   * Reads a backup into a database that holds no statistics from before it was taken; what was counted since is added. All of it or,
   * when something is damaged, nothing.
   * @param id or `latest`
   */
  async restore(id: string): Promise<Backup> {
    const manifest = await this.manifestOf(id);
    await this.db.transaction(async (tx) => {
      // Nobody stores anything meanwhile: see `consenting`.
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('consents'))`);
      await this.requireEmpty(tx, new Date(manifest.takenAt));
      for (const table of manifest.tables) await this.read(tx, manifest.id, table);
      await this.experiments.endRestored(tx);
      // Of the events that were counted in it none may be here, and of today's only some.
      const tomorrow = new Date(this.clock.now().getTime() + 86_400_000);
      await this.rollups.countableSince(tx, tomorrow.toISOString().slice(0, 10));
    });
    return describe(manifest);
  }

  /** Deletes those that are too old. */
  async forgetOld(): Promise<void> {
    const before = new Date(this.clock.now().getTime() - KEPT_MS);
    const isOld = ({ takenAt }: Backup) => takenAt < before;
    for (const { id } of (await this.list()).filter(isOld)) {
      const { tables } = await this.manifestOf(id);
      for (const { key } of tables.flatMap(({ files }) => files)) await this.storage.delete(key);
      await this.changeIndex((index) => index.filter((backup) => backup.id !== id));
      await this.storage.delete(manifestKey(id));
    }
  }

  private async write(tx: EntityManager, id: string, { name, people = [] }: BackupTable, salt: string) {
    const columns = await columnsOf(tx, name);
    const values = columns.map((column) => (people.includes(column) ? `md5('${salt}' || ${column})::uuid` : column));
    const client = (await tx.queryRunner!.connect()) as PoolClient;
    const copied = client.query(copyTo(`COPY (SELECT ${values.join(', ')} FROM ${name}) TO STDOUT`));
    const packed = createGzip();
    pipeline(copied, packed, () => undefined);
    const files: z.output<typeof StoredFile>[] = [];
    for await (const piece of piecesOf(packed, FILE_BYTES)) {
      const key = `statistics/${id}/${name}-${String(files.length + 1).padStart(4, '0')}.copy.gz`;
      files.push(await putFile(this.storage, key, piece, 'application/gzip'));
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
    const client = (await tx.queryRunner!.connect()) as PoolClient;
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

  private async requireEmpty(tx: EntityManager, takenAt: Date): Promise<void> {
    const rows = await tx.query<unknown[]>(`SELECT FROM measures WHERE minutes = 5 AND at <= $1 LIMIT 1`, [takenAt]);
    if (rows.length > 0) throw new StatisticsNotEmpty('measures');
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

  /** One at a time, however many processes there are. */
  private async changeIndex(change: (index: Backup[]) => Backup[]): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.query(`SELECT pg_advisory_xact_lock(hashtext(current_schema()), hashtext('backup index'))`);
      await this.putJson(INDEX_KEY, Index.encode(change(await this.list())));
    });
    for (const listener of this.listeners) listener();
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
