import type { Request } from 'express';

/** A file that came in a form. */
export interface Upload {
  bytes: Buffer;
  name?: string;
  mimeType?: string;
}

/** A form as it arrived; a name that occurs several times keeps all its values. */
export interface Form {
  fields: Map<string, string[]>;
  files: Map<string, Upload[]>;
}

export class FormTooLarge extends Error {}
export class FormMalformed extends Error {}

/** Room for the fields and headers around one file of the largest size. */
const AROUND_FILE = 1024 * 1024;

/**
 * Reads `multipart/form-data` or `application/x-www-form-urlencoded`. Written here because stock clients break the
 * grammar and real servers forgive them: grammY sends `filename=` without quotes whatever the name holds, at which
 * parsers that keep to RFC 7578 refuse the whole form. Names are read as UTF-8.
 * Throws FormTooLarge for more than `maxBytes` in one file, FormMalformed for what is no form.
 */
export async function readForm(req: Request, maxBytes: number): Promise<Form> {
  const type = req.headers['content-type'] ?? '';
  const body = await readBody(req, maxBytes + AROUND_FILE);
  if (type.startsWith('application/x-www-form-urlencoded')) return urlencoded(body.toString());
  const boundary = /^multipart\/form-data;.*?boundary=(?:"([^"]+)"|([^;]+))/i.exec(type);
  if (!boundary) throw new FormMalformed('the content type names no boundary');
  const form = multipart(body, (boundary[1] ?? boundary[2]!).trim());
  const files = [...form.files.values()].flat();
  if (files.some(({ bytes }) => bytes.length > maxBytes)) throw new FormTooLarge();
  return form;
}

/** The whole body of a request. Throws FormTooLarge. */
export async function readBody(req: Request, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    length += chunk.length;
    // The rest is read and thrown away: a client that is still sending would not see an answer.
    if (length <= maxBytes) chunks.push(chunk);
  }
  if (length > maxBytes) throw new FormTooLarge();
  return Buffer.concat(chunks);
}

function urlencoded(source: string): Form {
  const form: Form = { fields: new Map(), files: new Map() };
  for (const [name, value] of new URLSearchParams(source)) add(form.fields, name, value);
  return form;
}

function multipart(body: Buffer, boundary: string): Form {
  const form: Form = { fields: new Map(), files: new Map() };
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const begin = body.indexOf(delimiter.subarray(2));
  if (begin < 0) throw new FormMalformed('there is no boundary in the body');
  let at = begin + delimiter.length - 2;
  while (body.toString('latin1', at, at + 2) !== '--') {
    const headersEnd = body.indexOf('\r\n\r\n', at);
    const end = headersEnd < 0 ? -1 : body.indexOf(delimiter, headersEnd + 2);
    if (end < 0) throw new FormMalformed('unexpected end of form');
    readPart(form, body.toString('utf8', at + 2, headersEnd), body.subarray(headersEnd + 4, end));
    at = end + delimiter.length;
  }
  return form;
}

function readPart(form: Form, headers: string, content: Buffer): void {
  const disposition = /^content-disposition:\s*form-data;(.*)$/im.exec(headers)?.[1] ?? '';
  const mimeType = /^content-type:\s*([^;\r\n]+)/im.exec(headers)?.[1]?.trim();
  const name = parameter(disposition, 'name');
  if (!name) throw new FormMalformed('a part has no name');
  const fileName = parameter(disposition, 'filename');
  if (fileName === undefined) add(form.fields, name, content.toString());
  else add(form.files, name, { bytes: content, ...(fileName && { name: fileName }), ...(mimeType && { mimeType }) });
}

/** In quotes it ends at the next one that is not escaped. Without, `name` ends at `;` and `filename` with its line. */
function parameter(disposition: string, name: 'name' | 'filename'): string | undefined {
  const quoted = new RegExp(`(?:^|[;\\s])${name}="((?:\\\\.|[^"\\\\])*)"\\s*(?:;|$)`, 'i').exec(disposition)?.[1];
  // Browsers write %22 for a quote, others a backslash before it.
  if (quoted !== undefined) return quoted.replace(/\\(["\\])/g, '$1').replace(/%22/g, '"');
  const bare = name === 'name' ? '([^;]+)' : '(.*)';
  return new RegExp(`(?:^|[;\\s])${name}=${bare}`, 'i').exec(disposition)?.[1]?.trim();
}

function add<T>(map: Map<string, T[]>, name: string, value: T): void {
  const values = map.get(name);
  if (values) values.push(value);
  else map.set(name, [value]);
}
