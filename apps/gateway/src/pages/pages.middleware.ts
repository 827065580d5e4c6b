import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { randomBytes } from 'node:crypto';
import { type Encoding, PageFiles } from './page-files';

const FOR_EVER = 'public, max-age=31536000, immutable';

/** Serves the console, which is the area of persons as well: one page, which finds out by its address what it shows. */
@Injectable()
export class PagesMiddleware implements NestMiddleware {
  private readonly console = PageFiles.of('console');

  async use(request: Request, response: Response, next: NextFunction): Promise<void> {
    const { method } = request;
    // Express takes what a middleware is mounted at out of `path`, and this one is mounted at everything.
    const [path = '/'] = request.originalUrl.split('?', 1);
    if (method !== 'GET' && method !== 'HEAD') return next();
    if (path === '/') return response.redirect('/console/');
    const [, area, folder, name, ...deeper] = path.split('/');
    if (area !== 'console' && area !== 'me') return next();
    if (area === 'console' && folder === 'assets' && deeper.length === 0)
      return this.sendAsset(name ?? '', request, response, next);
    return this.sendPage(response, next);
  }

  private async sendAsset(name: string, request: Request, response: Response, next: NextFunction): Promise<void> {
    const encoding = (request.acceptsEncodings('br', 'gzip', 'identity') || 'identity') as Encoding;
    const file = await this.console.asset(name, encoding);
    if (!file) return next();
    response.set({ 'cache-control': FOR_EVER, 'content-type': file.type, vary: 'Accept-Encoding' });
    if (file.encoding !== 'identity') response.set('content-encoding', file.encoding);
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  }

  private async sendPage(response: Response, next: NextFunction): Promise<void> {
    const page = await this.console.page();
    if (page === undefined) return next();
    // One style of React Aria stands in the page, and knows the nonce by this.
    const nonce = randomBytes(16).toString('base64url');
    const meta = `<meta property="csp-nonce" nonce="${nonce}" />`;
    response.set({ 'cache-control': 'no-cache', 'content-security-policy': policyFor(nonce) });
    response.type('html').send(page.replace('</head>', `  ${meta}\n  </head>`));
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
