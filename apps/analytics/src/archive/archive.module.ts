import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { ArchiveController } from './archive.controller';
import { ArchiveJobs } from './archive.jobs';
import { ArchiveService } from './archive.service';

@Module({
  imports: [EventsModule],
  controllers: [ArchiveController],
  providers: [ArchiveService, ArchiveJobs],
  exports: [ArchiveService],
})
export class ArchiveModule {}
