import { Module } from '@nestjs/common';
import { RollupsModule } from '../rollups/rollups.module';
import { BackupController } from './backup.controller';
import { BackupJobs } from './backup.jobs';
import { BackupService } from './backup.service';

@Module({
  imports: [RollupsModule],
  controllers: [BackupController],
  providers: [BackupService, BackupJobs],
  exports: [BackupService],
})
export class BackupModule {}
