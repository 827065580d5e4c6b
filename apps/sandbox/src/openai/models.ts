import { z } from 'zod';
import { ApiError } from './api-error';
import type { ChatRequest } from './chat.api';

const KINDS = ['chat', 'embeddings', 'moderation', 'images', 'speech', 'transcription'] as const;
export type ModelKind = (typeof KINDS)[number];

export const Model = z.strictObject({
  id: z.string().min(1),
  /** The day on which it is switched off, `YYYY-MM-DD`. */
  shutdown_date: z.iso.date().nullish(),
  /** What it can be asked for; anything when it is not told. */
  kind: z.enum(KINDS).optional(),
  /** False for one that refuses pictures. */
  vision: z.boolean().optional(),
  /** True for one that thinks before its first word, in tokens of its output limit. */
  reasons: z.boolean().optional(),
  /** Parameters of `/chat/completions` that it takes no value of, or no other than the default; `stream` is one as well. */
  refuses: z.array(z.string()).optional(),
  /** The voices of a model that speaks; any when they are not told. */
  voices: z.array(z.string()).optional(),
  /** Tokens of a text to be spoken. */
  most_input_tokens: z.int().positive().optional(),
  /** Seconds of a recording to be transcribed. */
  most_seconds: z.int().positive().optional(),
});
export type Model = z.infer<typeof Model>;

type Row = Omit<Model, 'id' | 'shutdown_date'>;
const until = (shutdown_date: string | null, row: Row, ...ids: string[]): Model[] =>
  ids.map((id) => ({ ...row, id, shutdown_date }));

/** What reasoning models of OpenAI refuse; seen in their answers. */
const REASONING: Row = {
  kind: 'chat',
  reasons: true,
  refuses: ['max_tokens', 'temperature', 'top_p', 'presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs'],
};
const CHAT: Row = { kind: 'chat', refuses: ['reasoning_effort'] };
const OLD_VOICES = ['alloy', 'ash', 'coral', 'echo', 'fable', 'onyx', 'nova', 'sage', 'shimmer'];
const VOICES = [...OLD_VOICES, 'ballad', 'verse', 'marin', 'cedar'];
const HEARS: Row = { kind: 'transcription', most_seconds: 1400 };

/** OpenAI's, with the days on which it switches them off as announced in November 2026, and one of ours. */
export const USUAL_MODELS: Model[] = [
  ...until(null, { kind: 'chat' }, 'sandbox-model'),
  ...until(null, REASONING, 'gpt-6-luna', 'gpt-6.1-sol', 'gpt-6.1-terra', 'gpt-5.6-sol', 'gpt-5.6-terra'),
  ...until('2027-04-01', REASONING, 'gpt-5.1'),
  ...until('2026-12-11', REASONING, 'gpt-5', 'gpt-5-mini', 'gpt-5-nano', 'o3'),
  ...until('2027-01-14', CHAT, 'gpt-4o', 'gpt-4o-mini', 'gpt-4.1', 'gpt-4.1-mini'),
  ...until(null, { kind: 'embeddings' }, 'text-embedding-3-small', 'text-embedding-3-large', 'text-embedding-ada-002'),
  ...until(null, { kind: 'moderation' }, 'omni-moderation-latest'),
  ...until(null, { kind: 'images' }, 'gpt-image-2.6-flare', 'gpt-image-2.6-sunburst', 'gpt-image-2'),
  ...until('2027-01-06', { kind: 'speech', voices: OLD_VOICES }, 'tts-1', 'tts-1-hd'),
  ...until('2027-01-06', { kind: 'speech', voices: VOICES, most_input_tokens: 2000 }, 'gpt-4o-mini-tts'),
  ...until(null, HEARS, 'gpt-transcribe'),
  ...until('2027-02-26', HEARS, 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe'),
  ...until('2027-02-26', { kind: 'transcription' }, 'whisper-1'),
];

/** What a model of another kind answers; OpenAI words it in each place its own way. */
export function wrongKind(model: string, asked: ModelKind): ApiError {
  switch (asked) {
    case 'chat':
      return new ApiError(404, 'This is not a chat model and thus not supported in the v1/chat/completions endpoint.', {
        param: 'model',
      });
    case 'embeddings':
      return new ApiError(403, 'You are not allowed to generate embeddings from this model');
    default:
      return new ApiError(400, `Invalid model '${model}' for this endpoint.`, {
        param: 'model',
        code: 'invalid_value',
      });
  }
}

const DEFAULTS: Partial<Record<string, unknown>> = {
  stream: false,
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  logprobs: false,
};

/** Throws the 400 for the first parameter that the model does not take. */
export function refuseParameters(request: ChatRequest, { refuses = [] }: Pick<Model, 'refuses'>): void {
  for (const param of refuses) {
    const value = (request as Record<string, unknown>)[param];
    if (value == null || value === DEFAULTS[param]) continue;
    throw unsupported(param, value);
  }
}

function unsupported(param: string, value: unknown): ApiError {
  switch (param) {
    case 'stream':
      return new ApiError(
        400,
        'Your organization must be verified to stream this model. Please go to the settings of the organization and ' +
          'click on Verify Organization.',
        { param, code: 'unsupported_value' },
      );
    // It was not there when these models came: to them it is a typo.
    case 'reasoning_effort':
      return new ApiError(400, `Unrecognized request argument supplied: ${param}`);
    case 'max_tokens':
      return new ApiError(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        { param, code: 'unsupported_parameter' },
      );
  }
  if (typeof value === 'number') {
    return new ApiError(
      400,
      `Unsupported value: '${param}' does not support ${value} with this model. Only the default (${String(DEFAULTS[param])}) value is supported.`,
      { param, code: 'unsupported_value' },
    );
  }
  return new ApiError(400, `Unsupported parameter: '${param}' is not supported with this model.`, {
    param,
    code: 'unsupported_parameter',
  });
}
