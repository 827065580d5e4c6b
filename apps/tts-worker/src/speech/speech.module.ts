import { Module } from '@nestjs/common';
import { AudioLibrary } from './audio-library';
import { AudioController } from './audio.controller';
import { SpeakJob } from './speak.job';
import { Speakers } from './speakers';
import { SpeechHandlers } from './speech.handlers';
import { SpeechMetrics } from './speech.metrics';
import { SpeechService } from './speech.service';

@Module({
  controllers: [SpeechHandlers, AudioController],
  providers: [SpeechService, SpeakJob, Speakers, AudioLibrary, SpeechMetrics],
  exports: [SpeechService, AudioLibrary],
})
export class SpeechModule {}
