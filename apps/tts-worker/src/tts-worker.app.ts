import { defineApp } from '@switchboard/service-kit';
import { CreateSpeech1764100000000 } from '../migrations/1764100000000-create-speech';
import { AudioAsset } from './speech/audio-asset.entity';
import { SpeechRequest } from './speech/speech-request.entity';
import { Transcription } from './transcription/transcription.entity';
import { ttsWorkerConfig } from './tts-worker.config';
import { ttsWorkerDataMap } from './tts-worker.data-map';
import { TtsWorkerModule } from './tts-worker.module';

export const ttsWorkerApp = defineApp({
  name: 'tts-worker',
  module: TtsWorkerModule,
  config: ttsWorkerConfig,
  entities: [SpeechRequest, AudioAsset, Transcription],
  migrations: [CreateSpeech1764100000000],
  dataMap: ttsWorkerDataMap,
  port: 4103,
});
