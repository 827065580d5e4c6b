import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ThirdParty } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { OpenAiTranscriptionConfig, OpenAiTranscriptionEngine } from '../engines/openai-transcription.engine';
import type { TranscriptionEngine } from '../engines/transcription-engine';
import { isOutage } from '../tries';
import type { TtsWorkerConfig } from '../tts-worker.config';

const OFF = 'off';

/** Who listens to voice messages here, by configuration. */
@Injectable()
export class Listener {
  /** Undefined when nobody does. */
  readonly engine: TranscriptionEngine | undefined;

  constructor(@Inject(CONFIG) config: TtsWorkerConfig, registry: Registry) {
    const { TTS_WORKER_TRANSCRIPTION_MODEL: model } = config;
    const apiKey = config.TTS_WORKER_API_KEY ?? config.OPENAI_API_KEY;
    if (!apiKey || model === OFF) return;
    const deadlineMs = config.TTS_WORKER_TRANSCRIPTION_DEADLINE_SECONDS * 1000;
    const engine = new OpenAiTranscriptionEngine(
      OpenAiTranscriptionConfig.parse({ baseUrl: config.TTS_WORKER_BASE_URL, apiKey, model, deadlineMs }),
    );
    const server = new ThirdParty({ name: 'openai', registry, timeoutMs: deadlineMs, isOutage });
    this.engine = {
      name: engine.name,
      transcribe: (recording, signal) =>
        server.call('transcription', (within) => engine.transcribe(recording, within), { signal }),
    };
  }
}
