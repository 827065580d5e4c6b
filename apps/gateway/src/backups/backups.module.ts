import { Module } from '@nestjs/common';
import { BackupStorage } from './backup-storage';
import { BackupTrialsService } from './backup-trials.service';
import { BackupsController } from './backups.controller';
import { BackupsJobs } from './backups.jobs';
import { BackupsMetrics } from './backups.metrics';
import { BackupsService } from './backups.service';

@Module({
  controllers: [BackupsController],
  providers: [BackupStorage, BackupsService, BackupTrialsService, BackupsJobs, BackupsMetrics],
})
export class BackupsModule {}
