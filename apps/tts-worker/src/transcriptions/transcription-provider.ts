import { Inject, Injectable } from '@nestjs/common';
import { livesInSandbox } from '@switchboard/contracts';
import { BotsRegistry, CONFIG, ResiliencePolicy } from '@switchboard/service-kit';
import { toFile } from 'openai';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { CallMeter } from '../engines/call-meter';
import { BadAnswer, RecordingTooLarge } from '../engines/engine-errors';
import { configuredServer, OpenAiClient, type OpenAiServer } from '../engines/openai.client';
import { isOutage } from '../retry-policy';
import type { TtsWorkerConfig } from '../tts-worker.config';

export interface Recording {
  audio: Buffer;
  /** What the bytes are, as a file extension: servers tell the format by it. */
  format: 'ogg' | 'mp3' | 'm4a' | 'mp4' | 'wav' | 'webm' | 'flac';
  /** The most it can be where it is not measured. */
  durationMs: number;
  isMeasured: boolean;
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

/** As long a recording has the configured deadline; a longer one has as many times that, up to ten. */
const MS_PER_DEADLINE = 10 * 60_000;
const MOST_DEADLINES = 10;

/** What a model that is billed by tokens takes sound for: ten tokens a second. */
const MS_PER_AUDIO_TOKEN = 100;

const OFF = 'off';
// One that tells how long a recording is.
const SANDBOX_MODEL = 'whisper-1';
const SANDBOX_KEY = 'sk-sandbox';
// Only the Whisper family gives `verbose_json`, which alone tells the language and the length.
const WHISPER = /whisper/i;
// Whisper names languages in English words; servers built on other runtimes give codes.
const LANGUAGES: Record<string, string> = { russian: 'ru', english: 'en' };

const Answer = z.object({
  text: z.string(),
  language: z.string().optional(),
  duration: z.coerce.number().nonnegative().optional(),
  usage: z
    .object({
      type: z.string(),
      seconds: z.number().nonnegative().optional(),
      input_token_details: z.object({ audio_tokens: z.number().nonnegative().optional() }).optional(),
    })
    .optional(),
});

interface Server {
  readonly client: OpenAiClient;
  readonly guard: ResiliencePolicy;
  readonly deadlineMs: number;
  readonly model: string;
  readonly pricedAs: string | undefined;
}

/** Turns speech into text through `POST /audio/transcriptions` of an OpenAI-compatible server. */
@Injectable()
export class TranscriptionProvider {
  readonly name = 'openai';
  private readonly server: Server | undefined;
  /** Pretends to hear; only for bots that live in the sandbox as well. */
  private readonly sandbox: Server | undefined;

  constructor(
    @Inject(CONFIG) config: TtsWorkerConfig,
    registry: Registry,
    private readonly bots: BotsRegistry,
  ) {
    const { TTS_WORKER_TRANSCRIPTION_MODEL: model, TTS_WORKER_SANDBOX_BASE_URL: sandboxUrl } = config;
    const server = configuredServer(config);
    if (model === OFF || !(server ?? sandboxUrl)) return;
    const timeoutMs = config.TTS_WORKER_TRANSCRIPTION_DEADLINE_SECONDS * 1000;
    const guard = new ResiliencePolicy({ name: this.name, registry, timeoutMs, isOutage });
    const serve = (one: OpenAiServer, own: Pick<Server, 'model' | 'pricedAs'>): Server => ({
      client: new OpenAiClient(this.name, one, timeoutMs),
      guard,
      deadlineMs: timeoutMs,
      ...own,
    });
    if (server) this.server = serve(server, { model, pricedAs: model });
    else if (sandboxUrl) {
      this.sandbox = serve({ baseUrl: sandboxUrl, apiKey: SANDBOX_KEY }, { model: SANDBOX_MODEL, pricedAs: undefined });
    }
  }

  /** False when voice messages to this bot are not transcribed. */
  isConfiguredFor(botId: string): boolean {
    return this.serverFor(botId) !== undefined;
  }

  /** Of the real server. */
  get model(): string | undefined {
    return this.server?.model;
  }

  /** The model whose price is paid; none for the sandbox, which costs nothing. */
  pricedModelFor(botId: string): string | undefined {
    return this.serverFor(botId)?.pricedAs;
  }

  /**
   * @throws RecordingTooLarge, EngineUnavailable, EngineTimedOut, EngineRefused, BadAnswer (engine-errors.ts),
   *   UpstreamTimeout, UpstreamUnavailable, or the signal's reason when it is aborted.
   */
  async transcribe(
    botId: string,
    { audio, format, durationMs, isMeasured }: Recording,
    signal: AbortSignal,
    meter: CallMeter,
  ): Promise<Transcript> {
    const server = this.serverFor(botId);
    if (!server) throw new Error('no transcription server is configured');
    if (audio.length > MAX_RECORDING_BYTES) throw new RecordingTooLarge(`${audio.length} bytes`);
    const { client, guard, model } = server;
    const timeoutMs = server.deadlineMs * Math.min(MOST_DEADLINES, Math.ceil(durationMs / MS_PER_DEADLINE));
    // The format is told from the name alone; Telegram's own ".oga" is refused.
    const file = await toFile(audio, `recording.${format}`, { type: `audio/${format}` });
    const params = {
      file,
      model,
      response_format: WHISPER.test(model) ? ('verbose_json' as const) : ('json' as const),
      // No language: that of a person's app would be forced on whatever they speak.
    };
    const request = (within: AbortSignal) =>
      client.call(
        within,
        (openai, callSignal) => openai.audio.transcriptions.create(params, { signal: callSignal }),
        timeoutMs,
      );
    const amount = { characters: 0, audioMs: durationMs };
    const counted = (within: AbortSignal) => meter.count(amount, () => request(within));
    const answer: unknown = await guard.call('transcription', counted, { signal, timeoutMs });
    const { audioTokens, ...transcript } = parseTranscript(answer);
    const billedMs =
      transcript.durationMs ?? (isMeasured ? undefined : audioTokens && audioTokens * MS_PER_AUDIO_TOKEN);
    // No recording is free, whatever the server says of it.
    if (billedMs !== undefined) meter.measured(Math.max(1, billedMs));
    return transcript;
  }

  private serverFor(botId: string): Server | undefined {
    const bot = this.bots.find(botId);
    return this.server ?? (bot && livesInSandbox(bot) ? this.sandbox : undefined);
  }
}

function parseTranscript(answer: unknown): Transcript & { audioTokens: number | undefined } {
  const parsed = Answer.safeParse(answer);
  if (!parsed.success)
    throw new BadAnswer(`openai sent something else than a transcript: ${z.prettifyError(parsed.error)}`);
  const { text, language, duration, usage } = parsed.data;
  const seconds = duration ?? usage?.seconds;
  return {
    text: text.trim(),
    audioTokens: usage?.input_token_details?.audio_tokens,
    ...(language && { language: LANGUAGES[language.toLowerCase()] ?? language.toLowerCase() }),
    ...(seconds !== undefined && { durationMs: Math.round(seconds * 1000) }),
  };
}
