import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  type AskProvider,
  type Attempt,
  type ClientSettings,
  type ProvenPerson,
  type ProviderAnswer,
  readJson,
  refusedBy,
  type SignInProvider,
  SignInRefused,
} from './sign-in-provider';

const TokenAnswer = z.object({ access_token: z.string() });
const Info = z.object({
  id: z.string().regex(/^\d+$/),
  client_id: z.string(),
  login: z.string().optional(),
  real_name: z.string().optional(),
  default_email: z.string().optional(),
});

/**
 * Yandex ID: OAuth 2.0 with PKCE, and an address that says whose a token is and which app it was made for.
 * Source: yandex.ru/dev/id/doc, "codes/code-url" and "user-information".
 */
export class YandexProvider implements SignInProvider {
  readonly name = 'yandex';
  readonly amr = 'yandex_oauth';

  constructor(
    private readonly settings: ClientSettings & { readonly url: string; readonly infoUrl: string },
    private readonly ask: AskProvider,
  ) {}

  authorizationUrl({ state, verifier, redirectUri }: Attempt): Promise<URL> {
    const url = new URL(`${this.settings.url}/authorize`);
    url.search = String(
      new URLSearchParams({
        response_type: 'code',
        client_id: this.settings.clientId,
        redirect_uri: redirectUri,
        scope: 'login:info',
        state,
        code_challenge: challengeOf(verifier),
        code_challenge_method: 'S256',
      }),
    );
    return Promise.resolve(url);
  }

  async identify({ code }: ProviderAnswer, { verifier, redirectUri }: Attempt): Promise<ProvenPerson> {
    const { url, infoUrl, clientId, clientSecret = '' } = this.settings;
    const token = await this.ask('token', async (signal) => {
      const response = await fetch(`${url}/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code,
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uri: redirectUri,
          code_verifier: verifier,
        }),
        redirect: 'error',
        signal,
      });
      const answer = await readJson(response);
      const { data } = TokenAnswer.safeParse(answer);
      if (!response.ok || !data) throw refusedBy('token endpoint', answer);
      return data.access_token;
    });
    const info = await this.ask('info', async (signal) => {
      const headers = { authorization: `OAuth ${token}` };
      const response = await fetch(`${infoUrl}/info?format=json`, { headers, redirect: 'error', signal });
      const { data } = Info.safeParse(await readJson(response));
      if (!response.ok || !data) throw new SignInRefused(`info: ${response.status}`);
      return data;
    });
    // A token of another app says nothing about who sits before this one.
    if (info.client_id !== clientId) throw new SignInRefused('the token belongs to another app');
    return { externalId: info.id, name: info.real_name || undefined, label: info.default_email ?? info.login };
  }
}

/** Source: RFC 7636 §4.2. */
export const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');
