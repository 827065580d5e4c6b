import * as oidc from 'openid-client';
import { Discovery } from './discovery';
import {
  type AskProvider,
  type Attempt,
  type ClientSettings,
  type ProvenPerson,
  type ProviderAnswer,
  refusedBy,
  type SignInMisconfigured,
  type SignInProvider,
  SignInRefused,
} from './sign-in-provider';

const SCOPE = 'openid profile email';

/** What else has to hold of an answer, beside that it is one to the attempt. */
export interface ClaimChecks {
  /** Seconds since the person has signed in at the provider. */
  readonly maxAge?: number | undefined;
  /** Claims that are asked for at the provider when the id_token, which some keep thin, lacks one of them. */
  readonly needed?: readonly string[];
}

/** Any provider that keeps to OpenID Connect, such as Google. Source: OpenID Connect Core 1.0. */
export class OpenIdProvider implements SignInProvider {
  readonly amr: string;
  private readonly discovery: Discovery;

  constructor(
    readonly name: string,
    settings: ClientSettings & { readonly issuer: string },
    private readonly ask: AskProvider,
    private readonly scope = SCOPE,
  ) {
    this.amr = `${name}_oidc`;
    this.discovery = new Discovery(settings, ask);
  }

  /** @param more parameters for this provider alone, such as `prompt` */
  async authorizationUrl(attempt: Attempt, more: Readonly<Record<string, string>> = {}): Promise<URL> {
    const url = await (await this.discovery.get()).authorizationUrl(attempt, this.scope);
    for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
    return url;
  }

  async identify(answer: ProviderAnswer, attempt: Attempt): Promise<ProvenPerson> {
    const claims = await this.claims(answer, attempt);
    const text = (name: string) => (typeof claims[name] === 'string' ? claims[name] : undefined);
    const [name, email] = [text('name'), text('email')];
    return { externalId: claims.sub, name, label: email ?? name, locale: text('locale') };
  }

  /** What the provider says of whoever has signed in. Throws SignInRefused, and what ends a call to a third party. */
  async claims(
    { code, issuer }: ProviderAnswer,
    attempt: Attempt,
    { maxAge, needed = [] }: ClaimChecks = {},
  ): Promise<oidc.IDToken> {
    const { config, metadata } = await this.discovery.get();
    const cameBack = new URL(attempt.redirectUri);
    const query = { code, state: attempt.state, ...(issuer !== undefined && { iss: issuer }) };
    cameBack.search = String(new URLSearchParams(query));
    return this.ask('token', async () => {
      try {
        const tokens = await oidc.authorizationCodeGrant(config, cameBack, {
          pkceCodeVerifier: attempt.verifier,
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          idTokenExpected: true,
          ...(maxAge !== undefined && { maxAge }),
        });
        const claims = tokens.claims()!;
        if (needed.every((name) => name in claims) || !metadata.userinfo_endpoint) return claims;
        return { ...(await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)), ...claims };
      } catch (error) {
        throw refusalOf(error) ?? error;
      }
    });
  }

  /** Where the keys of the provider are, and what it calls itself. */
  async metadata(): Promise<oidc.ServerMetadata> {
    return (await this.discovery.get()).metadata;
  }
}

/** What means that the answer proves nothing, in contrast to a provider that cannot be reached or talks nonsense. */
function refusalOf(error: unknown): SignInRefused | SignInMisconfigured | undefined {
  if (error instanceof oidc.ResponseBodyError) {
    return error.status < 500 ? refusedBy('token endpoint', error, error) : undefined;
  }
  if (error instanceof oidc.WWWAuthenticateChallengeError) {
    // RFC 6749 §5.2: so a client is refused that has sent its secret by Basic; `Bearer` is about the access token.
    const [{ scheme, parameters }] = error.cause as [oidc.WWWAuthenticateChallenge];
    const told = parameters.error ?? (scheme === 'basic' ? 'invalid_client' : undefined);
    return error.status < 500 ? refusedBy(`challenge of ${scheme}`, { error: told }, error) : undefined;
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
