import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { SandboxPerson } from './third-party';

/** Who may ask for a sign-in. `loopback` among its addresses stands for any on this machine, or at a name without a dot. */
export interface OAuthClient {
  id: string;
  secret: string;
  redirectUris: readonly string[];
}

export const OAuthClient = z.object({
  id: z.string().min(1),
  secret: z.string().min(1),
  redirectUris: z.array(z.string().min(1)).min(1),
});

/** How a test says that somebody opens an address of a provider in their browser, and decides. */
export const Visit = z.object({
  url: z.url(),
  /** Who; the first one there is unless told. */
  person: z.int().optional(),
  decline: z.boolean().default(false),
});

/** What a browser was sent with, as far as every dialect of OAuth has it. */
export interface AuthorizationRequest {
  id: string;
  client: string;
  redirectUri: string;
  responseType: string;
  scope: string[];
  state?: string;
  nonce?: string;
  challenge?: string;
  /** Seconds since the person has signed in there, at most. */
  maxAge?: number;
  /** Of a provider that says who answers (RFC 9207): its own address for browsers carries it. */
  issuer?: string;
  /** What the party has put beside it. */
  extra: Record<string, string>;
  /** Where the browser goes on, once the person has decided. */
  location?: string;
}

/** What a person has allowed. */
export interface Grant {
  request: AuthorizationRequest;
  person: SandboxPerson;
  /** Milliseconds. */
  at: number;
}

/** Shown to the person: it is not certain that the address to which the browser would be sent back is the client's. */
export class BadAuthorizationRequest extends Error {}

/** An answer of a token endpoint. Source: RFC 6749 §5.2. */
export class OAuthError extends Error {
  constructor(
    readonly error: string,
    readonly description: string,
    readonly status = 400,
  ) {
    super(description);
  }
}

const CODE_LIVES_MS = 600_000;
const KEPT = 1000;

/** The part that all providers share: who asks, what was allowed, and that a code counts once. */
export class AuthorizationServer {
  private clients = new Map<string, OAuthClient>();
  private requests = new Map<string, AuthorizationRequest>();
  private codes = new Map<string, Grant>();
  private grants = new Map<string, Grant>();

  constructor(
    clients: readonly OAuthClient[],
    private readonly options: {
      pkceRequired?: boolean;
      challengeMethods?: readonly string[];
      /** All there are; without them any scope is taken. */
      scopes?: readonly string[];
      /** Characters. */
      shortestState?: number;
      /** Whether a code is exchanged without the address for which it was made. */
      redirectUriOptional?: boolean;
      /** The status of `invalid_client`, where it is not 401. */
      clientRefusedWith?: number;
      /** Added to the address to which the browser is sent back. */
      alsoSentBack?: (request: AuthorizationRequest) => Record<string, string>;
      newCode?: () => string;
    } = {},
  ) {
    clients.forEach((client) => this.addClient(client));
  }

  addClient(client: OAuthClient): void {
    this.clients.set(client.id, client);
  }

  client(id: string): OAuthClient | undefined {
    return this.clients.get(id);
  }

  /**
   * A browser came.
   * @returns the request, for the person to decide; or the address to which it is sent back at once with an error
   * @throws BadAuthorizationRequest
   */
  begin(
    query: Readonly<Record<string, unknown>>,
    {
      responseTypes = ['code'],
      extra = {},
    }: { responseTypes?: readonly string[]; extra?: Record<string, string> } = {},
  ): AuthorizationRequest | string {
    const text = (name: string) => (typeof query[name] === 'string' ? (query[name] as string) : undefined);
    const client = this.clients.get(text('client_id') ?? '');
    if (!client) throw new BadAuthorizationRequest('There is no such client_id.');
    const redirectUri = text('redirect_uri') ?? client.redirectUris.find((uri) => uri !== LOOPBACK) ?? '';
    if (!isRegistered(client, redirectUri)) {
      throw new BadAuthorizationRequest('The redirect_uri is none of those that are registered for this client.');
    }
    const state = text('state');
    const challenge = text('code_challenge');
    const refuse = (error: string, error_description: string) =>
      withQuery(redirectUri, { error, error_description, ...(state !== undefined && { state }) });
    const responseType = text('response_type') ?? '';
    if (!responseTypes.includes(responseType)) return refuse('unsupported_response_type', 'response_type is "code".');
    const { challengeMethods = ['S256'], scopes, shortestState = 0 } = this.options;
    if (challenge && !challengeMethods.includes(text('code_challenge_method') ?? 'plain'))
      return refuse('invalid_request', 'code_challenge_method is S256.');
    if (!challenge && this.options.pkceRequired) return refuse('invalid_request', 'code_challenge is missing.');
    if ((state ?? '').length < shortestState)
      return refuse('invalid_request', `state has at least ${shortestState} characters.`);
    const scope = (text('scope') ?? '').split(/[ ,]+/).filter(Boolean);
    const unknown = scopes && scope.find((one) => !scopes.includes(one));
    if (unknown !== undefined) return refuse('invalid_scope', `There is no scope "${unknown}".`);
    const [nonce, maxAge, issuer] = [text('nonce'), text('max_age'), text('issuer')];
    const request: AuthorizationRequest = {
      id: randomBytes(12).toString('base64url'),
      client: client.id,
      redirectUri,
      responseType,
      scope,
      ...(state !== undefined && { state }),
      ...(nonce !== undefined && { nonce }),
      ...(challenge !== undefined && { challenge }),
      ...(maxAge !== undefined && { maxAge: Number(maxAge) }),
      ...(issuer !== undefined && { issuer }),
      extra,
    };
    keep(this.requests, request.id, request);
    return request;
  }

  pending(): AuthorizationRequest[] {
    return [...this.requests.values()].filter(({ location }) => location === undefined);
  }

  request(id: string): AuthorizationRequest | undefined {
    return this.requests.get(id);
  }

  /** @returns where the browser goes on */
  approve(request: AuthorizationRequest, person: SandboxPerson): string {
    const code = this.options.newCode?.() ?? randomBytes(24).toString('base64url');
    keep(this.codes, code, { request, person, at: Date.now() });
    return this.sendBack(request, { code, ...this.options.alsoSentBack?.(request) });
  }

  decline(request: AuthorizationRequest): string {
    return this.sendBack(request, { error: 'access_denied', error_description: 'The person declined.' });
  }

  /** Which client asks, by Basic or in the form, and that it knows its secret. @throws OAuthError */
  authenticate(form: URLSearchParams, authorization: string | undefined): OAuthClient {
    const [, basic] = /^Basic (.+)$/i.exec(authorization ?? '') ?? [];
    const [id, secret] = basic
      ? Buffer.from(basic, 'base64').toString().split(/:(.*)/s).map(formDecoded)
      : [form.get('client_id') ?? '', form.get('client_secret') ?? ''];
    const client = this.clients.get(id ?? '');
    if (!client || client.secret !== secret)
      throw new OAuthError('invalid_client', 'Client authentication failed.', this.options.clientRefusedWith ?? 401);
    return client;
  }

  /** What a code stands for; afterwards it stands for nothing. @throws OAuthError */
  redeem(form: URLSearchParams, client: OAuthClient): Grant {
    if (form.get('grant_type') !== 'authorization_code') {
      throw new OAuthError('unsupported_grant_type', 'grant_type is "authorization_code".');
    }
    const code = form.get('code');
    const grant = code === null ? undefined : this.codes.get(code);
    if (!grant || Date.now() - grant.at > CODE_LIVES_MS || grant.request.client !== client.id) {
      throw new OAuthError('invalid_grant', 'The code is invalid, expired, or was used before.');
    }
    this.codes.delete(code!);
    const { redirectUri, challenge } = grant.request;
    if (!form.has('redirect_uri') && !this.options.redirectUriOptional)
      throw new OAuthError('invalid_request', 'redirect_uri is missing.');
    if (form.has('redirect_uri') && form.get('redirect_uri') !== redirectUri)
      throw new OAuthError('invalid_grant', 'The redirect_uri is another than the one of the authorization.');
    if (challenge && challenge !== challengeOf(form.get('code_verifier') ?? ''))
      throw new OAuthError('invalid_grant', 'The code_verifier does not fit the code_challenge.');
    return grant;
  }

  /** An access token for what was allowed. */
  accessTokenFor(grant: Grant, prefix = ''): string {
    const token = prefix + randomBytes(32).toString('base64url');
    keep(this.grants, token, grant);
    return token;
  }

  grantOf(accessToken: string): Grant | undefined {
    return this.grants.get(accessToken);
  }

  /** What was given out, the oldest first. */
  issued(): { client: string; person: number }[] {
    return [...this.grants.values()].map(({ request, person }) => ({ client: request.client, person: person.id }));
  }

  forget(): void {
    for (const map of [this.requests, this.codes, this.grants]) map.clear();
  }

  save(): object {
    const { clients, requests, codes, grants } = this;
    return { clients: [...clients], requests: [...requests], codes: [...codes], grants: [...grants] };
  }

  restore(source: unknown): void {
    if (!source) return;
    const saved = Saved.parse(source);
    // Those of the options stay, in case the operator changed them.
    this.clients = new Map([...saved.clients, ...this.clients]);
    this.requests = new Map(saved.requests);
    this.codes = new Map(saved.codes);
    this.grants = new Map(saved.grants);
  }

  private sendBack(request: AuthorizationRequest, answer: Record<string, string>): string {
    request.location = withQuery(request.redirectUri, {
      ...answer,
      ...(request.state !== undefined && { state: request.state }),
      ...(request.issuer !== undefined && { iss: request.issuer }),
    });
    return request.location;
  }
}

const Entries = <T>() => z.array(z.tuple([z.string(), z.custom<T>()]));
const Saved = z.object({
  clients: Entries<OAuthClient>(),
  requests: Entries<AuthorizationRequest>(),
  codes: Entries<Grant>(),
  grants: Entries<Grant>(),
});

const LOOPBACK = 'loopback';

function isRegistered({ redirectUris }: OAuthClient, uri: string): boolean {
  if (redirectUris.includes(uri)) return true;
  if (!redirectUris.includes(LOOPBACK) || !URL.canParse(uri)) return false;
  const { hostname, protocol } = new URL(uri);
  return /^https?:$/.test(protocol) && (/^(127\.0\.0\.1|\[::1\])$/.test(hostname) || !/[.:]/.test(hostname));
}

export function withQuery(address: string, query: Record<string, string>): string {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

/** Source: RFC 7636 §4.2. */
const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

/** Source: RFC 6749 §2.3.1: each half is form-encoded before it becomes Basic. */
const formDecoded = (text: string) => new URLSearchParams(`v=${text}`).get('v')!;

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size > KEPT) map.delete(map.keys().next().value!);
}
