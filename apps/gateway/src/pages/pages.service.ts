import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, HttpProblem, type Language } from '@switchboard/service-kit';
import accepts from 'accepts';
import { parseCookie } from 'cookie';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SiteConfig } from '../sessions/site.config';
import { ApiDocument } from './api-document';
import { apiPage } from './api-page';
import { PageFiles } from './page-files';
import { problemList, problemPage } from './problem-pages';
import { aNonce, contentPolicy, encodingFor, sendPage } from './send-page';

/** A person's own area opens as a Web App of a bot, which Telegram in a browser shows in a frame. */
const FRAMED_BY_TELEGRAM = { 'frame-ancestors': 'https://*.telegram.org' };
const FOR_EVER = 'public, max-age=31536000, immutable';

/**
 * Serves what is for reading: the console, which is the area of persons and their shops as well (one page, which finds out by its
 * address what it shows), the API document and its page, and what problems mean.
 */
@Injectable()
export class PagesService {
  private readonly console = PageFiles.of('console');
  private readonly document: ApiDocument;

  constructor(@Inject(CONFIG) config: SiteConfig) {
    this.document = new ApiDocument(config.GATEWAY_PUBLIC_URL);
  }

  /** @throws HttpProblem for what is not there */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '/', query] = request.url!.split('?', 2) as [string, string?];
    const [, area = '', name = '', ...deeper] = path.split('/');
    const serve = this.pageAt(area, name, deeper, new URLSearchParams(query));
    if (!path.startsWith('/') || !serve) throw new HttpProblem('not_found');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      throw new HttpProblem('method_not_allowed');
    }
    await serve(request, response);
  }

  private pageAt(area: string, name: string, deeper: readonly string[], query: URLSearchParams): Serve | undefined {
    const isOne = name === '' && deeper.length === 0;
    switch (area) {
      case '':
        return isOne ? toStart : undefined;
      case 'console':
        if (name !== 'assets') return (...exchange) => this.sendConsole(...exchange);
        return deeper.length === 1 ? (...exchange) => this.sendAsset(deeper[0]!, ...exchange) : undefined;
      case 'me':
        return (...exchange) => this.sendConsole(...exchange, FRAMED_BY_TELEGRAM);
      case 'shop':
        return name !== '' && deeper.length === 0 ? (...exchange) => this.sendConsole(...exchange) : undefined;
      case 'docs':
        return isOne ? (...exchange) => sendPage(...exchange, apiPage()) : undefined;
      case 'openapi.json':
        return isOne ? (...exchange) => this.document.send(...exchange) : undefined;
      case 'problems':
        if (deeper.length > 0) return undefined;
        return (request, response) => {
          const language = languageFor(request, query);
          sendPage(request, response, name === '' ? problemList(language) : problemPage(name, language));
        };
    }
  }

  private async sendAsset(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const file = await this.console.asset(name, encodingFor(request));
    if (!file) throw new HttpProblem('not_found');
    response.setHeader('cache-control', FOR_EVER);
    response.setHeader('content-type', file.type);
    response.setHeader('vary', 'Accept-Encoding');
    response.setHeader('x-content-type-options', 'nosniff');
    if (file.encoding !== 'identity') response.setHeader('content-encoding', file.encoding);
    response.end(request.method === 'HEAD' ? undefined : file.bytes);
  }

  private async sendConsole(
    request: IncomingMessage,
    response: ServerResponse,
    directives: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const page = await this.console.page();
    if (page === undefined) throw new HttpProblem('not_found');
    // One style of React Aria stands in the page, and knows the nonce by this.
    const nonce = aNonce();
    const html = page.replace('</head>', `  <meta property="csp-nonce" nonce="${nonce}" />\n  </head>`);
    const policy = contentPolicy({ 'style-src': `'self' 'nonce-${nonce}'`, ...directives });
    sendPage(request, response, { html, policy });
  }
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A browser in which a person is signed in, and no member of staff, goes to what is theirs. */
function toStart({ headers }: IncomingMessage, response: ServerResponse): void {
  const cookies = parseCookie(headers.cookie ?? '');
  const isPerson = '__Host-person' in cookies && !('__Host-staff' in cookies);
  response.writeHead(302, { location: isPerson ? '/me' : '/console/', vary: 'Cookie' }).end();
}

function languageFor(request: IncomingMessage, query: URLSearchParams): Language {
  const asked = query.get('lang');
  if (asked === 'en' || asked === 'ru') return asked;
  return accepts(request).language(['en', 'ru']) === 'ru' ? 'ru' : 'en';
}
