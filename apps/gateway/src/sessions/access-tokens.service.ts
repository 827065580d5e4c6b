import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG } from '@switchboard/service-kit';
import { jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { SiteConfig } from './site.config';
import type { Session } from './session.entity';
import { ALGORITHM, SigningKeys } from './signing-keys.service';

/** Seconds. */
export const ACCESS_TOKEN_LIVES = 15 * 60;
const CLOCK_SKEW = 60;
/** What Supabase calls whoever is signed in, as audience and as the role of the database. */
const AUTHENTICATED = 'authenticated';

const Claims = z.object({
  sub: z.uuid(),
  session_id: z.uuid(),
  role: z.literal(AUTHENTICATED),
  exp: z.number(),
});

/** Which session a token is of, and until when it is good, in milliseconds. */
interface Verified {
  readonly sessionId: string;
  readonly userId: string;
  readonly until: number;
}

/**
 * Access tokens of apps: JWTs with the claims of Supabase Auth, so that a project of Supabase that trusts this issuer lets the same
 * person see the same rows. They name nobody but by an id, and hold no rights that are not the session's.
 */
@Injectable()
export class AccessTokens {
  readonly issuer: string;
  private readonly verified = new LRUCache<string, Verified>({ max: 20_000 });

  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    @Inject(CONFIG) { GATEWAY_PUBLIC_URL: url }: SiteConfig,
  ) {
    this.issuer = url.replace(/\/$/, '');
  }

  async issue({ id, subjectId, amr, provenAt }: Session): Promise<string> {
    const { kid, key } = await this.keys.current();
    const now = Math.floor(this.clock.now().getTime() / 1000);
    const proven = Math.floor(provenAt.getTime() / 1000);
    return new SignJWT({
      ...{ role: AUTHENTICATED, session_id: id, aal: 'aal1', is_anonymous: false },
      amr: amr.map((method) => ({ method, timestamp: proven })),
      auth_time: proven,
      // Names, addresses and numbers stay here; who reads the token needs none of them.
      ...{ email: '', phone: '', app_metadata: {}, user_metadata: {} },
    })
      .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
      .setIssuer(this.issuer)
      .setSubject(subjectId)
      .setAudience(AUTHENTICATED)
      .setJti(uuidv7())
      .setIssuedAt(now)
      .setExpirationTime(now + ACCESS_TOKEN_LIVES)
      .sign(key);
  }

  /** Undefined for one that is not ours, is over, or says that it is more than somebody's. */
  async verify(token: string): Promise<Verified | undefined> {
    const now = this.clock.now();
    const known = this.verified.get(token);
    if (known) return known.until > now.getTime() ? known : undefined;
    try {
      const { payload } = await jwtVerify(token, await this.keys.verificationKeys(), {
        algorithms: [ALGORITHM],
        issuer: this.issuer,
        audience: AUTHENTICATED,
        clockTolerance: CLOCK_SKEW,
        currentDate: now,
      });
      const { sub: userId, session_id: sessionId, exp } = Claims.parse(payload);
      const verified = { sessionId, userId, until: (exp + CLOCK_SKEW) * 1000 };
      this.verified.set(token, verified);
      return verified;
    } catch {
      // Why it is none of ours is nobody's business.
      return undefined;
    }
  }
}
