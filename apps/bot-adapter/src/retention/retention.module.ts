import { Module } from '@nestjs/common';
import { MediaModule } from '../media/media.module';
import { PreviewsModule } from '../previews/previews.module';
import { RetentionJobs } from './retention.jobs';

@Module({ imports: [MediaModule, PreviewsModule], providers: [RetentionJobs] })
export class RetentionModule {}
