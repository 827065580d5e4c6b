import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { ApiError, parseRequest } from './api-error';
import { type Call, endpoint } from './endpoint';
import { encodeOggOpus } from './ogg-opus';
import { ClientGone, pause } from '../kit/http';
import { SAMPLE_RATE, tonesOf, wavHeader } from './audio';
import { countTokens } from './tokens';
import { encodeMp3 } from './mp3';
import type { Context } from './context';
import type { Model } from './models';

const SpeechRequest = z.strictObject({
  model: z.string().min(1),
  input: z.string().min(1).max(4096),
  voice: z.union([z.string().min(1), z.object({ id: z.string().min(1) })]),
  instructions: z.string().optional(),
  response_format: z.enum(['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm']).default('mp3'),
  speed: z.number().min(0.25).max(4).default(1),
  stream_format: z.enum(['audio', 'sse']).default('audio'),
});
type SpeechRequest = z.infer<typeof SpeechRequest>;

const CONTENT_TYPE = { mp3: 'audio/mpeg', opus: 'audio/ogg', wav: 'audio/wav', pcm: 'audio/pcm' };
type Format = keyof typeof CONTENT_TYPE;

/** `POST /audio/speech`: a melody in place of a voice, a note for each syllable. */
export const speechEndpoint = (context: Context) => endpoint(context, 'speech', (call) => speak(context, call));

async function speak(context: Context, { req, res, fault }: Call): Promise<void> {
  const request = parseRequest(SpeechRequest, req.body);
  const model = context.modelFor('speech', request.model);
  const format = formatOf(request);
  refuseVoice(request, model);
  const tokens = countTokens(request.input);
  refuseLength(tokens, model);
  context.spend(req, tokens);
  await pause(res, context.pace.firstTokenMs);

  const piecesBeforeCut = fault ? Number(fault.argument || 1) : Infinity;
  let sent = 0;
  res.writeHead(200, { 'content-type': CONTENT_TYPE[format] });
  for (const piece of audioOf(request, format)) {
    if (sent === piecesBeforeCut) return void res.destroy();
    const failed = await new Promise<Error | null | undefined>((done) => res.write(piece, done));
    if (failed) throw new ClientGone();
    sent += 1;
    // Minutes of speech take seconds to make; other requests have their turn in between.
    await nextTurn();
  }
  res.end();
}

function formatOf({ model, response_format: format, stream_format, instructions }: SpeechRequest): Format {
  if (format === 'aac' || format === 'flac') {
    throw new ApiError(400, `The sandbox does not make ${format}. Ask for 'mp3', 'opus', 'wav' or 'pcm'.`, {
      param: 'response_format',
      code: 'unsupported_value',
    });
  }
  if (stream_format === 'sse') {
    throw new ApiError(400, "The sandbox streams speech as audio only: stream_format 'sse' is not supported.", {
      param: 'stream_format',
      code: 'unsupported_value',
    });
  }
  if (instructions !== undefined && model.startsWith('tts-1')) {
    throw new ApiError(400, "'instructions' is not supported with this model.", {
      param: 'instructions',
      code: 'unsupported_parameter',
    });
  }
  return format;
}

function refuseVoice({ voice }: SpeechRequest, { voices }: Model): void {
  // A voice of one's own is named by its id.
  if (!voices || typeof voice !== 'string' || voices.includes(voice)) return;
  throw new ApiError(
    400,
    `Invalid value: '${voice}'. Supported values are: ${voices.map((one) => `'${one}'`).join(', ')}.`,
    { param: 'voice', code: 'invalid_value' },
  );
}

function refuseLength(tokens: number, { most_input_tokens: most = Infinity }: Model): void {
  if (tokens <= most) return;
  throw new ApiError(400, `Input of ${tokens} tokens is over the maximum input limit of ${most} tokens`, {
    param: 'input',
  });
}

function* audioOf({ input, voice, speed }: SpeechRequest, format: Format): Generator<Buffer> {
  const frames = tonesOf(input, typeof voice === 'string' ? voice : voice.id, speed);
  if (format === 'opus') return yield* encodeOggOpus(frames, SAMPLE_RATE);
  if (format === 'mp3') return yield* encodeMp3(frames);
  const pcm = [...frames].map((frame) => Buffer.from(frame.buffer));
  const bytes = pcm.reduce((sum, { length }) => sum + length, 0);
  if (format === 'wav') yield wavHeader(SAMPLE_RATE, bytes);
  const second = 50;
  for (let at = 0; at < pcm.length; at += second) yield Buffer.concat(pcm.slice(at, at + second));
}
