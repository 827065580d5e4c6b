import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { RollupsModule } from '../rollups/rollups.module';
import { Kept } from './kept';
import { RetentionJobs } from './retention.jobs';

@Module({ imports: [EventsModule, RollupsModule], providers: [Kept, RetentionJobs], exports: [Kept] })
export class RetentionModule {}
