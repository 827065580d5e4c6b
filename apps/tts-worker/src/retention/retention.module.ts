import { Module } from '@nestjs/common';
import { SpeechModule } from '../speech/speech.module';
import { TranscriptionsModule } from '../transcriptions/transcriptions.module';
import { RetentionJob } from './retention.job';

@Module({ imports: [SpeechModule, TranscriptionsModule], providers: [RetentionJob] })
export class RetentionModule {}
