import { Inject, Injectable } from '@nestjs/common';
import { defineJob, LOG, type Log, Scheduled, Slot } from '@switchboard/service-kit';
import { BackupService } from './backup.service';

const BackUpStatisticsNightly = defineJob('back-up-statistics', Slot);

@Injectable()
export class BackupJobs {
  constructor(
    private readonly backups: BackupService,
    @Inject(LOG) private readonly log: Log,
  ) {}

  @Scheduled('48 1 * * *', BackUpStatisticsNightly, {
    purpose: 'Writes a backup of the statistics to storage and deletes those that are 35 days old.',
    timeoutMs: 60 * 60_000,
  })
  async backUp(): Promise<void> {
    const { id, rows, bytes } = await this.backups.create();
    this.log.info({ id, rows, bytes }, 'the statistics were backed up');
    await this.backups.forgetOld();
  }
}
