import { Module } from '@nestjs/common';
import { ExperimentsModule } from '../experiments/experiments.module';
import { RollupsModule } from '../rollups/rollups.module';
import { BackupController } from './backup.controller';
import { BackupJobs } from './backup.jobs';
import { BackupService } from './backup.service';

@Module({
  imports: [ExperimentsModule, RollupsModule],
  controllers: [BackupController],
  providers: [BackupService, BackupJobs],
  exports: [BackupService],
})
export class BackupModule {}
