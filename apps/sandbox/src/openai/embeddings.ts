import { z } from 'zod';
import { ApiError, parseRequest } from './api-error';
import { endpoint } from './endpoint';
import { pause } from '../kit/http';
import { countTokens, textOfTokens } from './tokens';
import { stems } from './knowledge';
import type { Context } from './context';

/** Tokens in one text. */
const LONGEST = 8192;
const MOST_TEXTS = 2048;
/** Tokens in all texts of a request. */
const MOST_TOKENS = 300_000;

const token = z.int().nonnegative();
const EmbeddingsRequest = z.strictObject({
  model: z.string().min(1),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(MOST_TEXTS),
    z.array(token).min(1).max(LONGEST),
    z.array(z.array(token).min(1).max(LONGEST)).min(1).max(MOST_TEXTS),
  ]),
  dimensions: z.int().min(1).max(3072).optional(),
  encoding_format: z.enum(['float', 'base64']).default('float'),
  user: z.string().optional(),
});

/** `POST /embeddings` */
export const embeddingsEndpoint = (context: Context) =>
  endpoint(context, 'embeddings', async ({ req, res }) => {
    const request = parseRequest(EmbeddingsRequest, req.body);
    context.modelFor('embeddings', request.model);
    const texts = textsOf(request.input);
    const tokens = texts.map(countTokens);
    texts.forEach((text, index) => refuseUnfit(text, tokens[index]!));
    const dimensions = dimensionsOf(request.model, request.dimensions);
    const spent = tokens.reduce((sum, count) => sum + count, 0);
    if (spent > MOST_TOKENS) throw tooManyTokens(spent);
    context.spend(req, spent);
    await pause(res, context.pace.firstTokenMs);
    res.json({
      object: 'list',
      model: request.model,
      data: texts.map((text, index) => ({
        object: 'embedding',
        index,
        embedding: encode(embed(text, dimensions), request.encoding_format),
      })),
      usage: { prompt_tokens: spent, total_tokens: spent },
    });
  });

/**
 * A unit vector made by hashing stems and runs of three or four letters: texts that share words or parts of words
 * lie near each other, whatever their language; nothing is learned, so synonyms do not.
 */
export function embed(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  const vector = new Float32Array(dimensions);
  for (const [feature, times] of featuresOf(text)) {
    const hash = fnv1a(feature);
    // The top bit gives the sign, so that features which share a place cancel out on average instead of adding up.
    vector[(hash & 0x7fffffff) % dimensions]! += (hash >>> 31 ? -1 : 1) * (1 + Math.log(times));
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

function featuresOf(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  const add = (feature: string) => counts.set(feature, (counts.get(feature) ?? 0) + 1);
  // The text itself guarantees a vector even to "?!", and tells apart texts with the same words.
  add(`text:${text}`);
  stems(text).forEach((stem) => add(`stem:${stem}`));
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const padded = `_${word}_`;
    for (const size of [3, 4]) {
      for (let start = 0; start + size <= padded.length; start += 1) add(padded.slice(start, start + size));
    }
  }
  return counts;
}

/** 32-bit FNV-1a over UTF-16 units, then murmur's final mix, without which similar words land near each other. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function textsOf(input: z.infer<typeof EmbeddingsRequest>['input']): string[] {
  if (typeof input === 'string') return [input];
  if (isTokens(input)) return [textOfTokens(input)];
  return input.map((one) => (typeof one === 'string' ? one : textOfTokens(one)));
}

const isTokens = (input: string[] | number[] | number[][]): input is number[] => typeof input[0] === 'number';

function refuseUnfit(text: string, tokens: number): void {
  if (text === '') throw new ApiError(400, "Invalid 'input': input cannot be an empty string.", { param: 'input' });
  if (tokens > LONGEST) {
    throw new ApiError(
      400,
      `This model's maximum context length is ${LONGEST} tokens, however you requested ${tokens} tokens ` +
        `(${tokens} in your prompt; 0 for the completion). Please reduce your prompt; or completion length.`,
    );
  }
}

function tooManyTokens(tokens: number): ApiError {
  const tooMany = 'max_tokens_per_request';
  const message = `Requested ${tokens} tokens, max ${MOST_TOKENS} tokens per request`;
  return new ApiError(400, message, { type: tooMany, code: tooMany });
}

function dimensionsOf(model: string, asked: number | undefined): number {
  const own = model.endsWith('-large') ? 3072 : 1536;
  if (asked === undefined) return own;
  if (model.endsWith('ada-002')) {
    throw new ApiError(400, 'This model does not support specifying dimensions.', { param: 'dimensions' });
  }
  if (asked > own) {
    throw new ApiError(400, `Invalid value for 'dimensions': must be less than or equal to ${own}.`, {
      param: 'dimensions',
    });
  }
  return asked;
}

/** Base64 of little-endian float32, which the official clients ask for by themselves, or plain numbers. */
function encode(vector: Float32Array<ArrayBuffer>, format: 'float' | 'base64'): string | number[] {
  if (format === 'float') return [...vector];
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}
