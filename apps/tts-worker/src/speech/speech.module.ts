import { Module } from '@nestjs/common';
import { AccountingModule } from '../accounting/accounting.module';
import { AudioLibrary } from './audio-library';
import { AudioController } from './audio.controller';
import { SpeechEngines } from './speech-engines';
import { SpeechHandlers } from './speech.handlers';
import { SpeechJobs } from './speech.jobs';
import { SpeechMetrics } from './speech.metrics';
import { SpeechService } from './speech.service';

@Module({
  imports: [AccountingModule],
  controllers: [SpeechHandlers, AudioController],
  providers: [SpeechService, SpeechJobs, SpeechEngines, AudioLibrary, SpeechMetrics],
  exports: [SpeechService, SpeechEngines, AudioLibrary],
})
export class SpeechModule {}
