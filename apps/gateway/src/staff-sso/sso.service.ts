import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, ConfigError, LOG, type Log, ResiliencePolicy } from '@switchboard/service-kit';
import { randomBytes } from 'node:crypto';
import { Counter, Registry } from 'prom-client';
import { z } from 'zod';
import type { Session } from '../sessions/session.entity';
import { SessionsService } from '../sessions/sessions.service';
import { SignInExpired } from '../sessions/sign-in.errors';
import { OpenIdProvider } from '../sign-in/providers/openid.provider';
import { type Attempt, SignInRefused } from '../sign-in/providers/sign-in-provider';
import { type Http, isSame, readCookie, setCookie } from '../sign-in/sign-in-cookies';
import { type BroughtBack, ProviderUnavailable, SignInDeclined, SignInFailed } from '../sign-in/sign-in.service';
import { SignInAudit } from '../staff/sign-in-audit';
import type { SsoConfig } from '../staff/sso.config';
import type { Staff } from '../staff/staff.entity';
import { StaffTickets } from '../staff/staff-tickets';
import { type SsoClaims, SsoMembersService } from './sso-members.service';
import { SsoNoAccess, SsoNotOffered } from './sso.errors';

const COOKIE = '__Host-staff-sso';
const TICKET = 'sso';
const LIVES_MS = 10 * 60_000;
const TIMEOUT_MS = 10_000;
const NAME = 'staff-sso';
/** Of somebody who proves themselves once more: half a minute for the way back and clocks that differ. */
const PROOF_MAX_AGE = 60;

const Ticket = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  /** The session whose owner proves themselves once more; absent of a sign-in. */
  sessionId: z.uuid().optional(),
});
type Ticket = z.output<typeof Ticket>;

/** Staff sign in with the OpenID provider of their company. It is on the provider to ask for a second factor. */
@Injectable()
export class SsoService {
  readonly provider: OpenIdProvider | undefined;
  private readonly redirectUri: string;
  private readonly outcomes: Counter<'outcome'>;

  constructor(
    private readonly members: SsoMembersService,
    private readonly sessions: SessionsService,
    private readonly tickets: StaffTickets,
    private readonly audit: SignInAudit,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: SsoConfig,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.redirectUri = new URL('/console/sign-in/sso', config.GATEWAY_PUBLIC_URL).href;
    this.provider = providerOf(config, registry);
    this.outcomes = new Counter({
      name: 'staff_sso_sign_ins_total',
      help: 'Single sign-ons of staff that have come to an end: signed_in, proven, declined, expired, refused, no_access, unavailable.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  /** What people call the provider; undefined without one. */
  get name(): string | undefined {
    return this.provider && this.config.GATEWAY_STAFF_SSO_NAME;
  }

  /** @throws SsoNotOffered, ProviderUnavailable, SignInExpired when nobody is signed in who could prove themselves once more */
  async begin(
    http: Http,
    { returnTo, proveAgain }: { returnTo: string; proveAgain: boolean },
  ): Promise<{ url: string }> {
    const provider = this.offered();
    const session = proveAgain ? await this.sessions.find(http.request, 'staff') : undefined;
    if (proveAgain && !session) throw new SignInExpired();
    const [state, nonce] = [randomBytes(24).toString('base64url'), randomBytes(24).toString('base64url')];
    const verifier = randomBytes(48).toString('base64url');
    const ticket: Ticket = { state, nonce, verifier, returnTo, ...(session && { sessionId: session.id }) };
    setCookie(http, COOKIE, this.tickets.issue(TICKET, ticket, LIVES_MS), LIVES_MS);
    const maxAge = session ? PROOF_MAX_AGE : this.config.GATEWAY_STAFF_SSO_MAX_AGE;
    const url = await this.asking(() =>
      provider.authorizationUrl(this.attemptOf(ticket), {
        ...(maxAge !== undefined && { max_age: String(session ? 0 : maxAge) }),
        ...(session && { prompt: 'login' }),
      }),
    );
    return { url: url.href };
  }

  /** @throws SignInExpired, SignInDeclined, SignInFailed, SsoNoAccess, ProviderUnavailable */
  async complete(http: Http, brought: BroughtBack): Promise<{ staffId: string; returnTo: string }> {
    const ticket = await this.take(http);
    const claims = await this.asking(() => this.prove(ticket, brought));
    const { member: staff, mayEnter } = await this.members.admit(claims);
    if (!staff || !mayEnter) {
      if (staff) await this.audit.denied(staff.id, 'sso_no_access', http.request);
      this.outcomes.inc({ outcome: 'no_access' });
      throw new SsoNoAccess();
    }
    if (ticket.sessionId !== undefined) await this.proveAgain(http, ticket.sessionId, staff, claims);
    else await this.signIn(http, staff, claims);
    return { staffId: staff.id, returnTo: ticket.returnTo };
  }

  private async signIn(http: Http, { id }: Staff, claims: SsoClaims): Promise<void> {
    const session = await this.sessions.begin(http, {
      ...{ kind: 'staff', id, amr: amrOf(claims) },
      // A provider that does not say when may have answered for a desk that was left unlocked.
      provenAt: new Date(0),
      ...factsOf(claims, this.clock.now()),
    });
    await this.audit.began(session, http.request);
    this.outcomes.inc({ outcome: 'signed_in' });
  }

  /** In the same browser, and the same member of staff. */
  private async proveAgain(http: Http, sessionId: string, staff: Staff, claims: SsoClaims): Promise<void> {
    const session: Session | undefined = await this.sessions.find(http.request, 'staff');
    if (session?.id !== sessionId || session.subjectId !== staff.id) {
      await this.audit.denied(staff.id, 'another_session', http.request);
      this.outcomes.inc({ outcome: 'refused' });
      throw new SignInFailed();
    }
    await this.sessions.prove(sessionId, amrOf(claims), factsOf(claims, this.clock.now()));
    this.outcomes.inc({ outcome: 'proven' });
  }

  /** The attempt of this browser, which is over now, whatever comes of it. */
  private async take(http: Http): Promise<Ticket> {
    const ticket = readCookie(http, COOKIE);
    setCookie(http, COOKIE, '', 0);
    try {
      return await this.tickets.spend(TICKET, Ticket, ticket ?? '');
    } catch (error) {
      if (error instanceof SignInExpired) this.outcomes.inc({ outcome: 'expired' });
      throw error;
    }
  }

  private async prove(ticket: Ticket, { state, code, error, issuer }: BroughtBack): Promise<SsoClaims> {
    if (!isSame(state, ticket.state)) throw new SignInRefused('state');
    if (error === 'access_denied') throw new SignInDeclined();
    if (error !== undefined || code === undefined) throw new SignInRefused(`the provider said ${error ?? 'nothing'}`);
    return this.offered().claims({ code, issuer }, this.attemptOf(ticket), {
      maxAge: ticket.sessionId !== undefined ? PROOF_MAX_AGE : this.config.GATEWAY_STAFF_SSO_MAX_AGE,
      needed: ['email', this.config.GATEWAY_STAFF_SSO_ROLES_CLAIM],
    });
  }

  private offered(): OpenIdProvider {
    if (!this.provider) throw new SsoNotOffered();
    return this.provider;
  }

  private attemptOf({ state, nonce, verifier }: Ticket): Attempt {
    return { state, nonce, verifier, redirectUri: this.redirectUri };
  }

  private async asking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SignInDeclined) {
        this.outcomes.inc({ outcome: 'declined' });
        throw error;
      }
      if (error instanceof SignInRefused) {
        this.outcomes.inc({ outcome: 'refused' });
        this.log.warn({ provider: NAME, reason: error.reason }, 'a sign-in of staff was refused');
        throw new SignInFailed();
      }
      if (error instanceof SsoNotOffered) throw error;
      this.outcomes.inc({ outcome: 'unavailable' });
      this.log.warn({ err: error, provider: NAME }, 'the provider of single sign-on does not answer');
      throw new ProviderUnavailable(NAME);
    }
  }
}

function providerOf(config: SsoConfig, registry: Registry): OpenIdProvider | undefined {
  const { GATEWAY_STAFF_SSO_ISSUER: issuer, GATEWAY_STAFF_SSO_CLIENT_ID: clientId } = config;
  if (issuer === undefined) return undefined;
  if (clientId === undefined)
    throw new ConfigError('GATEWAY_STAFF_SSO_CLIENT_ID: needed with GATEWAY_STAFF_SSO_ISSUER');
  const policy = new ResiliencePolicy({
    name: NAME,
    registry,
    timeoutMs: TIMEOUT_MS,
    isOutage: (error) => !(error instanceof SignInRefused),
  });
  return new OpenIdProvider(
    NAME,
    { issuer, clientId, clientSecret: config.GATEWAY_STAFF_SSO_CLIENT_SECRET },
    (operation, work) => policy.call(operation, work),
    config.GATEWAY_STAFF_SSO_SCOPE,
  );
}

/** How they have proven who they are there, as far as the provider says it. */
function amrOf({ amr }: SsoClaims): string[] {
  const told = Array.isArray(amr) ? amr.filter((word): word is string => typeof word === 'string') : [];
  return ['sso', ...told.filter((word) => /^[\w-]{1,20}$/.test(word)).slice(0, 10)];
}

/** Somebody who was signed in at the provider all day has proven nothing just now. */
function factsOf({ auth_time: provenAt, sid }: SsoClaims, now: Date): { provenAt?: Date; ssoSid: string | null } {
  return {
    ...(typeof provenAt === 'number' && { provenAt: new Date(Math.min(provenAt * 1000, now.getTime())) }),
    ssoSid: typeof sid === 'string' ? sid.slice(0, 300) : null,
  };
}
