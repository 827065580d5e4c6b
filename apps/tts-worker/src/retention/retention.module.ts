import { Module } from '@nestjs/common';
import { SpeechModule } from '../speech/speech.module';
import { TranscriptionsModule } from '../transcriptions/transcriptions.module';
import { RetentionJobs } from './retention.jobs';

@Module({ imports: [SpeechModule, TranscriptionsModule], providers: [RetentionJobs] })
export class RetentionModule {}
