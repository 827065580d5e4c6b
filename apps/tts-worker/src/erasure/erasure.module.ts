import { Module } from '@nestjs/common';
import { SpeechModule } from '../speech/speech.module';
import { ErasureHandlers } from './erasure.handlers';
import { ErasureJobs } from './erasure.jobs';

@Module({ imports: [SpeechModule], controllers: [ErasureHandlers], providers: [ErasureJobs] })
export class ErasureModule {}
