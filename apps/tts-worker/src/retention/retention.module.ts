import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { SpeechModule } from '../speech/speech.module';
import { TranscriptionsModule } from '../transcriptions/transcriptions.module';
import { RetentionJobs } from './retention.jobs';

@Module({ imports: [AccountingModule, SpeechModule, TranscriptionsModule], providers: [RetentionJobs] })
export class RetentionModule {}
