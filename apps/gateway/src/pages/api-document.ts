import { mergedOpenApi, routes } from '@switchboard/contracts';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Encoding, pack } from './page-files';
import { encodingFor } from './send-page';

/** The OpenAPI document of all services, with the address at which this installation serves them. */
export class ApiDocument {
  private readonly packed = new Map<Encoding, Promise<Buffer>>();
  private text: { readonly bytes: Buffer; readonly tag: string } | undefined;

  constructor(private readonly publicUrl: string) {}

  async send(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { bytes, tag } = (this.text ??= this.write());
    const encoding = encodingFor(request);
    response.setHeader('cache-control', 'no-cache');
    // There is nothing in it that is not in the source, and tools on pages of others read it.
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('content-type', 'application/json');
    response.setHeader('etag', tag);
    response.setHeader('vary', 'Accept-Encoding');
    response.setHeader('x-content-type-options', 'nosniff');
    if (isKnown(request.headers['if-none-match'], tag)) return void response.writeHead(304).end();
    if (encoding !== 'identity') response.setHeader('content-encoding', encoding);
    const sent = this.packed.get(encoding) ?? pack(bytes, encoding);
    this.packed.set(encoding, sent);
    response.end(request.method === 'HEAD' ? undefined : await sent);
  }

  private write() {
    const servers = [{ url: this.publicUrl.replace(/\/$/, '') }];
    const bytes = Buffer.from(JSON.stringify({ ...mergedOpenApi(routes), servers }));
    // Weak: packed and plain it has the same one.
    return { bytes, tag: `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` };
  }
}

/** Source: RFC 9110 §13.1.2, weak comparison. */
const isKnown = (header: string | undefined, tag: string): boolean =>
  header !== undefined &&
  header.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === tag.slice(2));
