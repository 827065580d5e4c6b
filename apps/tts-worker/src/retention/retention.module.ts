import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { SpeechModule } from '../speech/speech.module';
import { TranscriptionsModule } from '../transcriptions/transcriptions.module';
import { RetentionJob } from './retention.job';

@Module({ imports: [AccountingModule, SpeechModule, TranscriptionsModule], providers: [RetentionJob] })
export class RetentionModule {}
