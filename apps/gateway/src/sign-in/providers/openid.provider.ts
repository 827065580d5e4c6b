import * as oidc from 'openid-client';
import { Discovery } from './discovery';
import {
  type AskProvider,
  type Attempt,
  type ClientSettings,
  type ProvenPerson,
  type ProviderAnswer,
  type SignInProvider,
  SignInRefused,
} from './sign-in-provider';

const SCOPE = 'openid profile email';

/** Any provider that keeps to OpenID Connect, such as Google. Source: OpenID Connect Core 1.0. */
export class OpenIdProvider implements SignInProvider {
  readonly amr: string;
  private readonly discovery: Discovery;

  constructor(
    readonly name: string,
    settings: ClientSettings & { readonly issuer: string },
    private readonly ask: AskProvider,
  ) {
    this.amr = `${name}_oidc`;
    this.discovery = new Discovery(settings, ask);
  }

  async authorizationUrl(attempt: Attempt): Promise<URL> {
    return (await this.discovery.get()).authorizationUrl(attempt, SCOPE);
  }

  async identify({ code, issuer }: ProviderAnswer, attempt: Attempt): Promise<ProvenPerson> {
    const { config } = await this.discovery.get();
    const cameBack = new URL(attempt.redirectUri);
    const query = { code, state: attempt.state, ...(issuer !== undefined && { iss: issuer }) };
    cameBack.search = String(new URLSearchParams(query));
    const claims = await this.ask('token', async () => {
      try {
        const tokens = await oidc.authorizationCodeGrant(config, cameBack, {
          pkceCodeVerifier: attempt.verifier,
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          idTokenExpected: true,
        });
        return tokens.claims()!;
      } catch (error) {
        throw refusalOf(error) ?? error;
      }
    });
    const text = (name: string) => (typeof claims[name] === 'string' ? claims[name] : undefined);
    const [name, email] = [text('name'), text('email')];
    return { externalId: claims.sub, name, label: email ?? name, locale: text('locale') };
  }
}

/** What means that the answer proves nothing, in contrast to a provider that cannot be reached or talks nonsense. */
function refusalOf(error: unknown): SignInRefused | undefined {
  if (error instanceof oidc.ResponseBodyError) {
    return error.status < 500 ? new SignInRefused(`token endpoint: ${error.error}`, { cause: error }) : undefined;
  }
  if (error instanceof oidc.AuthorizationResponseError) return new SignInRefused(error.error, { cause: error });
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !REFUSALS.has(code)) return undefined;
  return new SignInRefused(`${code}: ${(error as Error).message}`, { cause: error });
}

const REFUSALS = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
  'OAUTH_PARSE_ERROR',
]);
