import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

/** A file to send along. */
export interface FileToSend {
  readonly body: Readable | Uint8Array;
  readonly fileName: string;
  readonly contentType: string;
}

/** A form with one file at its end, written as it is sent. `FormData` would want all of the file beforehand. */
export function multipart(fields: Readonly<Record<string, unknown>>, field: string, file: FileToSend) {
  const boundary = `----${randomUUID()}`;
  const part = (name: string, more = '') =>
    `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(name)}"${more}\r\n\r\n`;
  async function* body() {
    for (const [name, value] of Object.entries(fields)) {
      if (value !== undefined) yield `${part(name)}${String(value)}\r\n`;
    }
    yield part(field, `; filename="${quoted(file.fileName)}"\r\ncontent-type: ${file.contentType}`);
    if (file.body instanceof Uint8Array) yield file.body;
    else yield* file.body as AsyncIterable<Uint8Array>;
    yield `\r\n--${boundary}--\r\n`;
  }
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Readable.from(body(), { objectMode: false }),
  };
}

/** As browsers do it. Source: WHATWG HTML, "multipart/form-data encoding algorithm". */
const quoted = (name: string) => name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
