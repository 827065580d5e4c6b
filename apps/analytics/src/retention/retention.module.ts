import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module';
import { RollupsModule } from '../rollups/rollups.module';
import { RetentionJobs } from './retention.jobs';

@Module({ imports: [EventsModule, RollupsModule], providers: [RetentionJobs] })
export class RetentionModule {}
