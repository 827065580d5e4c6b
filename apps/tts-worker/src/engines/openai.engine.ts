import { joinOggOpus, oggDurationMs } from '../audio/ogg-opus';
import { NotOggOpus } from '../audio/ogg-pages';
import type { CallMeter } from './call-meter';
import { BadAnswer, NothingToSay } from './engine-errors';
import { OpenAiClient, type OpenAiServer } from './openai.client';
import { piecesOf } from './sentences';
import { longestMs, type SpeechEngine, type SynthesisRequest, type SynthesizedAudio } from './speech-engine';
import { languageOf } from './text-language';

export interface OpenAiSpeechConfig extends OpenAiServer {
  readonly model: string;
  /** For each request, with all of its pieces. */
  readonly deadlineMs: number;
}

/** The API insists on a voice. */
const DEFAULT_VOICE = 'alloy';

/** The API's own limit on `input`, in characters. */
const MAX_INPUT = 4_096;
const WORDS = /[\p{L}\p{N}]/u;

/** Synthesizes through `POST /audio/speech` of an OpenAI-compatible server. */
export class OpenAiEngine implements SpeechEngine {
  readonly name = 'openai';
  private readonly client: OpenAiClient;

  constructor(private readonly config: OpenAiSpeechConfig) {
    this.client = new OpenAiClient(this.name, config, config.deadlineMs);
  }

  /** A text longer than one request may hold is synthesized piece by piece and joined into one file. */
  async synthesize(request: SynthesisRequest, signal: AbortSignal, meter: CallMeter): Promise<SynthesizedAudio> {
    const { text, locale } = request;
    const pieces = piecesOf(text, languageOf(text, locale), MAX_INPUT).filter((piece) => WORDS.test(piece));
    if (pieces.length === 0) throw new NothingToSay();
    const files: Buffer[] = [];
    // One after another: servers limit how many requests a key may have under way.
    for (const piece of pieces) {
      signal.throwIfAborted();
      const amount = { characters: piece.length, audioMs: longestMs(piece.length, request.speed) };
      files.push(await meter.count(amount, () => this.synthesizePiece(piece, request, signal)));
    }
    const ogg = files.length === 1 ? files[0]! : joinOggOpus(files);
    const durationMs = oggDurationMs(ogg);
    meter.measured(durationMs);
    return { ogg, durationMs };
  }

  private synthesizePiece(input: string, { voice, speed }: SynthesisRequest, signal: AbortSignal): Promise<Buffer> {
    return this.client.call(signal, async (openai, callSignal) => {
      const answer = await openai.audio.speech.create(
        {
          model: this.config.model,
          voice: voice ?? DEFAULT_VOICE,
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
