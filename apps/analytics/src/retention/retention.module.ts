import { Module } from '@nestjs/common';
import { ArchiveModule } from '../archive/archive.module';
import { EventsModule } from '../events/events.module';
import { RollupsModule } from '../rollups/rollups.module';
import { Kept } from './kept';
import { RetentionJobs } from './retention.jobs';

@Module({ imports: [ArchiveModule, EventsModule, RollupsModule], providers: [Kept, RetentionJobs], exports: [Kept] })
export class RetentionModule {}
