import { Module } from '@nestjs/common';
import { PreviewsModule } from '../previews/previews.module';
import { RetentionJobs } from './retention.jobs';

@Module({ imports: [PreviewsModule], providers: [RetentionJobs] })
export class RetentionModule {}
