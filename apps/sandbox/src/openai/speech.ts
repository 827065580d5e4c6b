import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import { ApiError, assertModelExists } from './api-error';
import { type Call, endpoint } from './misbehave';
import { encodeOggOpus } from './ogg-opus';
import { parseRequest } from './parse-request';
import { ClientGone, pause } from './pause';
import { SAMPLE_RATE, tonesOf } from './tones';
import { countTokens } from './tokens';
import { wavHeader } from './wav';
import type { World } from './world';

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

const CONTENT_TYPE = { opus: 'audio/ogg', wav: 'audio/wav', pcm: 'audio/pcm' };
type Format = keyof typeof CONTENT_TYPE;

/** `POST /audio/speech`: a melody in place of a voice, a note for each syllable. */
export const speechEndpoint = (world: World) =>
  endpoint(world, 'openai.speech', (call) => speak(world, call), ['cut-stream']);

async function speak(world: World, { req, res, misdeed }: Call): Promise<void> {
  const request = parseRequest(SpeechRequest, req.body);
  assertModelExists(request.model);
  const format = formatOf(request);
  world.meter.spend(req, countTokens(request.input));
  await pause(res, world.pace.firstTokenMs);

  const piecesBeforeCut = misdeed ? Number(misdeed.argument || 1) : Infinity;
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
  if (format === 'mp3' || format === 'aac' || format === 'flac') {
    throw new ApiError(400, `The sandbox does not make ${format}. Ask for response_format 'opus', 'wav' or 'pcm'.`, {
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

function* audioOf({ input, voice, speed }: SpeechRequest, format: Format): Generator<Buffer> {
  const frames = tonesOf(input, typeof voice === 'string' ? voice : voice.id, speed);
  if (format === 'opus') return yield* encodeOggOpus(frames, SAMPLE_RATE);
  const pcm = [...frames].map((frame) => Buffer.from(frame.buffer));
  const bytes = pcm.reduce((sum, { length }) => sum + length, 0);
  if (format === 'wav') yield wavHeader(SAMPLE_RATE, bytes);
  const second = 50;
  for (let at = 0; at < pcm.length; at += second) yield Buffer.concat(pcm.slice(at, at + second));
}
