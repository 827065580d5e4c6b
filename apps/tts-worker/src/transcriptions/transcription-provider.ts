import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ThirdParty } from '@switchboard/service-kit';
import { toFile } from 'openai';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { CallMeter } from '../engines/call-meter';
import { BadAnswer, RecordingTooLarge } from '../engines/engine-errors';
import { configuredServer, OpenAiClient } from '../engines/openai.client';
import { isOutage } from '../retry-policy';
import type { TtsWorkerConfig } from '../tts-worker.config';

export interface Recording {
  audio: Buffer;
  /** What the bytes are, as a file extension: servers tell the format by it. */
  format: 'ogg' | 'mp3' | 'm4a' | 'mp4' | 'wav' | 'webm' | 'flac';
  durationMs: number;
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
  readonly name = 'openai';
  private readonly server:
    { readonly client: OpenAiClient; readonly guard: ThirdParty; readonly model: string } | undefined;

  constructor(@Inject(CONFIG) config: TtsWorkerConfig, registry: Registry) {
    const { TTS_WORKER_TRANSCRIPTION_MODEL: model } = config;
    const server = configuredServer(config);
    if (!server || model === OFF) return;
    const deadlineMs = config.TTS_WORKER_TRANSCRIPTION_DEADLINE_SECONDS * 1000;
    this.server = {
      client: new OpenAiClient(this.name, server, deadlineMs),
      guard: new ThirdParty({ name: this.name, registry, timeoutMs: deadlineMs, isOutage }),
      model,
    };
  }

  /** False when voice messages are not transcribed here. */
  get isConfigured(): boolean {
    return this.server !== undefined;
  }

  get model(): string | undefined {
    return this.server?.model;
  }

  /**
   * @throws RecordingTooLarge, EngineUnavailable, EngineTimedOut, EngineRefused, BadAnswer (engine-errors.ts),
   *   ThirdPartyTimeout, ThirdPartyUnavailable, or the signal's reason when it is aborted.
   */
  async transcribe(
    { audio, format, durationMs }: Recording,
    signal: AbortSignal,
    meter: CallMeter,
  ): Promise<Transcript> {
    if (!this.server) throw new Error('no transcription server is configured');
    if (audio.length > MAX_RECORDING_BYTES) throw new RecordingTooLarge(audio.length, MAX_RECORDING_BYTES);
    const { client, guard, model } = this.server;
    // The format is told from the name alone; Telegram's own ".oga" is refused.
    const file = await toFile(audio, `recording.${format}`, { type: `audio/${format}` });
    const params = {
      file,
      model,
      response_format: WHISPER.test(model) ? ('verbose_json' as const) : ('json' as const),
      // No language: that of a person's app would be forced on whatever they speak.
    };
    const request = (within: AbortSignal) =>
      client.call(within, (openai, callSignal) => openai.audio.transcriptions.create(params, { signal: callSignal }));
    const amount = { characters: 0, audioMs: durationMs };
    const counted = (within: AbortSignal) => meter.count(amount, () => request(within));
    const answer: unknown = await guard.call('transcription', counted, { signal });
    const transcript = parseTranscript(answer);
    if (transcript.durationMs !== undefined) meter.measured(transcript.durationMs);
    return transcript;
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
