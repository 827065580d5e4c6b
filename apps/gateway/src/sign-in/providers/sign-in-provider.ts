import { errors } from 'jose';
import { z } from 'zod';

/** A number in one answer and a text in another; those of persons stay below 2^53. */
export const NumericId = z.union([z.int().positive(), z.string().regex(/^[1-9]\d{0,15}$/)]).transform(String);

/** What is remembered of an attempt while its browser is away. */
export interface Attempt {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE, RFC 7636. */
  readonly verifier: string;
  readonly redirectUri: string;
}

/** What the provider has given the browser to bring back. */
export interface ProviderAnswer {
  readonly code: string;
  readonly deviceId?: string | undefined;
  readonly issuer?: string | undefined;
}

/** Somebody who has proven who they are elsewhere. */
export interface ProvenPerson {
  /** By which the provider knows them, and which never becomes somebody else's. */
  readonly externalId: string;
  readonly name?: string | undefined;
  /** How they know the account themselves: an address, a user name. */
  readonly label?: string | undefined;
  readonly locale?: string | undefined;
}

/** One kind of account elsewhere. */
export interface SignInProvider {
  /** `telegram`; also the channel of its identities. */
  readonly name: string;
  /** How a session began, RFC 8176. */
  readonly amr: string;
  /** Where the browser is sent. */
  authorizationUrl(attempt: Attempt): Promise<URL>;
  /** Who it is. Throws SignInRefused, and what ends a call to a third party. */
  identify(answer: ProviderAnswer, attempt: Attempt): Promise<ProvenPerson>;
}

/** What came back proves nothing. The reason is for the log: who tries tokens learns nothing from it. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`the sign-in was refused: ${reason}`, options);
  }
}

/** The provider refuses this site, whoever signs in: its registration or its secret is another one than configured. */
export class SignInMisconfigured extends Error {
  override readonly name = 'SignInMisconfigured';

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`the provider refuses this site: ${reason}`, options);
  }
}

/** The app that is registered with a provider. */
export interface ClientSettings {
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
}

/** About a site, and not about who signs in. Source: RFC 6749 §5.2; `redirect_uri_mismatch` is Google's. */
const AGAINST_THE_SITE: ReadonlySet<unknown> = new Set([
  'invalid_client',
  'unauthorized_client',
  'redirect_uri_mismatch',
]);

/** What an endpoint of OAuth means by its refusal. @param answer its JSON, as far as there is one */
export function refusedBy(endpoint: string, answer: unknown, cause?: unknown): SignInRefused | SignInMisconfigured {
  const { error } = (answer ?? {}) as { error?: unknown };
  const reason = `${endpoint}: ${typeof error === 'string' ? error : 'an answer without what was asked for'}`;
  return AGAINST_THE_SITE.has(error)
    ? new SignInMisconfigured(reason, { cause })
    : new SignInRefused(reason, { cause });
}

/** Whether it speaks for a provider in trouble. */
export const isOutage = (error: unknown): boolean =>
  !(error instanceof SignInRefused || error instanceof SignInMisconfigured);

/** Calls one provider: with a deadline, a breaker and a metric. Nothing is repeated, because a code counts once. */
export type AskProvider = <T>(operation: string, work: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/** The JSON of an answer below 500. Throws an Error for the rest: then the provider is in trouble, and nobody was refused. */
export async function readJson(response: Response): Promise<unknown> {
  if (response.status >= 500 || response.status === 429) {
    await response.body?.cancel();
    throw new Error(`${new URL(response.url).pathname} was answered with ${response.status}`);
  }
  return response.json().catch(() => undefined);
}

/** Whether a JWT that was not verified is to blame, and not the way to the keys. */
export const isTokenRefused = (error: unknown): error is errors.JOSEError =>
  error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== 'ERR_JOSE_GENERIC';
