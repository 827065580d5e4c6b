import { Module } from '@nestjs/common';
import { Recordings } from './recordings';
import { TranscriptionProvider } from './transcription-provider';
import { TranscriptionsHandlers } from './transcriptions.handlers';
import { TranscriptionsJobs } from './transcriptions.jobs';
import { TranscriptionsService } from './transcriptions.service';

@Module({
  controllers: [TranscriptionsHandlers],
  providers: [TranscriptionsService, TranscriptionsJobs, Recordings, TranscriptionProvider],
  exports: [TranscriptionsService],
})
export class TranscriptionsModule {}
