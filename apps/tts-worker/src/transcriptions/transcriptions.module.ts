import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { Recordings } from './recordings';
import { TranscriptionProvider } from './transcription-provider';
import { TranscriptionsHandlers } from './transcriptions.handlers';
import { TranscriptionsJobs } from './transcriptions.jobs';
import { TranscriptionsService } from './transcriptions.service';

@Module({
  imports: [AccountingModule],
  controllers: [TranscriptionsHandlers],
  providers: [TranscriptionsService, TranscriptionsJobs, Recordings, TranscriptionProvider],
  exports: [TranscriptionsService, TranscriptionProvider],
})
export class TranscriptionsModule {}
