import { z } from 'zod';
import { joinOggOpus, oggDurationMs } from '../audio/ogg-opus';
import { NotOggOpus } from '../audio/ogg-pages';
import { BadAnswer, NothingToSay } from './engine-errors';
import { OpenAiAccess, OpenAiClient } from './openai.client';
import { piecesOf } from './sentences';
import type { SpeechEngine, SynthesisRequest, SynthesizedAudio } from './speech-engine';
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

/** Synthesizes through `POST /audio/speech` of an OpenAI-compatible server. */
export class OpenAiEngine implements SpeechEngine {
  readonly name = 'openai';
  private readonly client: OpenAiClient;

  constructor(private readonly config: OpenAiSpeechConfig) {
    this.client = new OpenAiClient(this.name, config);
  }

  /** A text longer than one request may hold is synthesized piece by piece and joined into one file. */
  async synthesize(request: SynthesisRequest, signal: AbortSignal): Promise<SynthesizedAudio> {
    const { text, locale } = request;
    const pieces = piecesOf(text, languageOf(text, locale), MAX_INPUT).filter((piece) => WORDS.test(piece));
    if (pieces.length === 0) throw new NothingToSay();
    const files: Buffer[] = [];
    // One after another: servers limit how many requests a key may have under way.
    for (const piece of pieces) files.push(await this.synthesizePiece(piece, request, signal));
    const ogg = files.length === 1 ? files[0]! : joinOggOpus(files);
    return { ogg, durationMs: oggDurationMs(ogg) };
  }

  private synthesizePiece(input: string, { voice, speed }: SynthesisRequest, signal: AbortSignal): Promise<Buffer> {
    return this.client.call(signal, async (openai, callSignal) => {
      const answer = await openai.audio.speech.create(
        {
          model: this.config.model,
          voice: voice ?? this.config.voice,
          input,
          response_format: 'opus',
          ...(speed !== undefined && { speed }),
        },
        { signal: callSignal },
      );
      return assertOggOpus(Buffer.from(await answer.arrayBuffer()), answer.headers.get('content-type'));
    });
  }
}

/** Compatible servers that do not know `response_format` send MP3 or WAV, which a messenger shows as a file. */
function assertOggOpus(audio: Buffer, contentType: string | null): Buffer {
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
