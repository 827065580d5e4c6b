import { Module } from '@nestjs/common';
import { SpeechModule } from '../speech/speech.module';
import { TranscriptionModule } from '../transcription/transcription.module';
import { RetentionJobs } from './retention.jobs';

@Module({ imports: [SpeechModule, TranscriptionModule], providers: [RetentionJobs] })
export class RetentionModule {}
