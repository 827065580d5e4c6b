import { Inject, Injectable } from '@nestjs/common';
import type { LinkIdentity } from '@switchboard/contracts';
import { type AnswerOf, Clock, CONFIG, ResiliencePolicy } from '@switchboard/service-kit';
import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import { Registry } from 'prom-client';
import { z } from 'zod';
import type { SessionWanted } from '../sessions/app-sessions.service';
import { isTokenRefused, SignInRefused } from './providers/sign-in-provider';
import type { Http } from './sign-in-cookies';
import type { SignInConfig } from './sign-in.config';
import { type Account, type BroughtProof, ProviderUnknown, type SignedIn, SignInService } from './sign-in.service';

const SUPABASE: Account = { name: 'supabase', amr: 'supabase' };
const AUTHENTICATED = 'authenticated';
/** Of signing keys, which are public. */
const ASYMMETRIC = ['ES256', 'RS256', 'EdDSA'];
/** Of the shared secret that older projects sign with. */
const SHARED = 'HS256';
/** Seconds. */
const CLOCK_SKEW = 60;
const TIMEOUT_MS = 5000;

/** `user_metadata` is left alone: people change theirs as they like. */
const Claims = z.object({
  sub: z.uuid(),
  role: z.literal(AUTHENTICATED),
  is_anonymous: z.literal(false).optional(),
  email: z.string().optional(),
  amr: z.array(z.object({ timestamp: z.number().optional() })).catch([]),
});

/**
 * People sign in with the access token of a Supabase project: it is verified once, and swapped for a session of ours, which ends when
 * they end it here. What they may see is decided by their userId, as for everybody else. Source: supabase.com/docs/guides/auth/jwts.
 */
@Injectable()
export class SupabaseSignInService {
  private readonly issuer: string | undefined;
  private readonly secret: Uint8Array | undefined;
  private readonly keys: ReturnType<typeof createRemoteJWKSet> | undefined;
  private readonly policy: ResiliencePolicy;

  constructor(
    private readonly signIn: SignInService,
    private readonly clock: Clock,
    @Inject(CONFIG)
    { GATEWAY_SIGN_IN_SUPABASE_ISSUER: issuer, GATEWAY_SIGN_IN_SUPABASE_JWT_SECRET: secret }: SignInConfig,
    registry: Registry,
  ) {
    this.issuer = issuer;
    this.secret = secret === undefined ? undefined : new TextEncoder().encode(secret);
    // Anybody may bring a token of an unknown key, so keys are asked for anew twice a minute at most: the default.
    this.keys = issuer === undefined ? undefined : createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
    this.policy = new ResiliencePolicy({
      ...{ name: SUPABASE.name, registry, timeoutMs: TIMEOUT_MS },
      isOutage: (error) => !(error instanceof SignInRefused),
    });
  }

  /** @throws ProviderUnknown, SignInFailed, ProviderUnavailable */
  async begin(http: Http, token: string, wanted: SessionWanted): Promise<Omit<SignedIn, 'returnTo'>> {
    this.assertOffered();
    return this.signIn.withProof(http, SUPABASE, () => this.provenBy(token), wanted);
  }

  /** @throws ProviderUnknown, SignInFailed, ProviderUnavailable, and what IdentitiesService.link throws */
  async link(userId: string, token: string): Promise<AnswerOf<typeof LinkIdentity>> {
    this.assertOffered();
    return this.signIn.linkWithProof(userId, SUPABASE, () => this.provenBy(token));
  }

  private assertOffered(): void {
    if (this.issuer === undefined) throw new ProviderUnknown(SUPABASE.name);
  }

  private async provenBy(token: string): Promise<BroughtProof> {
    const { data, error } = Claims.safeParse(await this.verify(token));
    if (!data) throw new SignInRefused(`token: ${error.issues.map(({ path }) => path.join('.')).join(', ')}`);
    const proven = Math.max(0, ...data.amr.map(({ timestamp = 0 }) => timestamp));
    return {
      ...{ externalId: data.sub, label: data.email || undefined },
      // A token that does not say when was renewed since nobody knows how long.
      provenAt: new Date(Math.min(proven * 1000, this.clock.now().getTime())),
    };
  }

  private async verify(token: string): Promise<JWTPayload> {
    const expected = {
      ...{ issuer: this.issuer!, audience: AUTHENTICATED, requiredClaims: ['exp', 'iat'] },
      ...{ clockTolerance: CLOCK_SKEW, currentDate: this.clock.now() },
    };
    try {
      // Which of the two is for us to say, not for the token: a public key never becomes a shared secret.
      const isShared = decodeProtectedHeader(token).alg === SHARED;
      if (isShared && !this.secret)
        throw new SignInRefused('token: signed with a shared secret, and there is none here');
      const { payload } = isShared
        ? await jwtVerify(token, this.secret!, { ...expected, algorithms: [SHARED] })
        : await this.policy.call('keys', () =>
            jwtVerify(token, this.keys!, { ...expected, algorithms: ASYMMETRIC }).catch(asRefusal),
          );
      return payload;
    } catch (error) {
      // Of jose for what is no JWT at all.
      if (error instanceof TypeError && !('cause' in error && error.cause)) throw new SignInRefused('token: malformed');
      return asRefusal(error);
    }
  }
}

function asRefusal(error: unknown): never {
  if (isTokenRefused(error)) throw new SignInRefused(`token: ${error.code} ${error.message}`, { cause: error });
  throw error;
}
