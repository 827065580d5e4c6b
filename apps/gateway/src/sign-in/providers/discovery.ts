import * as oidc from 'openid-client';
import type { AskProvider, Attempt, ClientSettings } from './sign-in-provider';

/** What an issuer says of itself, and how it is asked. */
export interface Discovered {
  readonly config: oidc.Configuration;
  readonly metadata: oidc.ServerMetadata;
  authorizationUrl(attempt: Attempt, scope: string): Promise<URL>;
}

/** Endpoints move once in years. */
const FRESH_FOR_MS = 24 * 3_600_000;
/** Seconds; the policy around each call is quicker. */
const TIMEOUT = 15;

/** The description of an OpenID provider: asked for when it is needed, and kept for a day. A failure is not kept. */
export class Discovery {
  private known: { readonly at: number; readonly discovered: Discovered } | undefined;

  constructor(
    private readonly settings: ClientSettings & { readonly issuer: string },
    private readonly ask: AskProvider,
  ) {}

  async get(): Promise<Discovered> {
    if (this.known && performance.now() - this.known.at < FRESH_FOR_MS) return this.known.discovered;
    const discovered = await this.ask('discovery', () => this.discover());
    this.known = { at: performance.now(), discovered };
    return discovered;
  }

  private async discover(): Promise<Discovered> {
    const { issuer, clientId, clientSecret } = this.settings;
    const config = await oidc.discovery(new URL(issuer), clientId, undefined, authenticationWith(clientSecret), {
      timeout: TIMEOUT,
      // Signatures are checked although the token comes by TLS from the provider: TLS ends at a proxy in many places.
      execute: [oidc.enableNonRepudiationChecks, ...(issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [])],
    });
    const metadata = config.serverMetadata();
    return {
      config,
      metadata,
      authorizationUrl: async ({ state, nonce, verifier, redirectUri }, scope) =>
        oidc.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope,
          state,
          nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        }),
    };
  }
}

/** The secret goes by Basic unless the provider takes it in the form alone. Source: OpenID Connect Discovery 1.0 §3. */
function authenticationWith(secret: string | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None();
  const [basic, form] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, ...call) => {
    const { token_endpoint_auth_methods_supported: taken } = server;
    return ((taken?.includes('client_secret_basic') ?? true) ? basic : form)(server, ...call);
  };
}
