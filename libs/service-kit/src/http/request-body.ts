import { finished } from 'node:stream';
import type { RouteDefinition, UploadBody } from '@switchboard/contracts';
import busboy from 'busboy';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { HttpProblem, ValidationProblem } from './problems';
import type { UploadedFile } from './route.decorators';

const JSON_LIMIT = '1mb';
const FORM_LIMIT = '256kb';

const parseJson = express.json({ limit: JSON_LIMIT, type: ['application/json', 'application/*+json'], strict: false });
const parseForm = express.urlencoded({ limit: FORM_LIMIT, extended: false });

/**
 * Reads the body as its route wants it: JSON and form fields as a value that is still to be checked, raw bytes as a Buffer, an
 * upload as its fields and a file that is still on the network. Called after the guard, so that nothing of a stranger is read.
 * @throws HttpProblem 400, 413, 415
 */
export async function readBody(body: RouteDefinition['body'], request: Request, response: Response): Promise<unknown> {
  if (!body) return undefined;
  if (!(body instanceof z.ZodType)) {
    if (body.kind === 'upload') return readUpload(body, request);
    if (body.kind === 'raw') {
      await run(express.raw({ limit: body.maxBytes, type: () => true, inflate: false }), request, response);
      return (request.body as Buffer | undefined) ?? Buffer.alloc(0);
    }
  }
  await run(body instanceof z.ZodType ? parseJson : parseForm, request, response);
  const value = request.body as unknown;
  // A parser passes over what is not of its type.
  if (value === undefined && hasBody(request)) throw new HttpProblem('unsupported_media_type');
  return value;
}

const hasBody = ({ headers }: Request) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const run = (parser: RequestHandler, request: Request, response: Response) =>
  new Promise<void>((resolve, reject) => {
    const next: NextFunction = (error?: unknown) => (error ? reject(error as Error) : resolve());
    void parser(request, response, next);
  });

const FIELDS = 50;
const FIELD_BYTES = 64 * 1024;

/** Resolves when the file begins: everything before it is known then, and its bytes are read by whoever wants them. */
function readUpload(
  { field, maxBytes, accepts }: UploadBody,
  request: Request,
): Promise<{ fields: Record<string, string>; file: UploadedFile }> {
  if (!request.is('multipart/form-data')) throw new HttpProblem('unsupported_media_type');
  return new Promise((resolve, reject) => {
    const fields: Record<string, string> = Object.create(null);
    const malformed = () => reject(new HttpProblem('malformed_multipart'));
    let parser: busboy.Busboy;
    try {
      const limits = { files: 1, fields: FIELDS, fieldSize: FIELD_BYTES, fileSize: maxBytes };
      parser = busboy({ headers: request.headers, limits, defParamCharset: 'utf8' });
    } catch {
      return malformed();
    }
    parser.on('field', (name, value, { nameTruncated, valueTruncated }) => {
      if (nameTruncated || valueTruncated) reject(new HttpProblem('body_too_large'));
      fields[name] = value;
    });
    parser.on('file', (name, body, { filename, mimeType }) => {
      // Whoever reads it has it as an error of the stream; nobody may have begun yet.
      body.on('error', () => undefined);
      if (name !== field) return malformed();
      if (accepts && !accepts.some((type) => matches(mimeType, type))) {
        return reject(new HttpProblem('unsupported_media_type'));
      }
      // Without it a file that is too large would end early and look whole.
      body.on('limit', () => body.destroy(new HttpProblem('body_too_large')));
      finished(request, (error) => error && body.destroy(new HttpProblem('malformed_multipart')));
      resolve({ fields, file: { body, fileName: plainName(filename), contentType: mimeType } });
    });
    parser.on('fieldsLimit', () => reject(new HttpProblem('body_too_large')));
    parser.on('error', malformed);
    parser.on('close', () => reject(missing(field)));
    request.pipe(parser);
  });
}

/** As browsers write names. Source: WHATWG HTML, "multipart/form-data encoding algorithm". */
const plainName = (name: string | undefined) =>
  name?.replaceAll('%22', '"').replaceAll('%0D', '\r').replaceAll('%0A', '\n');

/** The rest of an upload that nobody wants any more. */
export function discardBody(request: Request): void {
  request.unpipe();
  request.resume();
}

const matches = (type: string, pattern: string) =>
  pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;

const missing = (field: string) =>
  new ValidationProblem([
    {
      value: {},
      issues: [{ code: 'invalid_type', expected: 'file', path: [field], message: 'a file is needed' }],
    },
  ]);
