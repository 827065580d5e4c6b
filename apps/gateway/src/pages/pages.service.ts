import { Injectable } from '@nestjs/common';
import { HttpProblem } from '@switchboard/service-kit';
import accepts from 'accepts';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Encoding, PageFiles } from './page-files';

const FOR_EVER = 'public, max-age=31536000, immutable';

/** Serves the console, which is the area of persons as well: one page, which finds out by its address what it shows. */
@Injectable()
export class PagesService {
  private readonly console = PageFiles.of('console');

  /** @throws HttpProblem for what is not there */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const { pathname } = new URL(url, 'http://localhost');
    const [, area, folder, name, ...deeper] = pathname.split('/');
    if (pathname !== '/' && area !== 'console' && area !== 'me') throw new HttpProblem('not_found');
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      throw new HttpProblem('method_not_allowed');
    }
    if (pathname === '/') return void response.writeHead(302, { location: '/console/' }).end();
    if (area === 'console' && folder === 'assets' && deeper.length === 0)
      return this.sendAsset(name ?? '', request, response);
    return this.sendPage(request, response);
  }

  private async sendAsset(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const encoding = (accepts(request).encoding(['br', 'gzip', 'identity']) || 'identity') as Encoding;
    const file = await this.console.asset(name, encoding);
    if (!file) throw new HttpProblem('not_found');
    response.setHeader('cache-control', FOR_EVER);
    response.setHeader('content-type', file.type);
    response.setHeader('vary', 'Accept-Encoding');
    response.setHeader('x-content-type-options', 'nosniff');
    if (file.encoding !== 'identity') response.setHeader('content-encoding', file.encoding);
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  }

  private async sendPage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const page = await this.console.page();
    if (page === undefined) throw new HttpProblem('not_found');
    // One style of React Aria stands in the page, and knows the nonce by this.
    const nonce = randomBytes(16).toString('base64url');
    const meta = `<meta property="csp-nonce" nonce="${nonce}" />`;
    response.setHeader('cache-control', 'no-cache');
    response.setHeader('content-security-policy', policyFor(nonce));
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('referrer-policy', 'no-referrer');
    response.setHeader('x-content-type-options', 'nosniff');
    response.end(request.method === 'HEAD' ? undefined : page.replace('</head>', `  ${meta}\n  </head>`));
  }
}

const policyFor = (nonce: string): string =>
  [
    "default-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
