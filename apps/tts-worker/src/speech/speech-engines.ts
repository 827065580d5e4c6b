import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, ConfigError, ResiliencePolicy } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { ESPEAK_VOICES, EspeakEngine } from '../engines/espeak.engine';
import { configuredServer } from '../engines/openai.client';
import { OpenAiEngine, type OpenAiSpeechConfig, requestsFor } from '../engines/openai.engine';
import type { SpeechEngine } from '../engines/speech-engine';
import { isOutage } from '../retry-policy';
import type { TtsWorkerConfig } from '../tts-worker.config';

/** A speech engine as this installation has configured it. */
export interface ConfiguredEngine {
  readonly engine: SpeechEngine;
  /** The engine and its model: audio of one is not taken for audio of another. */
  readonly id: string;
  /** Absent for our own engine. */
  readonly model?: string;
  /** All the voices it has; absent when only the engine knows. */
  readonly voices?: readonly string[];
}

// A breaker that opens after a few failures lets the other engine take over at once instead of after the last try.
const BREAK_AFTER = 5;
const HALF_OPEN_AFTER_MS = 30_000;

/** The speech engines of this installation, by configuration. */
@Injectable()
export class SpeechEngines implements OnModuleDestroy {
  readonly primary: ConfiguredEngine;
  /** Used when the primary one fails. */
  readonly fallback: ConfiguredEngine | undefined;
  private readonly espeak: EspeakEngine;

  constructor(@Inject(CONFIG) config: TtsWorkerConfig, registry: Registry) {
    const { TTS_WORKER_SPEECH_ENGINE: wanted, TTS_WORKER_SPEECH_MODEL: model, TTS_WORKER_VOICE: voice } = config;
    const server = configuredServer(config);
    const deadlineMs = config.TTS_WORKER_SPEECH_DEADLINE_SECONDS * 1000;
    this.espeak = new EspeakEngine({ deadlineMs });
    const offline: ConfiguredEngine = { engine: this.espeak, id: 'espeak', voices: ESPEAK_VOICES };
    if (wanted === 'espeak' || (wanted === 'auto' && !(server && model))) {
      if (voice && !offline.voices?.includes(voice)) {
        throw new ConfigError(`TTS_WORKER_VOICE: espeak has only ${offline.voices?.join(', ')}`);
      }
      this.primary = offline;
    } else {
      if (!server)
        throw new ConfigError('TTS_WORKER_SPEECH_ENGINE=openai needs TTS_WORKER_API_KEY or TTS_WORKER_BASE_URL');
      if (!model) throw new ConfigError('TTS_WORKER_SPEECH_ENGINE=openai needs TTS_WORKER_SPEECH_MODEL');
      this.primary = openAiEngine({ ...server, model, deadlineMs }, registry);
      if (wanted === 'auto') this.fallback = offline;
    }
  }

  onModuleDestroy(): Promise<void> {
    return this.espeak.close();
  }
}

function openAiEngine(config: OpenAiSpeechConfig, registry: Registry): ConfiguredEngine {
  const engine = new OpenAiEngine(config);
  const server = new ResiliencePolicy({
    name: 'openai',
    registry,
    timeoutMs: config.deadlineMs,
    breakAfter: BREAK_AFTER,
    halfOpenAfterMs: HALF_OPEN_AFTER_MS,
    isOutage,
  });
  return {
    id: `${engine.name}:${config.model}`,
    model: config.model,
    engine: {
      name: engine.name,
      charactersLeft: (request) => engine.charactersLeft(request),
      synthesize: (request, signal, meter) => {
        const timeoutMs = config.deadlineMs * requestsFor(request.text);
        return server.call('speech', (within) => engine.synthesize(request, within, meter), { signal, timeoutMs });
      },
    },
  };
}
