import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import { joinOggOpus, oggDurationMs } from '../audio/ogg-opus';
import { NotOggOpus } from '../audio/ogg-pages';
import type { CallMeter } from './call-meter';
import { BadAnswer, NothingToSay } from './engine-errors';
import { OpenAiClient, type OpenAiServer } from './openai.client';
import { piecesOf, type SizeOf } from './sentences';
import { longestMs, type SpeechEngine, type SynthesisRequest, type SynthesizedAudio } from './speech-engine';
import { languageOf } from './text-language';

export interface OpenAiSpeechConfig extends OpenAiServer {
  readonly model: string;
  /** For each request of the API; a long text takes several. */
  readonly deadlineMs: number;
}

/** The API insists on a voice. */
const DEFAULT_VOICE = 'alloy';

/** The API's own limit on `input`, in characters. Newer models take no more than 2,000 tokens either. */
const MAX_INPUT = 4_096;
/** Small letters of these alphabets and spaces take less than half a token; whatever else there is takes up to one and a half. */
const CHEAP = /\s|(?=\p{Ll})[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/gu;
const sizeOf: SizeOf = (text) => 3 * text.length - 2 * (text.match(CHEAP)?.length ?? 0);
const WORDS = /[\p{L}\p{N}]/u;

/** Some hours of speech, kept for longer than all tries of a job take. */
const KEPT_BYTES = 64 * 1024 * 1024;
const KEPT_MS = 15 * 60_000;

/** How many requests of the API a text takes at most: of two pieces after each other one is at least half full. */
export const requestsFor = (text: string): number => Math.ceil((2 * sizeOf(text)) / MAX_INPUT);

/** Synthesizes through `POST /audio/speech` of an OpenAI-compatible server. */
export class OpenAiEngine implements SpeechEngine {
  readonly name = 'openai';
  private readonly client: OpenAiClient;
  /** Pieces of texts that are not finished: they are paid for, so the next try goes on where the last one broke off. */
  private readonly pieces = new LRUCache<string, Buffer>({
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ length }) => length,
    ttl: KEPT_MS,
  });

  constructor(private readonly config: OpenAiSpeechConfig) {
    this.client = new OpenAiClient(this.name, config, config.deadlineMs);
  }

  /** A text longer than one request may hold is synthesized piece by piece and joined into one file. */
  async synthesize(request: SynthesisRequest, signal: AbortSignal, meter: CallMeter): Promise<SynthesizedAudio> {
    const pieces = piecesToSpeak(request);
    if (pieces.length === 0) throw new NothingToSay();
    const files: Buffer[] = [];
    // One after another: servers limit how many requests a key may have under way.
    for (const [index, piece] of pieces.entries()) {
      signal.throwIfAborted();
      const key = keyOf(piece, index, request);
      const file = this.pieces.get(key) ?? (await this.synthesizePiece(piece, request, signal, meter));
      this.pieces.set(key, file);
      files.push(file);
    }
    for (const [index, piece] of pieces.entries()) this.pieces.delete(keyOf(piece, index, request));
    const ogg = files.length === 1 ? files[0]! : joinOggOpus(files);
    return { ogg, durationMs: oggDurationMs(ogg) };
  }

  charactersLeft(request: SynthesisRequest): number {
    const left = piecesToSpeak(request).filter((piece, index) => !this.pieces.has(keyOf(piece, index, request)));
    return left.reduce((sum, { length }) => sum + length, 0);
  }

  private async synthesizePiece(
    piece: string,
    request: SynthesisRequest,
    signal: AbortSignal,
    meter: CallMeter,
  ): Promise<Buffer> {
    const estimate = { characters: piece.length, audioMs: longestMs(piece.length, request.speed) };
    const file = await meter.count(estimate, () => this.ask(piece, request, signal));
    meter.add({ characters: 0, audioMs: oggDurationMs(file) - estimate.audioMs });
    return file;
  }

  private ask(input: string, { voice, speed }: SynthesisRequest, signal: AbortSignal): Promise<Buffer> {
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

function piecesToSpeak({ text, locale }: SynthesisRequest): string[] {
  return piecesOf(text, languageOf(text, locale), MAX_INPUT, sizeOf).filter((piece) => WORDS.test(piece));
}

/** A hash: what people have written lies no longer in memory than it must. */
const keyOf = (piece: string, index: number, { voice, speed }: SynthesisRequest): string =>
  createHash('sha256')
    .update(JSON.stringify([voice, speed, index, piece]))
    .digest('hex');

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
