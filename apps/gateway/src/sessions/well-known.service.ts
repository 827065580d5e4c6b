import { Injectable } from '@nestjs/common';
import { HttpProblem } from '@switchboard/service-kit';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AccessTokens } from './access-tokens.service';
import { ALGORITHM, SigningKeys } from './signing-keys.service';

const JWKS = '/.well-known/jwks.json';
/** Enough for a key that is told of a day before it signs. */
const CACHE = 'public, max-age=600';

/** By what others check access tokens: the keys, and where they are. Sources: RFC 7517, OpenID Connect Discovery 1.0. */
@Injectable()
export class WellKnownService {
  constructor(
    private readonly keys: SigningKeys,
    private readonly tokens: AccessTokens,
  ) {}

  /** @throws HttpProblem for what is not there */
  async answer({ method = 'GET', url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const document = await this.documentAt(new URL(url, 'http://localhost').pathname);
    if (!document) throw new HttpProblem('not_found');
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      throw new HttpProblem('method_not_allowed');
    }
    response.setHeader('cache-control', CACHE);
    response.setHeader('content-type', 'application/json');
    // Keys are for whoever wants to check.
    response.setHeader('access-control-allow-origin', '*');
    response.end(method === 'HEAD' ? undefined : JSON.stringify(document));
  }

  private async documentAt(path: string): Promise<object | undefined> {
    if (path === JWKS) return this.keys.publicKeys();
    if (path !== '/.well-known/openid-configuration') return undefined;
    const { issuer } = this.tokens;
    return {
      issuer,
      jwks_uri: issuer + JWKS,
      id_token_signing_alg_values_supported: [ALGORITHM],
      subject_types_supported: ['public'],
      response_types_supported: ['code'],
    };
  }
}
