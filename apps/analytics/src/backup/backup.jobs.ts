import { Inject, Injectable } from '@nestjs/common';
import { defineJob, LOG, type Log, Scheduled, Slot } from '@switchboard/service-kit';
import { BackupService } from './backup.service';

const BackUpStatisticsNightly = defineJob('back-up-statistics', Slot);
const ForgetOldBackups = defineJob('forget-old-backups', Slot);

@Injectable()
export class BackupJobs {
  constructor(
    private readonly backups: BackupService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Scheduled('48 1 * * *', BackUpStatisticsNightly, {
    purpose: 'Writes a backup of the statistics to storage.',
    timeoutMs: 60 * 60_000,
  })
  async backUp(): Promise<void> {
    const { id, rows, bytes } = await this.backups.create();
    this.log.info({ id, rows, bytes }, 'the statistics were backed up');
  }

  // By itself: were it a part of the other, a failure here would have the backup taken again.
  @Scheduled('33 5 * * *', ForgetOldBackups, {
    purpose:
      'Deletes backups of the statistics that are 35 days old, and what is left of those that were never finished.',
    timeoutMs: 30 * 60_000,
  })
  forgetOld(): Promise<void> {
    return this.backups.forgetOld();
  }
}
