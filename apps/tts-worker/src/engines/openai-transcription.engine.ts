import { toFile } from 'openai';
import { z } from 'zod';
import { BadAnswer, RecordingTooLarge } from './engine-errors';
import { OpenAiAccess, OpenAiConnection } from './openai.connection';
import type { Recording, Transcript, TranscriptionEngine } from './transcription-engine';

export const OpenAiTranscriptionConfig = OpenAiAccess.extend({
  model: z.string().min(1).default('gpt-4o-mini-transcribe'),
});
export type OpenAiTranscriptionConfig = z.infer<typeof OpenAiTranscriptionConfig>;

/** The API's own limit on `file`. */
const MAX_BYTES = 25 * 1024 * 1024;

// Only the Whisper family gives `verbose_json`, which alone tells the language and the length.
const WHISPER = /whisper/i;
// Whisper names languages in English words; servers built on other runtimes give codes.
const LANGUAGES: Record<string, string> = { russian: 'ru', english: 'en' };

const Heard = z.object({
  text: z.string(),
  language: z.string().optional(),
  duration: z.coerce.number().nonnegative().optional(),
  usage: z.object({ type: z.string(), seconds: z.number().nonnegative().optional() }).optional(),
});

/** Listens through `POST /audio/transcriptions` of an OpenAI-compatible server. */
export class OpenAiTranscriptionEngine implements TranscriptionEngine {
  readonly name = 'openai';
  private readonly connection: OpenAiConnection;

  constructor(private readonly config: OpenAiTranscriptionConfig) {
    this.connection = new OpenAiConnection(this.name, config);
  }

  async transcribe({ audio, format, locale }: Recording, signal: AbortSignal): Promise<Transcript> {
    if (audio.length > MAX_BYTES) throw new RecordingTooLarge(audio.length, MAX_BYTES);
    const { model } = this.config;
    const answer: unknown = await this.connection.call(signal, async (client, callSignal) =>
      client.audio.transcriptions.create(
        {
          // The format is told from the name alone; Telegram's own ".oga" is refused.
          file: await toFile(audio, `recording.${format}`, { type: `audio/${format}` }),
          model,
          response_format: WHISPER.test(model) ? 'verbose_json' : 'json',
          // ISO 639-1: a region would be refused.
          ...(locale && { language: locale.split('-')[0]! }),
        },
        { signal: callSignal },
      ),
    );
    return transcriptOf(answer);
  }
}

function transcriptOf(answer: unknown): Transcript {
  const heard = Heard.safeParse(answer);
  if (!heard.success)
    throw new BadAnswer(`openai sent something else than a transcript: ${z.prettifyError(heard.error)}`);
  const { text, language, duration, usage } = heard.data;
  const seconds = duration ?? usage?.seconds;
  return {
    text: text.trim(),
    ...(language && { language: LANGUAGES[language.toLowerCase()] ?? language.toLowerCase() }),
    ...(seconds !== undefined && { durationMs: Math.round(seconds * 1000) }),
  };
}
