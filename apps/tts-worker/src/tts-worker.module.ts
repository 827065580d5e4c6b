import { Module } from '@nestjs/common';
import { ErasureModule } from './erasure/erasure.module';
import { ModelsModule } from './models/models.module';
import { RetentionModule } from './retention/retention.module';
import { SpeechModule } from './speech/speech.module';
import { TranscriptionsModule } from './transcriptions/transcriptions.module';

@Module({ imports: [SpeechModule, TranscriptionsModule, ModelsModule, RetentionModule, ErasureModule] })
export class TtsWorkerModule {}
