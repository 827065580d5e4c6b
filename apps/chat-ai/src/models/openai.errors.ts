import { wasNeverConnected, withoutWords } from '@switchboard/service-kit';
import OpenAI from 'openai';
import { type ModelAnswer, ModelFailure, type ModelFailureKind } from './chat-model';

/** Words for a parameter that is not known or not taken. Seen at OpenAI, vLLM (`extra_forbidden`), Mistral and Groq. */
const NOT_TAKEN =
  /unsupported|unrecognized|unknown|unexpected|(not|n't) (be )?(support|permit|allow)|must be verified to stream|extra_forbidden/i;

/**
 * Which of the parameters that were sent the server refuses. It may name them by `param`, with a code or without one, or
 * by its words alone: "Unrecognized request arguments supplied: reasoning_effort, verbosity".
 */
export function refusedParameters(error: unknown, sent: readonly string[]): string[] {
  if (!(error instanceof OpenAI.APIError) || ![400, 422].includes(error.status as number)) return [];
  const { code, param, message } = error;
  const isRefusal = /^(unsupported|unknown)_(parameter|value)$/.test(code ?? '') || NOT_TAKEN.test(message);
  if (!isRefusal) return [];
  if (param) return sent.filter((name) => name === param);
  return sent.filter((name) => new RegExp(`(?<![\\w.])${name}(?![\\w.])`).test(message));
}

const NO_TOKENS = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };

/** What a server says in place of an answer, and yet is one. Source of the codes: OpenAI API reference, Azure "Content filtering". */
export function answerIn(error: unknown, said: string): ModelAnswer | undefined {
  if (!(error instanceof OpenAI.APIError)) return undefined;
  if (['invalid_prompt', 'content_policy_violation', 'content_filter'].includes(error.code ?? ''))
    return { text: said, end: 'refused', usage: said === '' ? NO_TOKENS : undefined, reasoningTokens: 0 };
  // Said of a request whose limit was used up by reasoning; it has been worked on, and is paid for.
  if (said === '' && error.status === 400 && /^(400 )?could not finish the message because/i.test(error.message))
    return { text: '', end: 'length', usage: undefined, reasoningTokens: 0 };
  return undefined;
}

/** Compatible servers do not agree on a code, but all say it in words like these. */
const TOO_LONG = /context.{0,20}(length|window|size)|maximum context|too many tokens|prompt is too long/i;

/** Source: OpenAI's guide "Images and vision"; `image_content_policy_violation` is no fault of the picture's format. */
const BAD_PICTURE =
  /^(invalid_(base64_)?image(_format|_mode|_url)?|(image|image_file)_too_(large|small)|unsupported_image_media_type|empty_image_file|image_parse_error|image_content_policy_violation)$/;
/** Servers have no code for it. */
const MAY_MEAN_NO_VISION = [400, 404, 415, 422, 500, 501];
/** Seen at OpenAI, OpenRouter, llama.cpp, vLLM, Ollama, DeepSeek and Groq. */
const NO_VISION = new RegExp(
  [
    /only supported by certain models/,
    /(does not|doesn't|do not|don't|cannot|not|no endpoints found that) (support|accept|take|process|have) (an? |any )?(image|vision|picture|multi-?modal)/,
    /(image|vision|picture|multi-?modal)s?( inputs?| content| messages?)? (is |are )?(not (supported|enabled)|unsupported)/,
    /not an? (multi-?modal|vision)/,
    /at most 0 image/,
    /mmproj|missing data required for image/,
    /unknown variant .?image_url/,
    /must be a string|should be a valid string/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'i',
);
/** Of this picture or this request, not of the model. */
const ABOUT_THIS_REQUEST =
  /format|mime|media type|policy|safety|too (many|large|big|small)|at most [1-9]|exceed|resolution/i;

/** What an error of the client means for us. Source of the codes: OpenAI API reference, "Error codes". */
export function failureOf(error: unknown, said: string, hadPictures: boolean): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const retryAfterMs = error instanceof OpenAI.APIError ? retryAfter(error.headers) : undefined;
  const kind = (hadPictures && aboutPictures(error)) || kindOf(error);
  const costsNothing = said === '' && (REFUSALS.includes(kind) || hasNotBegun(error));
  return new ModelFailure(kind, said, { cause: withoutWords(error), retryAfterMs, costsNothing });
}

/** A server that refuses a request has not worked on it. */
const REFUSALS: readonly ModelFailureKind[] = [
  'rate_limited',
  'rejected',
  'context_too_long',
  'no_vision',
  'bad_picture',
];

/** 503 is said by servers without room for the request, and by proxies without a server; 500, 502 and 504 may come after the work. */
const hasNotBegun = (error: unknown) =>
  error instanceof OpenAI.APIError && error.status !== undefined
    ? [409, 503].includes(error.status as number)
    : wasNeverConnected(error);

function aboutPictures(error: unknown): ModelFailureKind | undefined {
  if (!(error instanceof OpenAI.APIError)) return undefined;
  if (BAD_PICTURE.test(error.code ?? '')) return 'bad_picture';
  if (!MAY_MEAN_NO_VISION.includes(error.status as number) || error.code === 'model_not_found') return undefined;
  const isRefusal = NO_VISION.test(error.message) && !ABOUT_THIS_REQUEST.test(error.message);
  return isRefusal && kindOf(error) !== 'context_too_long' ? 'no_vision' : undefined;
}

/** They come as 429, but no waiting fills an account. */
const NOT_PAID_FOR = ['insufficient_quota', 'billing_not_active'];

function kindOf(error: unknown): ModelFailureKind {
  if (error instanceof OpenAI.APIConnectionTimeoutError) return 'timed_out';
  // Everything else that is no answer of the server is a connection that broke, or half an event.
  if (!(error instanceof OpenAI.APIError)) return 'unavailable';
  const status = error.status as number | undefined;
  if (error.code === 'context_length_exceeded') return 'context_too_long';
  if (status === 400 && TOO_LONG.test(error.message)) return 'context_too_long';
  // It is more than a whole minute may hold, or than the server takes at once.
  if ((status === 429 || status === 413) && /request too large/i.test(error.message)) return 'context_too_long';
  if (NOT_PAID_FOR.some((code) => code === error.code || code === error.type)) return 'rejected';
  if (status === 429) return 'rate_limited';
  if (status === undefined || status >= 500 || status === 408 || status === 409) return 'unavailable';
  return 'rejected';
}

/** `retry-after-ms`, else `retry-after` in seconds or as an HTTP date. */
function retryAfter(headers: Headers | undefined): number | undefined {
  const ms = Number.parseFloat(headers?.get('retry-after-ms') ?? '');
  if (Number.isFinite(ms)) return Math.max(0, ms);
  const value = headers?.get('retry-after');
  if (!value) return undefined;
  const seconds = Number(value);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}
