import { Injectable } from '@nestjs/common';
import type { CreateSignInLink, LinkEmail, Locale } from '@switchboard/contracts';
import { type AnswerOf, DomainError } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { AuditedRequests } from '../audit/audited-requests';
import { networkOf } from '../limits/network';
import { MailerService } from '../mail/mailer.service';
import { IdentitiesService } from '../people/identities.service';
import { PeopleService } from '../people/people.service';
import { AppSessionsService, type SessionWanted } from '../sessions/app-sessions.service';
import type { Http } from './sign-in-cookies';
import { bindBrowser, emailIdentity, SignInLinkRefused, SignInLinks } from './sign-in-links';
import { SignInJobs } from './sign-in.jobs';
import type { SignedIn } from './sign-in.service';

class EmailNotOffered extends DomainError {
  constructor() {
    super('gateway.email_not_offered', 'Nobody signs in by e-mail here', 404);
  }
}

/**
 * So many mails one address gets within a quarter of an hour: for the same network or person that asks, so that no stranger keeps
 * somebody from signing in; and in all.
 */
const MAILS_PER_ASKER = 3;
const MAILS_PER_ADDRESS = 12;
const PER_ADDRESS_MS = 15 * 60_000;

/** People sign in by links: by e-mail, where a link counts in the browser that asked for it, and out of a bot. */
@Injectable()
export class SignInLinksService {
  constructor(
    private readonly db: DataSource,
    private readonly links: SignInLinks,
    private readonly jobs: SignInJobs,
    private readonly people: PeopleService,
    private readonly identities: IdentitiesService,
    private readonly sessions: AppSessionsService,
    private readonly mailer: MailerService,
    private readonly requests: AuditedRequests,
  ) {}

  /** @throws EmailNotOffered */
  assertOffered(): void {
    if (!this.mailer.isConfigured) throw new EmailNotOffered();
  }

  /**
   * Sends a link to an address, unless it has got enough of them lately. Nobody sees whether it did, nor whether the address is
   * known: the mail is sent later, by a job.
   * @param linkTo the person to whose account the address shall be added; without it somebody signs in
   */
  async sendEmail(
    http: Http,
    { email, locale, returnTo, linkTo }: { email: string; locale: Locale; returnTo: string; linkTo?: string },
  ): Promise<void> {
    this.assertOffered();
    const browserHash = bindBrowser(http);
    const { channel, externalId } = emailIdentity(email);
    const emailHash = this.identities.hash(channel, externalId);
    const askedBy = this.links.askerOf(linkTo ?? networkOf(this.requests.originOf(http.request).address ?? ''));
    await this.db.transaction(async (tx) => {
      const { inAll, bySame } = await this.links.sentTo(tx, { emailHash, askedBy }, PER_ADDRESS_MS);
      if (bySame >= MAILS_PER_ASKER || inAll >= MAILS_PER_ADDRESS) return;
      const kind = linkTo === undefined ? 'email' : 'link-email';
      const about = { kind, userId: linkTo ?? null, emailHash, locale, returnTo, browserHash, askedBy } as const;
      const { id } = await this.links.add(tx, about, externalId);
      await this.jobs.send(tx, id);
    });
  }

  /** For a bot to show to this person alone: whoever follows it is that person here. */
  createForBot(userId: string, returnTo: string): Promise<AnswerOf<typeof CreateSignInLink>> {
    return this.db.transaction(async (tx) => {
      const { locale } = await this.people.lock(tx, userId);
      const link = await this.links.add(tx, { kind: 'bot', userId, locale, returnTo });
      return { url: this.links.urlOf(link), expiresAt: link.expiresAt };
    });
  }

  async redeem(http: Http, text: string, wanted: SessionWanted): Promise<SignedIn> {
    const { returnTo, userId, isNew, kind } = await this.db.transaction(async (tx) => {
      const link = await this.links.take(tx, http, text, ['email', 'bot']);
      if (link.kind === 'email') {
        return { ...link, ...(await this.people.signIn(tx, this.links.addressOf(link), { locale: link.locale })) };
      }
      // Erased since the bot has shown it.
      if (!link.userId || !(await this.people.exists(tx, link.userId))) throw new SignInLinkRefused();
      return { ...link, userId: link.userId, isNew: false };
    });
    const tokens = await this.sessions.signIn(http, userId, [kind === 'bot' ? 'bot_link' : 'email_link'], wanted);
    return { userId, isNew, returnTo, tokens };
  }

  /** Adds the address whose link was followed to the account of the person who asked for that. */
  linkEmail(http: Http, userId: string, text: string): Promise<AnswerOf<typeof LinkEmail>> {
    return this.db.transaction(async (tx) => {
      const link = await this.links.take(tx, http, text, ['link-email']);
      if (link.userId !== userId) throw new SignInLinkRefused();
      return this.identities.link(tx, userId, this.links.addressOf(link));
    });
  }
}
