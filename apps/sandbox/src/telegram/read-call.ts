import busboy from 'busboy';
import type { Request } from 'express';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { ApiError, badRequest } from './api-error';

/** Telegram takes files of up to 50 MB from bots. */
const MAX_UPLOAD = 50 * 1024 * 1024;

export interface Upload {
  bytes: Buffer;
  name?: string;
  mimeType?: string;
}

export interface CallInput {
  /** In a JSON body values are what they are; in forms and queries all are strings, objects being JSON in them. */
  params: Record<string, unknown>;
  uploads: Map<string, Upload>;
}

/** Query and body in any of the encodings the Bot API takes. Throws ApiError 400 or 413. */
export async function readCall(req: Request): Promise<CallInput> {
  const query = req.query as Record<string, unknown>;
  const type = req.headers['content-type'] ?? '';
  if (type.startsWith('application/json')) {
    return { params: { ...query, ...jsonObject(await text(req)) }, uploads: new Map() };
  }
  if (/^(multipart\/form-data|application\/x-www-form-urlencoded)/.test(type)) {
    const form = await readForm(req);
    return { params: { ...query, ...form.params }, uploads: form.uploads };
  }
  return { params: { ...query }, uploads: new Map() };
}

/** Bytes and fields of a form; the Bot API and the phone send theirs the same way. */
export async function readForm(req: Request): Promise<CallInput> {
  const params: Record<string, unknown> = {};
  const uploads = new Map<string, Upload>();
  let tooLarge = false;
  // Telegram reads file names as UTF-8, busboy by default as Latin-1.
  const parser = busboy({ headers: req.headers, defParamCharset: 'utf8', limits: { fileSize: MAX_UPLOAD } });
  parser.on('field', (name, value) => (params[name] = value));
  parser.on('file', (name, stream, { filename, mimeType }) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('limit', () => (tooLarge = true));
    stream.on('end', () => uploads.set(name, { bytes: Buffer.concat(chunks), name: filename, mimeType }));
  });
  await pipeline(req, parser).catch((error: Error) => {
    throw badRequest(`can't parse the form: ${error.message}`);
  });
  if (tooLarge) throw new ApiError(413, 'Request Entity Too Large');
  return { params, uploads };
}

export function jsonObject(source: string): Record<string, unknown> {
  if (!source) return {};
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw badRequest("can't parse JSON object");
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('expected an Object');
  return value as Record<string, unknown>;
}
