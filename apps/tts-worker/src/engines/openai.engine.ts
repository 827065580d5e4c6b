import { z } from 'zod';
import { oggDurationMs } from '../audio/ogg-duration';
import { joinOggOpus } from '../audio/ogg-opus';
import { NotOggOpus } from '../audio/ogg-pages';
import { BadAnswer, NothingToSay } from './engine-errors';
import { OpenAiAccess, OpenAiConnection } from './openai.connection';
import { piecesOf } from './sentences';
import type { SpeechEngine, SpeechRequest, SpokenAudio } from './speech-engine';
import { languageOf } from './text-language';

export const OpenAiSpeechConfig = OpenAiAccess.extend({
  model: z.string().min(1).default('gpt-4o-mini-tts'),
  /** Spoken with when a request names no voice. */
  voice: z.string().min(1).default('alloy'),
});
export type OpenAiSpeechConfig = z.infer<typeof OpenAiSpeechConfig>;

/** The API's own limit on `input`, in characters. */
const MAX_INPUT = 4_096;
const WORDS = /[\p{L}\p{N}]/u;

/** Speaks through `POST /audio/speech` of an OpenAI-compatible server. */
export class OpenAiEngine implements SpeechEngine {
  readonly name = 'openai';
  private readonly connection: OpenAiConnection;

  constructor(private readonly config: OpenAiSpeechConfig) {
    this.connection = new OpenAiConnection(this.name, config);
  }

  /** A text longer than one request may hold is spoken piece by piece and joined into one file. */
  async speak(request: SpeechRequest, signal: AbortSignal): Promise<SpokenAudio> {
    const { text, locale } = request;
    const pieces = piecesOf(text, languageOf(text, locale), MAX_INPUT).filter((piece) => WORDS.test(piece));
    if (pieces.length === 0) throw new NothingToSay();
    const files: Buffer[] = [];
    // One after another: servers limit how many requests a key may have under way.
    for (const piece of pieces) files.push(await this.speakPiece(piece, request, signal));
    const ogg = files.length === 1 ? files[0]! : joinOggOpus(files);
    return { ogg, durationMs: oggDurationMs(ogg) };
  }

  private speakPiece(input: string, { voice, speed }: SpeechRequest, signal: AbortSignal): Promise<Buffer> {
    return this.connection.call(signal, async (client, callSignal) => {
      const answer = await client.audio.speech.create(
        {
          model: this.config.model,
          voice: voice ?? this.config.voice,
          input,
          response_format: 'opus',
          ...(speed !== undefined && { speed }),
        },
        { signal: callSignal },
      );
      return checked(Buffer.from(await answer.arrayBuffer()), answer.headers.get('content-type'));
    });
  }
}

/** Compatible servers that do not know `response_format` send MP3 or WAV, which a messenger shows as a file. */
function checked(audio: Buffer, contentType: string | null): Buffer {
  try {
    oggDurationMs(audio);
    return audio;
  } catch (error) {
    if (!(error instanceof NotOggOpus)) throw error;
    throw new BadAnswer(
      `openai was asked for Ogg/Opus and sent ${audio.length} bytes of ${contentType ?? 'an unnamed type'}: ${error.message}`,
      { cause: error },
    );
  }
}
