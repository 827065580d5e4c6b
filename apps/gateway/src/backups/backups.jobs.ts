import { Inject, Injectable } from '@nestjs/common';
import { defineJob, type JobRun, LOG, type Log, type PayloadOf, Runs, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { BackupStorage } from './backup-storage';
import { BackupTrialsService, TryBackup } from './backup-trials.service';
import { BackupRunning, BackupsService, CopyBackupOffSite, WriteBackup } from './backups.service';

const BackUpNightly = defineJob('back-up-installation', Slot);
const ForgetBackups = defineJob('forget-backups', Slot);
const TryBackupWeekly = defineJob('try-latest-backup', Slot);

@Injectable()
export class BackupsJobs {
  constructor(
    private readonly db: DataSource,
    private readonly backups: BackupsService,
    private readonly trials: BackupTrialsService,
    private readonly storage: BackupStorage,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Scheduled('17 2 * * *', BackUpNightly, {
    purpose: 'Has every service write its part of a backup.',
    timeoutMs: 60_000,
  })
  async backUp(): Promise<void> {
    await this.backups.abandonOld();
    await this.unlessRunning(() => this.db.transaction((tx) => this.backups.start(tx, 'schedule')));
  }

  @Scheduled('40 4 * * 0', TryBackupWeekly, {
    purpose: 'Restores the latest backup into databases of its own, compares the sums, and removes them again.',
    timeoutMs: 60_000,
  })
  tryLatest(): Promise<void> {
    return this.unlessRunning(() => this.db.transaction((tx) => this.trials.startLatest(tx)));
  }

  @Scheduled('20 5 * * *', ForgetBackups, {
    purpose:
      'Deletes keys and files of backups that are 7 days old, rows that are 35 days old, and what was never finished.',
    timeoutMs: 30 * 60_000,
  })
  forget(): Promise<void> {
    return this.backups.forgetOld();
  }

  @Runs(WriteBackup)
  write({ backupId }: PayloadOf<typeof WriteBackup>, run: JobRun): Promise<void> {
    return this.backups.write(backupId, run);
  }

  @Runs(CopyBackupOffSite)
  copyOffSite({ backupId }: PayloadOf<typeof CopyBackupOffSite>, { signal }: JobRun): Promise<void> {
    return this.backups.copyOffSite(backupId, signal);
  }

  @Runs(TryBackup)
  try({ trialId }: PayloadOf<typeof TryBackup>, run: JobRun): Promise<void> {
    return this.trials.run(trialId, run);
  }

  private async unlessRunning(begin: () => Promise<unknown>): Promise<void> {
    if (!this.storage.isEncrypted) return this.log.warn('no backup is written: BACKUP_KEY is not set');
    try {
      await begin();
    } catch (error) {
      if (!(error instanceof BackupRunning)) throw error;
      this.log.warn('a backup or a trial is running, so none is begun');
    }
  }
}
