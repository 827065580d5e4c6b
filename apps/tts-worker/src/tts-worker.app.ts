import { defineApp } from '@switchboard/service-kit';
import { CreateSpeech1764100000000 } from '../migrations/1764100000000-create-speech';
import { CreateAccounting1764100100000 } from '../migrations/1764100100000-create-accounting';
import { Reservation } from './accounting/reservation.entity';
import { SpeechPrice } from './accounting/speech-price.entity';
import { AudioAsset } from './speech/audio-asset.entity';
import { SpeechRequest } from './speech/speech-request.entity';
import { Transcription } from './transcriptions/transcription.entity';
import { ttsWorkerConfig } from './tts-worker.config';
import { ttsWorkerDataMap } from './tts-worker.data-map';
import { TtsWorkerModule } from './tts-worker.module';

export const ttsWorkerApp = defineApp({
  name: 'tts-worker',
  module: TtsWorkerModule,
  config: ttsWorkerConfig,
  entities: [SpeechRequest, AudioAsset, Transcription, SpeechPrice, Reservation],
  migrations: [CreateSpeech1764100000000, CreateAccounting1764100100000],
  dataMap: ttsWorkerDataMap,
  port: 4103,
});
