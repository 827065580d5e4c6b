import { z } from 'zod';
import type { Upload } from '../kit/forms';
import { ApiError, parseRequest } from './api-error';
import { EventStream } from './chat';
import { type Call, endpoint, formOf } from './endpoint';
import { mp3Seconds } from './mp3';
import { oggSeconds } from './ogg-opus';
import { pause } from '../kit/http';
import { countTokens, splitTokens } from './tokens';
import { wavSeconds } from './audio';
import type { Context } from './context';
import { languageOf } from './conversation';
import type { Model } from './models';

const MAX_BYTES = 25 * 1024 * 1024;
const FORMATS = ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', 'ogg', 'wav', 'webm'];
/** Seconds. */
const SHORTEST = 0.1;

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const TranscriptionRequest = z.object({
  model: z.string().min(1),
  language: z.string().optional(),
  prompt: z.string().optional(),
  response_format: z.enum(['json', 'text', 'srt', 'verbose_json', 'vtt']).default('json'),
  temperature: z.coerce.number().min(0).max(1).optional(),
  timestamp_granularities: list.pipe(z.array(z.enum(['word', 'segment']))).optional(),
  stream: z.stringbool().default(false),
});
type TranscriptionRequest = z.infer<typeof TranscriptionRequest>;

/** `POST /audio/transcriptions`: the sandbox cannot hear, so it says what was scripted, or how long the sound is. */
export const transcriptionsEndpoint = (context: Context) =>
  endpoint(context, 'transcription', (call) => transcribe(context, call));

async function transcribe(context: Context, call: Call): Promise<void> {
  const { req, res } = call;
  const { fields, files } = await formOf(call, MAX_BYTES);
  const file = files['file']?.[0];
  const request = parseRequest(TranscriptionRequest, fields);
  const model = context.modelFor('transcription', request.model);
  refuseFormat(request);
  if (!file) throw new ApiError(400, "Missing required parameter: 'file'.", { param: 'file' });
  const seconds = secondsOf(file);
  refuseLength(seconds, model);

  const scripted = context.script.takeTranscript([file.name ?? '', request.prompt ?? '']);
  const text = scripted ?? describe(file, seconds, request.language);
  context.spend(req, countTokens(text));
  await pause(res, context.pace.firstTokenMs);
  if (request.stream && !isWhisper(request.model))
    return streamed({ text, usage: usageOf(request.model, text, seconds) }, { res, pace: context.pace });

  switch (request.response_format) {
    case 'json':
      return void res.json({ text, usage: usageOf(request.model, text, seconds) });
    case 'verbose_json':
      return void res.json(verbose(text, seconds ?? 0, request));
    case 'text':
      return void res.type('text/plain').send(`${text}\n`);
    case 'srt':
      return void res.type('text/plain').send(`1\n${clock(0, ',')} --> ${clock(seconds ?? 0, ',')}\n${text}\n\n`);
    case 'vtt':
      return void res
        .type('text/plain')
        .send(`WEBVTT\n\n${clock(0, '.')} --> ${clock(seconds ?? 0, '.')}\n${text}\n\n`);
  }
}

const isWhisper = (model: string) => !model.includes('transcribe');

/** Only Whisper knows times. */
function refuseFormat({ model, response_format: format }: TranscriptionRequest): void {
  if (isWhisper(model) || format === 'json' || format === 'text') return;
  throw new ApiError(
    400,
    `response_format '${format}' is not compatible with model '${model}'. Use 'json' or 'text' instead.`,
    { param: 'response_format', code: 'unsupported_value' },
  );
}

function refuseLength(seconds: number | undefined, { most_seconds: most = Infinity }: Model): void {
  if (seconds === undefined || seconds <= most) return;
  throw new ApiError(
    400,
    `audio duration ${seconds} seconds is longer than ${most} seconds which is the maximum for this model`,
    { code: 'invalid_value' },
  );
}

/** Undefined for formats whose length the sandbox cannot read. */
function secondsOf({ name = '', bytes }: Upload): number | undefined {
  const extension = /\.([^.]+)$/.exec(name.toLowerCase())?.[1] ?? '';
  if (!FORMATS.includes(extension) || bytes.length === 0) {
    throw new ApiError(400, `Invalid file format. Supported formats: ${JSON.stringify(FORMATS)}`, { param: 'file' });
  }
  const seconds = oggSeconds(bytes) ?? wavSeconds(bytes) ?? mp3Seconds(bytes);
  if (seconds === undefined && ['ogg', 'oga', 'wav'].includes(extension)) {
    throw new ApiError(400, 'The audio file could not be decoded or its format is not supported.', { param: 'file' });
  }
  if (seconds !== undefined && seconds < SHORTEST) {
    throw new ApiError(400, `Audio file is too short. Minimum audio length is ${SHORTEST} seconds.`, {
      param: 'file',
      code: 'audio_too_short',
    });
  }
  return seconds;
}

function describe({ bytes }: Upload, seconds: number | undefined, language = 'en'): string {
  const amount = (number: number, unit: Intl.NumberFormatOptions['unit']) =>
    new Intl.NumberFormat(language.startsWith('ru') ? 'ru' : 'en', {
      style: 'unit',
      unit,
      unitDisplay: 'long',
      maximumFractionDigits: 1,
    }).format(number);
  const length = seconds === undefined ? amount(bytes.length / 1000, 'kilobyte') : amount(seconds, 'second');
  return language.startsWith('ru')
    ? `[sandbox] голосовое сообщение: ${length}`
    : `[sandbox] a voice message of ${length}`;
}

async function streamed(
  { text, usage }: { text: string; usage: object },
  { res, pace }: Pick<Call, 'res'> & Pick<Context, 'pace'>,
) {
  const events = new EventStream(res);
  for (const delta of splitTokens(text)) {
    await events.data({ type: 'transcript.text.delta', delta });
    await pause(res, pace.betweenTokensMs);
  }
  await events.data({ type: 'transcript.text.done', text, usage });
  await events.data('[DONE]');
  events.end();
}

/** One segment, and words that share its time by their length. */
function verbose(text: string, seconds: number, request: TranscriptionRequest): object {
  const granularities = request.timestamp_granularities ?? ['segment'];
  const segment = {
    id: 0,
    seek: 0,
    start: 0,
    end: seconds,
    text,
    tokens: [],
    temperature: request.temperature ?? 0,
    avg_logprob: 0,
    compression_ratio: 1,
    no_speech_prob: 0,
  };
  return {
    task: 'transcribe',
    language: (request.language ?? languageOf([text])).startsWith('ru') ? 'russian' : 'english',
    duration: seconds,
    text,
    ...(granularities.includes('segment') && { segments: [segment] }),
    ...(granularities.includes('word') && { words: wordsOf(text, seconds) }),
    usage: usageOf(request.model, text, seconds),
  };
}

function wordsOf(text: string, seconds: number): { word: string; start: number; end: number }[] {
  const perLetter = seconds / Math.max(1, text.length);
  return [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => ({
    word,
    start: index * perLetter,
    end: (index + word.length) * perLetter,
  }));
}

/** Of sound, as OpenAI counts it. */
const TOKENS_PER_SECOND = 10;

/** Whisper is billed by time, its successors by tokens. */
function usageOf(model: string, text: string, seconds = 0): object {
  if (isWhisper(model)) return { type: 'duration', seconds: Math.ceil(seconds) };
  const audio_tokens = Math.ceil(seconds * TOKENS_PER_SECOND);
  const output_tokens = countTokens(text);
  return {
    type: 'tokens',
    input_tokens: audio_tokens,
    input_token_details: { text_tokens: 0, audio_tokens },
    output_tokens,
    total_tokens: audio_tokens + output_tokens,
  };
}

/** `00:00:03,200` in SubRip, with a point in WebVTT. */
const clock = (seconds: number, point: ',' | '.') =>
  new Date(seconds * 1000).toISOString().slice(11, 23).replace('.', point);
