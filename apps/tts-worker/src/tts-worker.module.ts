import { Module } from '@nestjs/common';
import { RetentionModule } from './retention/retention.module';
import { SpeechModule } from './speech/speech.module';
import { TranscriptionsModule } from './transcriptions/transcriptions.module';

@Module({ imports: [SpeechModule, TranscriptionsModule, RetentionModule] })
export class TtsWorkerModule {}
