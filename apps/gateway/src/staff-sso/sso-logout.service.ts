import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, LOG, type Log } from '@switchboard/service-kit';
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { Counter, Registry } from 'prom-client';
import { z } from 'zod';
import { SessionsService } from '../sessions/sessions.service';
import { ProviderUnavailable } from '../sign-in/sign-in.service';
import type { SsoConfig } from '../staff/sso.config';
import { SsoMembersService } from './sso-members.service';
import { LogoutTokenRefused, SsoNotOffered } from './sso.errors';
import { SsoService } from './sso.service';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Of a provider that does not tell what it signs with. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** Seconds. */
const MAX_AGE = 300;
const CLOCK_SKEW = 60;
const TIMEOUT_MS = 5000;

const LogoutClaims = z
  .object({
    sub: z.string().optional(),
    sid: z.string().optional(),
    nonce: z.undefined().optional(),
    jti: z.string(),
    events: z.object({ [EVENT]: z.object({}) }),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined);

/** The company's provider says that somebody was signed out there. Source: OpenID Connect Back-Channel Logout 1.0, §2.4 to §2.8. */
@Injectable()
export class SsoLogoutService {
  private keys: { readonly uri: string; readonly get: ReturnType<typeof createRemoteJWKSet> } | undefined;
  private readonly ended: Counter;

  constructor(
    private readonly sso: SsoService,
    private readonly members: SsoMembersService,
    private readonly sessions: SessionsService,
    @Inject(CONFIG) private readonly config: SsoConfig,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.ended = new Counter({
      name: 'staff_sso_sessions_ended_total',
      help: 'Sessions of staff that the provider of single sign-on has ended.',
      registers: [registry],
    });
  }

  /**
   * A token that comes twice ends nothing more: whoever has signed in again meanwhile has another session there, and one that names
   * nobody's session but their whole account is believed for five minutes only.
   * @throws LogoutTokenRefused, SsoNotOffered, ProviderUnavailable
   */
  async end(token: string): Promise<number> {
    const { sub, sid } = await this.verify(token);
    const staffId = sub === undefined ? undefined : await this.members.idOf(sub);
    if (sub !== undefined && staffId === undefined) return 0;
    const count = await this.sessions.endOfSso({ sid, staffId });
    this.ended.inc(count);
    this.log.info({ staffId, count }, 'the provider of single sign-on has ended sessions');
    return count;
  }

  private async verify(token: string): Promise<z.output<typeof LogoutClaims>> {
    const { issuer, keys, algorithms } = await this.provider();
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer,
        audience: this.config.GATEWAY_STAFF_SSO_CLIENT_ID!,
        maxTokenAge: MAX_AGE,
        clockTolerance: CLOCK_SKEW,
      }));
    } catch (error) {
      // Keys that cannot be read are the provider's fault, and it is to try once more.
      if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError)) throw this.unavailable(error);
      return this.refuse(error.code);
    }
    const claims = LogoutClaims.safeParse(payload);
    return claims.success ? claims.data : this.refuse(claims.error.issues.map(({ path }) => path.join('.')).join(', '));
  }

  private async provider(): Promise<{
    issuer: string;
    keys: ReturnType<typeof createRemoteJWKSet>;
    algorithms: string[];
  }> {
    if (!this.sso.provider) throw new SsoNotOffered();
    const metadata = await this.sso.provider.metadata().catch((error: unknown) => {
      throw this.unavailable(error);
    });
    const { issuer, jwks_uri: uri, id_token_signing_alg_values_supported: told = ALGORITHMS } = metadata;
    if (uri === undefined) throw this.unavailable(new Error('the provider tells of no keys'));
    if (this.keys?.uri !== uri) {
      this.keys = { uri, get: createRemoteJWKSet(new URL(uri), { timeoutDuration: TIMEOUT_MS }) };
    }
    // Never by a secret that two know, and never by nothing.
    const algorithms = told.filter((algorithm) => !/^(HS|none$)/i.test(algorithm));
    return { issuer, keys: this.keys.get, algorithms };
  }

  private refuse(reason: string): never {
    this.log.warn({ reason }, 'a logout token was refused');
    throw new LogoutTokenRefused();
  }

  private unavailable(error: unknown): ProviderUnavailable {
    this.log.warn({ err: error }, 'the provider of single sign-on does not answer');
    return new ProviderUnavailable('staff-sso');
  }
}
