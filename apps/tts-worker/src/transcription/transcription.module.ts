import { Module } from '@nestjs/common';
import { Listener } from './listener';
import { Recordings } from './recordings';
import { TranscribeJob } from './transcribe.job';
import { TranscriptionHandlers } from './transcription.handlers';
import { TranscriptionService } from './transcription.service';

@Module({
  controllers: [TranscriptionHandlers],
  providers: [TranscriptionService, TranscribeJob, Recordings, Listener],
  exports: [TranscriptionService],
})
export class TranscriptionModule {}
