import { Module } from '@nestjs/common';
import { RetentionJobs } from './retention.jobs';

@Module({ providers: [RetentionJobs] })
export class RetentionModule {}
