import { Module } from '@nestjs/common';
import { SpeechModule } from '../speech/speech.module';
import { TranscriptionsModule } from '../transcriptions/transcriptions.module';
import { ModelsJobs } from './models.jobs';

@Module({ imports: [SpeechModule, TranscriptionsModule], providers: [ModelsJobs] })
export class ModelsModule {}
