import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, EXPOSED_HEADERS, HttpProblem } from '@switchboard/service-kit';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SiteConfig } from '../sessions/site.config';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** What pages of other sites may do with the sessions of a browser: nothing, but for those of HTTP_CORS_ORIGINS. */
@Injectable()
export class CrossOriginPolicy {
  constructor(@Inject(CONFIG) private readonly config: SiteConfig & { HTTP_CORS_ORIGINS: string[] }) {}

  /** Lets pages of the named origins read the answer. @returns whether this was all that was asked */
  answersPreflight(request: IncomingMessage, response: ServerResponse): boolean {
    const { origin } = request.headers;
    if (origin === undefined || !this.config.HTTP_CORS_ORIGINS.includes(origin)) return false;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('access-control-expose-headers', EXPOSED_HEADERS.join(', '));
    response.appendHeader('vary', 'Origin');
    if (request.method !== 'OPTIONS' || !request.headers['access-control-request-method']) return false;
    response.setHeader('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE');
    response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '');
    response.setHeader('access-control-max-age', '600');
    response.writeHead(204).end();
    return true;
  }

  /** A browser says from which page a request comes. @throws HttpProblem 403 when somebody else's page would change something */
  refuseForeignPages({ method = 'GET', headers }: IncomingMessage): void {
    if (SAFE_METHODS.includes(method)) return;
    const { origin, 'sec-fetch-site': site } = headers;
    if (origin !== undefined && this.config.HTTP_CORS_ORIGINS.includes(origin)) return;
    const isForeign =
      site !== undefined ? site !== 'same-origin' && site !== 'none' : origin !== undefined && !this.isOwn(headers);
    if (isForeign) throw new HttpProblem('cross_site_request');
  }

  /** Also by the name under which it was asked, since an installation may have several. */
  private isOwn({ origin, host }: IncomingMessage['headers']): boolean {
    return (
      URL.canParse(origin!) && [new URL(this.config.GATEWAY_PUBLIC_URL).host, host].includes(new URL(origin!).host)
    );
  }
}
