import OpenAI from 'openai';
import { ModelFailure, type ModelFailureKind } from './chat-model';

/** Compatible servers do not agree on a code, but all say it in words like these. */
const TOO_LONG = /context.{0,20}(length|window|size)|maximum context|too many tokens|prompt is too long/i;

/** What an error of the client means for us. Source of the codes: OpenAI API reference, "Error codes". */
export function failureOf(error: unknown, said: string): ModelFailure {
  if (error instanceof ModelFailure) return error;
  const retryAfterMs = error instanceof OpenAI.APIError ? retryAfter(error.headers) : undefined;
  return new ModelFailure(kindOf(error), said, { cause: error, retryAfterMs });
}

function kindOf(error: unknown): ModelFailureKind {
  if (error instanceof OpenAI.APIConnectionTimeoutError) return 'timed_out';
  // Everything else that is no answer of the server is a connection that broke, or half an event.
  if (!(error instanceof OpenAI.APIError)) return 'unavailable';
  const status = error.status as number | undefined;
  if (error.code === 'context_length_exceeded') return 'context_too_long';
  if (status === 400 && TOO_LONG.test(error.message)) return 'context_too_long';
  if (error.code === 'insufficient_quota' || error.type === 'insufficient_quota') return 'rejected';
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
