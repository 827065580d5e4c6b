import { Inject, Injectable } from '@nestjs/common';
import {
  type Actor,
  BackupPart,
  type ListBackups,
  type ReadBackup,
  ReadBackupPart,
  routes,
  serviceOf,
  WriteBackupPart,
} from '@switchboard/contracts';
import {
  type AnswerOf,
  BackupManifest,
  backupPlace,
  Clock,
  Cursors,
  defineJob,
  DomainError,
  Jobs,
  type ListRequest,
  LOG,
  type Log,
  ServiceClient,
} from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager, In, LessThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { Backup, BackupTrial } from './backup.entity';
import { BackupKeyMissing, BackupStorage, DATA_KEPT_MS, KEYS_KEPT_MS } from './backup-storage';
import { untilAnswered } from './until-answered';

export class BackupNotFound extends DomainError {
  constructor(id: string) {
    super('gateway.backup_not_found', 'There is no such backup', 404, { id });
  }
}

export class BackupRunning extends DomainError {
  constructor() {
    super('gateway.backup_running', 'A backup or a trial is running', 409);
  }
}

/** Run by BackupsJobs. */
export const WriteBackup = defineJob('write-backup', z.object({ backupId: z.uuid() }));
export const CopyBackupOffSite = defineJob('copy-backup-off-site', z.object({ backupId: z.uuid() }));

type Part = AnswerOf<typeof ReadBackup>['parts'][number];
type Listed = AnswerOf<typeof ListBackups>['data'][number];

const LOOK_EVERY_MS = 500;
const LONGEST_MS = 3 * 3_600_000;
/** Longer than any takes; its job was lost. */
const ABANDONED_MS = 20 * 3_600_000;
/** Of what is said of a backup in the list, after its files have gone. */
const REMEMBERED_MS = 400 * 86_400_000;
const RUNNING = { state: 'running' as const };

/** Backups of the whole installation: each service writes its part, all of the same moment where they share a database. */
@Injectable()
export class BackupsService {
  constructor(
    private readonly db: DataSource,
    private readonly client: ServiceClient,
    private readonly storage: BackupStorage,
    private readonly jobs: Jobs,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  async list(request: ListRequest): Promise<AnswerOf<typeof ListBackups>> {
    const rows = this.db.manager.createQueryBuilder(Backup, 'backup');
    const { data, page } = await this.cursors.select(request, rows, ['id']);
    const [{ good, trial }] = await this.db.query<[{ good: Date | null; trial: Date | null }]>(
      `SELECT (SELECT max(started_at) FROM backups WHERE state = 'done') AS good,
         (SELECT max(started_at) FROM backup_trials WHERE state = 'passed') AS trial`,
    );
    return {
      ...{ data: await this.shown(data), page, lastGoodAt: good, lastTrialAt: trial },
      ...{ offSite: this.storage.offSite !== undefined, encrypted: this.storage.isEncrypted },
    };
  }

  /** @throws BackupNotFound */
  async read(id: string): Promise<AnswerOf<typeof ReadBackup>> {
    const backup = await this.db.manager.findOneBy(Backup, { id });
    if (!backup) throw new BackupNotFound(id);
    const trials = await this.db.manager.find(BackupTrial, { where: { backupId: id }, order: { id: 'DESC' } });
    const [shown] = await this.shown([backup]);
    return { ...shown!, trials, parts: backup.parts.map(decoded) };
  }

  /** @throws BackupKeyMissing, BackupRunning */
  async start(tx: EntityManager, cause: Backup['cause'], actor?: Actor): Promise<Listed> {
    if (!this.storage.isEncrypted) throw new BackupKeyMissing();
    if ((await tx.existsBy(Backup, RUNNING)) || (await tx.existsBy(BackupTrial, RUNNING))) throw new BackupRunning();
    const startedAt = this.clock.now();
    const backup: Backup = {
      id: uuidv7({ msecs: startedAt.getTime() }),
      ...{ ...RUNNING, cause, by: actor ? `${actor.kind}:${actor.id}` : null },
      ...{ parts: [], rows: 0, bytes: 0, startedAt, finishedAt: null, offSiteAt: null, error: null },
    };
    const { identifiers } = await tx.createQueryBuilder().insert().into(Backup).values(backup).orIgnore().execute();
    if (!identifiers[0] && !(await tx.existsBy(Backup, { id: backup.id }))) throw new BackupRunning();
    await this.jobs.add(tx, WriteBackup, { backupId: backup.id }, { maxAttempts: 3 });
    return (await this.shown([backup]))[0]!;
  }

  async write(id: string, { signal, isLastAttempt }: { signal: AbortSignal; isLastAttempt: boolean }): Promise<void> {
    const backup = await this.db.manager.findOneBy(Backup, { id, ...RUNNING });
    if (!backup) return;
    try {
      const parts = await this.gather(id, signal);
      const failed = parts.filter(({ state }) => state !== 'done');
      if (failed.length > 0) {
        const error = failed.map(({ service, error }) => `${service}: ${error}`).join('; ');
        return await this.finish(id, { state: 'failed', error, ...summed(parts) });
      }
      const manifest = { backupId: id, startedAt: backup.startedAt, services: parts.map(({ service }) => service) };
      // Last: whatever has none was never finished.
      await this.storage.store.writeJson(backupPlace.manifest(id), BackupManifest, manifest);
      await this.finish(id, { state: 'done', error: null, ...summed(parts) });
    } catch (error) {
      if (isLastAttempt && !signal.aborted) await this.finish(id, { state: 'failed', error: String(error) });
      throw error;
    }
  }

  async copyOffSite(id: string, signal: AbortSignal): Promise<void> {
    const { store, offSite } = this.storage;
    if (!offSite || !(await this.db.manager.existsBy(Backup, { id, state: 'done' }))) return;
    for (const part of [backupPlace.ofKeys(id), backupPlace.ofData(id)])
      await store.copyTo(offSite.storage, part, signal);
    await this.db.manager.update(Backup, id, { offSiteAt: this.clock.now() });
    this.log.info({ backupId: id }, 'a backup was copied off-site');
  }

  async forgetOld(): Promise<void> {
    const now = this.clock.now();
    const before = (ms: number) => LessThan(new Date(now.getTime() - ms));
    await this.storage.forgetOld(now);
    const { manager } = this.db;
    await manager.update(
      Backup,
      { state: In(['done', 'failed']), startedAt: before(DATA_KEPT_MS) },
      { state: 'expired' },
    );
    await manager.delete(Backup, { state: 'expired', startedAt: before(REMEMBERED_MS) });
  }

  /** What a job that was lost has left running would keep all others from beginning. */
  async abandonOld(): Promise<void> {
    const now = this.clock.now();
    const old = { ...RUNNING, startedAt: LessThan(new Date(now.getTime() - ABANDONED_MS)) };
    const ended = { state: 'failed' as const, finishedAt: now, error: 'it was never finished' };
    await this.db.manager.update(Backup, old, ended);
    await this.db.manager.update(BackupTrial, old, ended);
  }

  /** Those that can be asked: whatever is installed. */
  services(): string[] {
    const all = [...new Set(routes.map(serviceOf))].filter((service) => service !== 'service-kit');
    return all.filter((service) => this.client.addressOf(service) !== undefined).sort();
  }

  private async gather(backupId: string, signal: AbortSignal): Promise<Part[]> {
    const params = { backupId };
    const until = Date.now() + LONGEST_MS;
    const query = this.db.createQueryRunner();
    try {
      // It is held until all have written: services of the same database see what this transaction sees.
      await query.startTransaction('REPEATABLE READ');
      await query.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      const [{ snapshot }] = (await query.query('SELECT pg_export_snapshot() AS snapshot')) as [{ snapshot: string }];
      const one = async (service: string): Promise<Part> => {
        let part = await untilAnswered(signal, () =>
          this.client.call(WriteBackupPart, { service, params, body: { snapshot } }),
        );
        while (part.state === 'running') {
          if (Date.now() > until) throw new Error(`${service} has not written its part in three hours`);
          await sleep(LOOK_EVERY_MS, undefined, { signal });
          part = await untilAnswered(signal, () => this.client.call(ReadBackupPart, { service, params }));
        }
        return { ...part, service };
      };
      return await Promise.all(this.services().map(one));
    } finally {
      await query.rollbackTransaction().catch(() => undefined);
      await query.release();
    }
  }

  private async finish(id: string, change: Pick<Backup, 'state' | 'error'> & Partial<Backup>): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.update(Backup, { id, ...RUNNING }, { ...change, finishedAt: this.clock.now() });
      if (change.state === 'done' && this.storage.offSite) await this.jobs.add(tx, CopyBackupOffSite, { backupId: id });
    });
    const facts = { backupId: id, rows: change.rows, bytes: change.bytes, error: change.error };
    if (change.state === 'done') this.log.info(facts, 'a backup is done');
    else this.log.error(facts, 'a backup has failed');
  }

  private async shown(backups: readonly Backup[]): Promise<Listed[]> {
    const trials = await this.db.manager.find(BackupTrial, {
      where: { backupId: In(backups.map(({ id }) => id)) },
      order: { id: 'DESC' },
    });
    return backups.map(({ parts, ...backup }) => {
      const until = (ms: number) => (backup.state === 'failed' ? null : new Date(backup.startedAt.getTime() + ms));
      return {
        ...backup,
        services: parts.length,
        ...{ keysUntil: until(KEYS_KEPT_MS), keptUntil: until(DATA_KEPT_MS) },
        lastTrial: trials.find(({ backupId }) => backupId === backup.id) ?? null,
      };
    });
  }
}

function summed(parts: readonly Part[]): Pick<Backup, 'parts' | 'rows' | 'bytes'> {
  const tables = parts.flatMap((part) => [...part.tables, ...part.keyTables]);
  const sum = (numbers: readonly number[]) => numbers.reduce((all, number) => all + number, 0);
  return {
    parts: [...parts],
    rows: sum(tables.map(({ rows }) => rows)),
    bytes: sum([...tables.map(({ bytes }) => bytes), ...parts.map(({ files }) => files.bytes)]),
  };
}

/** A part as it was kept, in JSON. */
const decoded = (kept: Part): Part => {
  const { service, ...part } = kept;
  return { service, ...BackupPart.decode(part as unknown as z.input<typeof BackupPart>) };
};
