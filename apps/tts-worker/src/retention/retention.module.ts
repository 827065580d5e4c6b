import { Module } from '@nestjs/common';
import { SpeechModule } from '../speech/speech.module';
import { TranscriptionModule } from '../transcription/transcription.module';
import { RetentionJob } from './retention.job';

@Module({ imports: [SpeechModule, TranscriptionModule], providers: [RetentionJob] })
export class RetentionModule {}
