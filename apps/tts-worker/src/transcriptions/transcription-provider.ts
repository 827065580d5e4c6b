import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ThirdParty } from '@switchboard/service-kit';
import { toFile } from 'openai';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { BadAnswer, RecordingTooLarge } from '../engines/engine-errors';
import { OpenAiClient } from '../engines/openai.client';
import { isOutage } from '../retry-policy';
import type { TtsWorkerConfig } from '../tts-worker.config';

export interface Recording {
  audio: Buffer;
  /** What the bytes are, as a file extension: servers tell the format by it. */
  format: 'ogg' | 'mp3' | 'm4a' | 'mp4' | 'wav' | 'webm' | 'flac';
  /** The language the person is thought to speak; a hint. */
  locale?: string;
}

export interface Transcript {
  /** Empty when there were no words. */
  text: string;
  /** `ru`, `en`, or another language as the server named it. */
  language?: string;
  durationMs?: number;
}

/** The API's own limit on `file`; Telegram gives bots no more than 20 MB anyway. */
export const MAX_RECORDING_BYTES = 25 * 1024 * 1024;

const OFF = 'off';
// Only the Whisper family gives `verbose_json`, which alone tells the language and the length.
const WHISPER = /whisper/i;
// Whisper names languages in English words; servers built on other runtimes give codes.
const LANGUAGES: Record<string, string> = { russian: 'ru', english: 'en' };

const Answer = z.object({
  text: z.string(),
  language: z.string().optional(),
  duration: z.coerce.number().nonnegative().optional(),
  usage: z.object({ type: z.string(), seconds: z.number().nonnegative().optional() }).optional(),
});

/** Turns speech into text through `POST /audio/transcriptions` of an OpenAI-compatible server. */
@Injectable()
export class TranscriptionProvider {
  private readonly server:
    { readonly client: OpenAiClient; readonly guard: ThirdParty; readonly model: string } | undefined;

  constructor(@Inject(CONFIG) config: TtsWorkerConfig, registry: Registry) {
    const { TTS_WORKER_TRANSCRIPTION_MODEL: model, TTS_WORKER_BASE_URL: baseUrl } = config;
    const apiKey = config.TTS_WORKER_API_KEY ?? config.OPENAI_API_KEY;
    if (!apiKey || model === OFF) return;
    const deadlineMs = config.TTS_WORKER_TRANSCRIPTION_DEADLINE_SECONDS * 1000;
    this.server = {
      client: new OpenAiClient('openai', { baseUrl, apiKey, deadlineMs }),
      guard: new ThirdParty({ name: 'openai', registry, timeoutMs: deadlineMs, isOutage }),
      model,
    };
  }

  /** False when voice messages are not transcribed here. */
  get isConfigured(): boolean {
    return this.server !== undefined;
  }

  /**
   * @throws RecordingTooLarge, EngineUnavailable, EngineTimedOut, EngineRefused, BadAnswer (engine-errors.ts),
   *   ThirdPartyTimeout, ThirdPartyUnavailable, or the signal's reason when it is aborted.
   */
  async transcribe({ audio, format, locale }: Recording, signal: AbortSignal): Promise<Transcript> {
    if (!this.server) throw new Error('no transcription server is configured');
    if (audio.length > MAX_RECORDING_BYTES) throw new RecordingTooLarge(audio.length, MAX_RECORDING_BYTES);
    const { client, guard, model } = this.server;
    // The format is told from the name alone; Telegram's own ".oga" is refused.
    const file = await toFile(audio, `recording.${format}`, { type: `audio/${format}` });
    const answer: unknown = await guard.call(
      'transcription',
      (within) =>
        client.call(within, (openai, callSignal) =>
          openai.audio.transcriptions.create(
            {
              file,
              model,
              response_format: WHISPER.test(model) ? 'verbose_json' : 'json',
              // ISO 639-1: a region would be refused.
              ...(locale && { language: locale.split('-')[0]! }),
            },
            { signal: callSignal },
          ),
        ),
      { signal },
    );
    return parseTranscript(answer);
  }
}

function parseTranscript(answer: unknown): Transcript {
  const parsed = Answer.safeParse(answer);
  if (!parsed.success)
    throw new BadAnswer(`openai sent something else than a transcript: ${z.prettifyError(parsed.error)}`);
  const { text, language, duration, usage } = parsed.data;
  const seconds = duration ?? usage?.seconds;
  return {
    text: text.trim(),
    ...(language && { language: LANGUAGES[language.toLowerCase()] ?? language.toLowerCase() }),
    ...(seconds !== undefined && { durationMs: Math.round(seconds * 1000) }),
  };
}
