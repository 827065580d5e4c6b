import { Module } from '@nestjs/common';
import { RetentionModule } from './retention/retention.module';
import { SpeechModule } from './speech/speech.module';
import { TranscriptionModule } from './transcription/transcription.module';

@Module({ imports: [SpeechModule, TranscriptionModule, RetentionModule] })
export class TtsWorkerModule {}
