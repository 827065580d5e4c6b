import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { type Discovered, Discovery } from './discovery';
import {
  type AskProvider,
  type Attempt,
  type ClientSettings,
  isTokenRefused,
  NumericId,
  type ProvenPerson,
  type ProviderAnswer,
  readJson,
  refusedBy,
  type SignInProvider,
  SignInRefused,
} from './sign-in-provider';

const SCOPE = 'openid profile';
/** Seconds since the token was given out: it comes straight from there. */
const MAX_AGE = 600;
const CLOCK_SKEW = 60;

const TokenAnswer = z.object({ id_token: z.string() });

const Claims = z.object({
  aud: z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()]))]),
  nonce: z.string().optional(),
  /** Of the person. `sub` is none: it has nineteen digits or twenty, and is another one at each site. */
  id: NumericId,
  name: z.string().optional(),
  preferred_username: z.string().optional(),
});

/**
 * Telegram's OpenID Connect. Everything is in the id_token, whose `aud` may be a number: stock clients refuse that, so the token is
 * verified here. The nonce may not come back: state, verifier and secret bind the answer to the attempt without it.
 * Source: core.telegram.org/bots/telegram-login.
 */
export class TelegramProvider implements SignInProvider {
  readonly name = 'telegram';
  readonly amr = 'tg_oidc';
  private readonly discovery: Discovery;
  private keys: { readonly uri: string; readonly get: ReturnType<typeof createRemoteJWKSet> } | undefined;

  constructor(
    private readonly settings: ClientSettings & { readonly issuer: string; readonly algorithm: string },
    private readonly ask: AskProvider,
  ) {
    this.discovery = new Discovery(settings, ask);
  }

  async authorizationUrl(attempt: Attempt): Promise<URL> {
    return (await this.discovery.get()).authorizationUrl(attempt, SCOPE);
  }

  async identify({ code }: ProviderAnswer, attempt: Attempt): Promise<ProvenPerson> {
    const discovered = await this.discovery.get();
    const token = await this.ask('token', (signal) => this.exchange(discovered, code, attempt, signal));
    const claims = await this.ask('keys', () => this.verify(discovered, token));
    const audiences = [claims.aud].flat().map(String);
    if (audiences.length !== 1 || audiences[0] !== this.settings.clientId) throw new SignInRefused('aud');
    if (claims.nonce !== undefined && claims.nonce !== attempt.nonce) throw new SignInRefused('nonce');
    const { id, name, preferred_username: username } = claims;
    return { externalId: id, name, label: username ? `@${username}` : name };
  }

  private async exchange(
    { metadata }: Discovered,
    code: string,
    { verifier, redirectUri }: Attempt,
    signal: AbortSignal,
  ): Promise<string> {
    const { clientId, clientSecret = '' } = this.settings;
    const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':');
    const response = await fetch(metadata.token_endpoint!, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}`, accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      }),
      redirect: 'error',
      signal,
    });
    const answer = await readJson(response);
    if (!response.ok) throw refusedBy('token endpoint', answer);
    const { data } = TokenAnswer.safeParse(answer);
    if (!data) throw new SignInRefused('no id_token');
    return data.id_token;
  }

  private async verify({ metadata }: Discovered, token: string): Promise<z.output<typeof Claims>> {
    const uri = metadata.jwks_uri!;
    if (this.keys?.uri !== uri) {
      // Keys are asked for anew at once when one is unknown: tokens come from the provider itself, so nobody can make us ask.
      this.keys = { uri, get: createRemoteJWKSet(new URL(uri), { cooldownDuration: 0 }) };
    }
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, this.keys.get, {
        issuer: metadata.issuer,
        algorithms: [this.settings.algorithm],
        requiredClaims: ['exp', 'iat'],
        maxTokenAge: MAX_AGE,
        clockTolerance: CLOCK_SKEW,
      }));
    } catch (error) {
      if (isTokenRefused(error)) throw new SignInRefused(`id_token: ${error.code} ${error.message}`, { cause: error });
      throw error;
    }
    const { data, error } = Claims.safeParse(payload);
    if (!data) throw new SignInRefused(`id_token: ${error.issues.map(({ path }) => path.join('.')).join(', ')}`);
    return data;
  }
}
