import accepts from 'accepts';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Encoding } from './page-files';

/** The best that the browser unpacks. */
export const encodingFor = (request: IncomingMessage): Encoding =>
  (accepts(request).encoding(['br', 'gzip', 'identity']) || 'identity') as Encoding;

/** By which a page says that a script or a style is its own. */
export const aNonce = (): string => randomBytes(16).toString('base64url');

/** What holds of every page; `directives` replace those of the same name, and the rest comes besides. */
export function contentPolicy(directives: Readonly<Record<string, string>>): string {
  const all = { ...POLICY, ...directives };
  return Object.entries(all)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');
}

const POLICY = {
  'default-src': "'self'",
  'img-src': "'self' data: blob:",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
};

export interface Page {
  readonly html: string;
  readonly policy: string;
  readonly status?: number;
  /** Of the text, when it was chosen by what the browser prefers. */
  readonly language?: string;
}

export function sendPage(request: IncomingMessage, response: ServerResponse, page: Page): void {
  response.setHeader('cache-control', 'no-cache');
  response.setHeader('content-security-policy', page.policy);
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('x-content-type-options', 'nosniff');
  if (page.language) {
    response.setHeader('content-language', page.language);
    response.setHeader('vary', 'Accept-Language');
  }
  response.statusCode = page.status ?? 200;
  response.end(request.method === 'HEAD' ? undefined : page.html);
}
