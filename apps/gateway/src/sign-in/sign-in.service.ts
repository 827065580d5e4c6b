import { Inject, Injectable } from '@nestjs/common';
import { type LinkIdentity, nearestLocale } from '@switchboard/contracts';
import { type AnswerOf, DomainError, LOG, type Log } from '@switchboard/service-kit';
import accepts from 'accepts';
import type { IncomingMessage } from 'node:http';
import { Counter, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { MailerService } from '../mail/mailer.service';
import { type ExternalIdentity, IdentitiesService } from '../people/identities.service';
import { PeopleService } from '../people/people.service';
import { AppSessionsService, type SessionWanted, type Tokens } from '../sessions/app-sessions.service';
import { SignInExpired } from '../sessions/sign-in.errors';
import {
  type ProvenPerson,
  SignInMisconfigured,
  type SignInProvider,
  SignInRefused,
} from './providers/sign-in-provider';
import { SignInProviders } from './providers/sign-in-providers';
import { type ReturnedAttempt, SignInAttempts } from './sign-in-attempts';
import { type Http, isSame } from './sign-in-cookies';

export class ProviderUnknown extends DomainError {
  constructor(provider: string) {
    super('gateway.provider_unknown', 'Nobody signs in with that here', 404, { provider });
  }
}
export class ProviderUnavailable extends DomainError {
  constructor(provider: string) {
    super('gateway.provider_unavailable', 'The provider does not answer', 503, { provider });
  }
}
export class SignInDeclined extends DomainError {
  constructor() {
    super('gateway.sign_in_declined', 'It was declined', 401);
  }
}
/** What exactly did not fit is in the log alone. */
export class SignInFailed extends DomainError {
  constructor() {
    super('gateway.sign_in_refused', 'What came back proves nothing', 401);
  }
}

/** Of which kind an account elsewhere is. */
export type Account = Pick<SignInProvider, 'name' | 'amr'>;

/** What the browser has brought back from the provider, as its page read it out of its address. */
export interface BroughtBack {
  readonly state: string;
  readonly code?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly issuer?: string | undefined;
  readonly error?: string | undefined;
}

/** Somebody who has proven in one step, with what they brought, who they are elsewhere. */
export interface BroughtProof extends ProvenPerson {
  readonly provenAt: Date;
}

export interface SignedIn {
  readonly userId: string;
  readonly isNew: boolean;
  readonly returnTo: string;
  /** Of whoever wanted them in place of a cookie. */
  readonly tokens: Tokens | undefined;
}

/** People sign in with accounts elsewhere, and add these to their own. */
@Injectable()
export class SignInService {
  private readonly outcomes: Counter<'provider' | 'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly providers: SignInProviders,
    private readonly attempts: SignInAttempts,
    private readonly people: PeopleService,
    private readonly identities: IdentitiesService,
    private readonly sessions: AppSessionsService,
    private readonly mailer: MailerService,
    @Inject(LOG) private readonly log: Log,
    registry: Registry,
  ) {
    this.outcomes = new Counter({
      name: 'sign_ins_total',
      help: 'Sign-ins of people that have come to an end: signed_in, linked, declined, expired, refused, misconfigured, unavailable.',
      labelNames: ['provider', 'outcome'],
      registers: [registry],
    });
  }

  methods(): { providers: string[]; email: boolean } {
    return { providers: this.providers.names, email: this.mailer.isConfigured };
  }

  /** @param linkTo the person to whose account it shall be added; without it somebody signs in */
  async begin(
    http: Http,
    { provider: name, returnTo, linkTo }: { provider: string; returnTo: string; linkTo?: string },
  ): Promise<{ url: string }> {
    const provider = this.providers.find(name);
    if (!provider) throw new ProviderUnknown(name);
    const attempt = this.attempts.begin(http, { provider: name, returnTo, ...(linkTo && { linkTo }) });
    const url = await this.asking(provider, () => provider.authorizationUrl(attempt));
    return { url: url.href };
  }

  async complete(http: Http, brought: BroughtBack, wanted: SessionWanted): Promise<SignedIn> {
    const { attempt, provider, person } = await this.prove(http, brought, undefined);
    const locale = nearestLocale(person.locale ?? languageOf(http.request));
    const { userId, isNew } = await this.db.transaction((tx) => {
      return this.people.signIn(tx, externalOf(provider, person), { name: person.name, locale });
    });
    const tokens = await this.sessions.signIn(http, userId, [provider.amr], wanted);
    this.outcomes.inc({ provider: provider.name, outcome: 'signed_in' });
    return { userId, isNew, returnTo: attempt.returnTo, tokens };
  }

  /** Signs in whoever brings a proof that needs no page of anybody else. @param prove throws SignInRefused */
  async withProof(
    http: Http,
    provider: Account,
    prove: () => Promise<BroughtProof>,
    wanted: SessionWanted,
  ): Promise<Omit<SignedIn, 'returnTo'>> {
    const proof = await this.asking(provider, prove);
    const locale = nearestLocale(proof.locale ?? languageOf(http.request));
    const { userId, isNew } = await this.db.transaction(async (tx) => {
      return this.people.signIn(tx, externalOf(provider, proof), { name: proof.name, locale });
    });
    const tokens = await this.sessions.signIn(http, userId, [provider.amr], wanted, proof.provenAt);
    this.outcomes.inc({ provider: provider.name, outcome: 'signed_in' });
    return { userId, isNew, tokens };
  }

  /** The same of a proof by which an account elsewhere is added to a person's own. */
  async linkWithProof(
    userId: string,
    provider: Account,
    prove: () => Promise<BroughtProof>,
  ): Promise<AnswerOf<typeof LinkIdentity>> {
    const proof = await this.asking(provider, prove);
    const identity = await this.db.transaction((tx) => this.identities.link(tx, userId, externalOf(provider, proof)));
    this.outcomes.inc({ provider: provider.name, outcome: 'linked' });
    return identity;
  }

  /** Adds the account that has answered to a person's own. */
  async link(http: Http, userId: string, brought: BroughtBack): Promise<AnswerOf<typeof LinkIdentity>> {
    const { provider, person } = await this.prove(http, brought, userId);
    // Not in the role of the person, who may not see whose it is otherwise.
    const identity = await this.db.transaction((tx) => this.identities.link(tx, userId, externalOf(provider, person)));
    this.outcomes.inc({ provider: provider.name, outcome: 'linked' });
    return identity;
  }

  /** Everything that has to fit before anybody is believed. */
  private async prove(
    http: Http,
    { state, code, error, deviceId, issuer }: BroughtBack,
    linkTo: string | undefined,
  ): Promise<{ attempt: ReturnedAttempt; provider: SignInProvider; person: ProvenPerson }> {
    const attempt = await this.attempts.take(http);
    const provider = attempt && this.providers.find(attempt.provider);
    if (!attempt || !provider) {
      this.outcomes.inc({ provider: 'unknown', outcome: 'expired' });
      throw new SignInExpired();
    }
    const person = await this.asking(provider, async () => {
      if (!isSame(state, attempt.state)) throw new SignInRefused('state');
      // An attempt of one person must not become that of another who has signed in meanwhile.
      if (attempt.linkTo !== linkTo) throw new SignInRefused('begun for something else');
      if (error === 'access_denied') throw new SignInDeclined();
      if (error !== undefined || code === undefined) throw new SignInRefused(`the provider said ${error ?? 'nothing'}`);
      return provider.identify({ code, deviceId, issuer }, attempt);
    });
    return { attempt, provider, person };
  }

  /** Throws SignInDeclined, SignInFailed and ProviderUnavailable. */
  private async asking<T>(account: Account, work: () => Promise<T>): Promise<T> {
    const { name: provider } = account;
    try {
      return await work();
    } catch (error) {
      if (error instanceof SignInDeclined) {
        this.outcomes.inc({ provider, outcome: 'declined' });
        throw error;
      }
      if (error instanceof SignInRefused) {
        throw this.refused(account, error.reason);
      }
      if (error instanceof SignInMisconfigured) {
        this.outcomes.inc({ provider, outcome: 'misconfigured' });
        this.log.error(
          { provider, reason: error.reason },
          'a provider refuses this site: check its client id, its secret and the redirect URI that is registered there',
        );
        throw new ProviderUnavailable(provider);
      }
      this.outcomes.inc({ provider, outcome: 'unavailable' });
      this.log.warn({ err: error, provider }, 'a provider of sign-ins does not answer');
      throw new ProviderUnavailable(provider);
    }
  }

  private refused({ name: provider }: Account, reason: string): SignInFailed {
    this.outcomes.inc({ provider, outcome: 'refused' });
    this.log.warn({ provider, reason }, 'a sign-in was refused');
    return new SignInFailed();
  }
}

const externalOf = ({ name: channel }: Account, { externalId, label }: ProvenPerson): ExternalIdentity => ({
  channel,
  externalId,
  label: label?.slice(0, 200),
});

/** Of the browser; English when it says nothing. */
const languageOf = (request: IncomingMessage): string => accepts(request).languages()[0]?.replace('*', 'en') ?? 'en';
