import { isInfrastructureError } from '@switchboard/bus';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import type { Clock } from '../clock';
import type { SharedConfig } from '../config';
import type { DatabaseAccess } from '../database';
import type { AppDefinition } from '../define-app';
import { defineJob, type Jobs, type PayloadOf } from '../jobs';
import type { Log } from '../log';
import type { MediaStorage } from '../storage/media-storage';
import { backupPlace, type BackupStore } from './backup-store';
import { type FileCount, KEY_TABLES, packFiles, StoredPart } from './part-content';
import { copyOut, prepareToCopy, sequencesOf, type TableCopy, tablesOf } from './table-copies';
import { StoredTrial, tryPart } from './trial';

/** Run by BackupJobs. */
export const WriteBackupPart = defineJob(
  'write-backup-part',
  z.object({ backupId: z.uuid(), snapshot: z.string().nullable() }),
);
export const TryBackupPart = defineJob('try-backup-part', z.object({ trialId: z.uuid(), backupId: z.uuid() }));

const ATTEMPTS = 3;
/** One after the other: both read all there is. */
const QUEUE = 'backups';
const NO_KEY = 'BACKUP_KEY is not set';

interface Dependencies {
  readonly app: AppDefinition;
  readonly config: SharedConfig;
  readonly access: DatabaseAccess;
  readonly db: DataSource;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly media: MediaStorage;
  /** None without a key. */
  readonly store: BackupStore | undefined;
  readonly log: Log;
}

/**
 * The part that a service has in backups of the installation: its tables as they are at one moment, and its files. How far it is
 * stands in storage and not in the database, which may be the thing that gets lost.
 */
export class BackupParts {
  constructor(private readonly of: Dependencies) {}

  async begin(backupId: string, snapshot: string | null): Promise<StoredPart> {
    const known = await this.find(backupId);
    if (known || !this.of.store) return known ?? this.unwritten(backupId, 'failed', NO_KEY);
    await this.add(WriteBackupPart, { backupId, snapshot }, `backup:${backupId}`);
    return this.unwritten(backupId, 'running', null);
  }

  async find(backupId: string): Promise<StoredPart | undefined> {
    const { store, app } = this.of;
    const alive = await this.isAlive(`backup:${backupId}`);
    // Asked for in this order: a job that ends meanwhile has written what it did.
    const stored = await store?.readJson(backupPlace.part(backupId, app.name), StoredPart);
    if (stored) return stored;
    return alive ? this.unwritten(backupId, 'running', null) : undefined;
  }

  async write({ backupId, snapshot }: PayloadOf<typeof WriteBackupPart>, isLastAttempt: boolean): Promise<void> {
    const { store, app, log } = this.of;
    if (!store) return;
    const place = backupPlace.part(backupId, app.name);
    if ((await store.readJson(place, StoredPart))?.state === 'done') return;
    try {
      const part = await this.copyAll(store, backupId, snapshot);
      await store.writeJson(place, StoredPart, part);
      const rows = part.copies.reduce((sum, copy) => sum + copy.rows, 0);
      log.info(
        { backupId, tables: part.copies.length, rows, files: part.files.count },
        'a part of a backup is written',
      );
    } catch (error) {
      if (isLastAttempt) await store.writeJson(place, StoredPart, this.unwritten(backupId, 'failed', String(error)));
      throw error;
    }
  }

  async beginTrial(trialId: string, backupId: string): Promise<StoredTrial> {
    const known = await this.findTrial(trialId);
    if (known || !this.of.store) return known ?? untried(trialId, backupId, 'failed', NO_KEY);
    await this.add(TryBackupPart, { trialId, backupId }, `trial:${trialId}`);
    return untried(trialId, backupId, 'running', null);
  }

  async findTrial(trialId: string): Promise<StoredTrial | undefined> {
    const { store, app } = this.of;
    const alive = await this.isAlive(`trial:${trialId}`);
    const stored = await store?.readJson(backupPlace.trial(trialId, app.name), StoredTrial);
    if (stored) return stored;
    return alive ? untried(trialId, trialId, 'running', null) : undefined;
  }

  /** What it finds is an answer, also when it is a bad one. */
  async try({ trialId, backupId }: PayloadOf<typeof TryBackupPart>, signal: AbortSignal): Promise<void> {
    const { app, config, store, log } = this.of;
    if (!store) return;
    const result = await tryPart(app, config, store, { backupId, log, signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      log.error({ err: error, backupId }, 'a part of a backup could not be restored on trial');
      return { tables: 0, rows: 0, differing: [], error: String(error) };
    });
    const state = result.error === null && result.differing.length === 0 ? 'done' : 'failed';
    await store.writeJson(backupPlace.trial(trialId, app.name), StoredTrial, { trialId, backupId, state, ...result });
  }

  private async copyAll(store: BackupStore, backupId: string, snapshot: string | null): Promise<StoredPart> {
    const { app, db, clock, media } = this.of;
    const startedAt = clock.now();
    const counted: FileCount = { count: 0, bytes: 0 };
    const shared = snapshot === null ? undefined : await this.copyTables(store, backupId, snapshot).catch(unlessGone);
    const content = shared ?? (await this.copyTables(store, backupId, null));
    // After the rows that name them: a file more is no harm, and one that is gone by now was to go.
    const without = app.backup?.withoutFiles ?? [];
    const files = await store.write(backupPlace.files(backupId, app.name), packFiles(media, without, counted));
    const [last] = await db.query<[{ name: string }]>('SELECT name FROM migrations ORDER BY timestamp DESC LIMIT 1');
    const isKey = ({ name }: TableCopy) => KEY_TABLES.includes(name);
    return {
      ...this.unwritten(backupId, 'done', null),
      ...content,
      ...{ migration: last.name, sharesMoment: shared !== undefined, startedAt, finishedAt: clock.now() },
      tables: content.copies.filter((copy) => !isKey(copy)),
      keyTables: content.copies.filter(isKey),
      files: { count: counted.count, bytes: files.bytes },
    };
  }

  /** @throws SnapshotGone */
  private copyTables(
    store: BackupStore,
    backupId: string,
    snapshot: string | null,
  ): Promise<Pick<StoredPart, 'copies' | 'sequences' | 'migrations'>> {
    const { app, db, access } = this.of;
    return db.transaction('REPEATABLE READ', async (tx) => {
      if (snapshot !== null) await useSnapshot(tx, snapshot);
      await prepareToCopy(tx);
      const copies: TableCopy[] = [];
      for (const table of await tablesOf(tx, access.schema, access.jobsSchema)) {
        const place = KEY_TABLES.includes(table.name) ? backupPlace.keyTable : backupPlace.table;
        copies.push(await copyOut(tx, table, store, place(backupId, app.name, table.name)));
      }
      const migrations = await tx.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
      // Last: no transaction holds them still, and a number that is left out is no harm.
      const sequences = await sequencesOf(tx, access.schema, access.jobsSchema);
      return { copies, sequences, migrations: migrations.map(({ name }) => name) };
    });
  }

  private unwritten(backupId: string, state: string, error: string | null): StoredPart {
    const [at, { app }] = [this.of.clock.now(), this.of];
    return {
      ...{ backupId, service: app.name, state, error, migration: '', sharesMoment: false },
      ...{ tables: [], keyTables: [], files: { count: 0, bytes: 0 }, migrations: [], copies: [], sequences: [] },
      ...{ startedAt: at, finishedAt: state === 'failed' ? at : null },
    };
  }

  private add<Payload extends object>(job: Parameters<Jobs['add']>[1], payload: Payload, key: string): Promise<void> {
    const options = { key, queue: QUEUE, maxAttempts: ATTEMPTS };
    return this.of.jobs.add(this.of.db.manager, job, payload as never, options);
  }

  private async isAlive(key: string): Promise<boolean> {
    return (await this.of.jobs.alive(this.of.db.manager, [key])).has(key);
  }
}

/** The snapshot is none of this database, or of a transaction that has ended. */
class SnapshotGone extends Error {}

async function useSnapshot(tx: EntityManager, snapshot: string): Promise<void> {
  // Comes before any other statement, and takes no parameter; its form is checked by the contract.
  await tx.query(`SET TRANSACTION SNAPSHOT '${snapshot}'`).catch((error: unknown) => {
    throw isInfrastructureError(error) ? error : new SnapshotGone();
  });
}

function unlessGone(error: unknown): undefined {
  if (!(error instanceof SnapshotGone)) throw error;
}

const untried = (trialId: string, backupId: string, state: string, error: string | null): StoredTrial => ({
  ...{ trialId, backupId, state, error },
  ...{ tables: 0, rows: 0, differing: [] },
});
