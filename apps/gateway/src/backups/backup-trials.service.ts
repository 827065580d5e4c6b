import { Inject, Injectable } from '@nestjs/common';
import { ReadBackupPartTrial, TryBackupPart } from '@switchboard/contracts';
import {
  BackupManifest,
  backupPlace,
  Clock,
  defineJob,
  DomainError,
  Jobs,
  LOG,
  type Log,
  ServiceClient,
} from '@switchboard/service-kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { Backup, BackupTrial } from './backup.entity';
import { BackupKeyMissing, BackupStorage } from './backup-storage';
import { BackupNotFound, BackupRunning } from './backups.service';
import { untilAnswered } from './until-answered';

export class BackupNotComplete extends DomainError {
  constructor(id: string) {
    super('gateway.backup_not_complete', 'The backup has failed, is not done yet, or is gone', 409, { id });
  }
}

/** Run by BackupsJobs. */
export const TryBackup = defineJob('try-backup', z.object({ trialId: z.uuid() }));

const LOOK_EVERY_MS = 500;
const RUNNING = { state: 'running' as const };

/** Restores backups on trial: each service its part, into a database that is removed again. */
@Injectable()
export class BackupTrialsService {
  constructor(
    private readonly db: DataSource,
    private readonly client: ServiceClient,
    private readonly storage: BackupStorage,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** @throws BackupNotFound, BackupNotComplete, BackupRunning, BackupKeyMissing */
  async start(tx: EntityManager, backupId: string): Promise<BackupTrial> {
    if (!this.storage.isEncrypted) throw new BackupKeyMissing();
    const backup = await tx.findOneBy(Backup, { id: backupId });
    if (!backup) throw new BackupNotFound(backupId);
    if (backup.state !== 'done') throw new BackupNotComplete(backupId);
    if ((await tx.existsBy(Backup, RUNNING)) || (await tx.existsBy(BackupTrial, RUNNING))) throw new BackupRunning();
    const startedAt = this.clock.now();
    const trial: BackupTrial = {
      ...{ id: uuidv7({ msecs: startedAt.getTime() }), backupId, ...RUNNING },
      ...{ rows: null, differing: [], error: null, startedAt, finishedAt: null },
    };
    await tx.createQueryBuilder().insert().into(BackupTrial).values(trial).orIgnore().execute();
    if (!(await tx.existsBy(BackupTrial, { id: trial.id }))) throw new BackupRunning();
    await this.jobs.add(tx, TryBackup, { trialId: trial.id }, { maxAttempts: 3 });
    return trial;
  }

  /** The latest complete one, where there is any. */
  async startLatest(tx: EntityManager): Promise<BackupTrial | undefined> {
    const latest = await tx.findOne(Backup, { where: { state: 'done' }, order: { id: 'DESC' } });
    return latest ? this.start(tx, latest.id) : undefined;
  }

  async run(id: string, { signal, isLastAttempt }: { signal: AbortSignal; isLastAttempt: boolean }): Promise<void> {
    const trial = await this.db.manager.findOneBy(BackupTrial, { id, ...RUNNING });
    if (!trial) return;
    try {
      await this.finish(trial, await this.tried(trial, signal));
    } catch (error) {
      if (isLastAttempt && !signal.aborted)
        await this.finish(trial, { rows: null, differing: [], errors: [String(error)] });
      throw error;
    }
  }

  /** One service after the other: each reads and writes all it has. */
  private async tried({ id: trialId, backupId }: BackupTrial, signal: AbortSignal) {
    const manifest = await this.storage.store.readJson(backupPlace.manifest(backupId), BackupManifest);
    const found = { rows: 0, differing: [] as BackupTrial['differing'], errors: [] as string[] };
    if (!manifest) return { ...found, errors: ['the backup is not in storage any more'] };
    const params = { trialId };
    for (const service of manifest.services) {
      let part = await untilAnswered(signal, () =>
        this.client.call(TryBackupPart, { service, params, body: { backupId } }),
      );
      while (part.state === 'running') {
        await sleep(LOOK_EVERY_MS, undefined, { signal });
        part = await untilAnswered(signal, () => this.client.call(ReadBackupPartTrial, { service, params }));
      }
      found.rows += part.rows;
      found.differing.push(...part.differing.map((table) => ({ service, table })));
      if (part.error) found.errors.push(`${service}: ${part.error}`);
    }
    await this.storage.store.delete(backupPlace.ofTrial(trialId));
    return found;
  }

  private async finish(
    { id, backupId }: BackupTrial,
    { rows, differing, errors }: Pick<BackupTrial, 'rows' | 'differing'> & { errors: readonly string[] },
  ): Promise<void> {
    const state = differing.length + errors.length > 0 ? 'failed' : 'passed';
    const error = errors.join('; ') || null;
    await this.db.manager.update(
      BackupTrial,
      { id, ...RUNNING },
      {
        ...{ state, rows, differing, error, finishedAt: this.clock.now() },
      },
    );
    if (state === 'passed') this.log.info({ backupId, rows }, 'a backup was restored on trial');
    else this.log.error({ backupId, differing, error }, 'a backup could not be restored on trial');
  }
}
