import busboy from 'busboy';
import type { Request } from 'express';
import { ApiError } from './api-error';

export interface UploadedFile {
  name: string;
  mimeType: string;
  bytes: Buffer;
}

/** A form as it arrived; names that end in `[]` collect a list. */
export interface Form {
  fields: Record<string, string | string[]>;
  files: Record<string, UploadedFile>;
}

/** Reads a multipart body; a file longer than `maxBytes` is a 413. */
export async function readForm(req: Request, maxBytes: number): Promise<Form> {
  const type = req.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data')) {
    throw new ApiError(400, `Invalid content type. Expected multipart/form-data, but got '${type}'.`);
  }
  const form: Form = { fields: {}, files: {} };
  let tooLarge = false;
  await new Promise<void>((resolve, reject) => {
    const malformed = () => reject(new ApiError(400, 'Could not parse multipart form'));
    const parser = open(req, maxBytes);
    if (!parser) return malformed();
    parser.on('field', (name, value) => {
      const list = name.endsWith('[]') ? name.slice(0, -2) : undefined;
      if (list === undefined) form.fields[name] = value;
      else form.fields[list] = [...[form.fields[list] ?? []].flat(), value];
    });
    parser.on('file', (field, stream, { filename, mimeType }) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('limit', () => (tooLarge = true));
      stream.on('close', () => (form.files[field] = { name: filename ?? '', mimeType, bytes: Buffer.concat(parts) }));
    });
    parser.on('close', resolve);
    parser.on('error', malformed);
    req.on('error', malformed);
    req.pipe(parser);
  });
  if (tooLarge) {
    throw new ApiError(413, `Maximum content size limit (${maxBytes}) exceeded.`);
  }
  return form;
}

/** Undefined when the content type names no boundary, which busboy throws at. */
function open(req: Request, fileSize: number): busboy.Busboy | undefined {
  try {
    return busboy({ headers: req.headers, limits: { fileSize }, defParamCharset: 'utf8' });
  } catch {
    return undefined;
  }
}
