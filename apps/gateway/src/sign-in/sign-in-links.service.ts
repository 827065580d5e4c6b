import { Injectable } from '@nestjs/common';
import type { CreateSignInLink, LinkEmail, Locale, ReadSignInLink } from '@switchboard/contracts';
import { type AnswerOf, DomainError } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditedRequests } from '../audit/audited-requests';
import { networkOf } from '../limits/network';
import { MailerService } from '../mail/mailer.service';
import { IdentitiesService } from '../people/identities.service';
import { masked } from '../people/people-directory.service';
import { PeopleService } from '../people/people.service';
import { AppSessionsService, type SessionWanted } from '../sessions/app-sessions.service';
import type { Http } from './sign-in-cookies';
import { bindBrowser, emailIdentity, SignInLinkRefused, SignInLinks } from './sign-in-links';
import type { SignInLink } from './sign-in-link.entity';
import { SignInJobs } from './sign-in.jobs';
import type { SignedIn } from './sign-in.service';

class EmailNotOffered extends DomainError {
  constructor() {
    super('gateway.email_not_offered', 'Nobody signs in by e-mail here', 404);
  }
}

/**
 * So many mails one address gets within a quarter of an hour: for the same network or person that asks; and for all whom it does not
 * know. Browsers that have signed in by it have some of their own, so that no strangers keep its owner from signing in.
 */
const MAILS_PER_ASKER = 3;
const MAILS_FOR_STRANGERS = 12;
const PER_ADDRESS_MS = 15 * 60_000;

const SIGN_IN_KINDS = ['email', 'bot'] as const;

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
    const isKnown = linkTo === undefined && this.links.isKnownBrowser(http, emailHash);
    const network = networkOf(this.requests.originOf(http.request).address ?? '');
    const askedBy = this.links.askerOf(linkTo ?? (isKnown ? 'known browsers' : network));
    await this.db.transaction(async (tx) => {
      const { inAll, bySame } = await this.links.sentTo(tx, { emailHash, askedBy }, PER_ADDRESS_MS);
      if (bySame >= MAILS_PER_ASKER || (!isKnown && inAll >= MAILS_FOR_STRANGERS)) return;
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

  /** Whose account a link opens: somebody may have sent theirs to another person. */
  read(http: Http, text: string): Promise<AnswerOf<typeof ReadSignInLink>> {
    return this.db.transaction(async (tx) => {
      const link = await this.links.find(tx, http, text, SIGN_IN_KINDS);
      if (link.kind === 'email') return { account: masked(this.links.addressOf(link).externalId) };
      const userId = await this.ownerOf(tx, link);
      const { name } = await this.people.read(tx, userId);
      const labels = (await this.identities.list(tx, userId)).flatMap(({ label }) => label ?? []);
      return { account: name ?? (labels[0] === undefined ? null : masked(labels[0])) };
    });
  }

  async redeem(http: Http, text: string, wanted: SessionWanted): Promise<SignedIn> {
    const link = await this.db.transaction(async (tx) => {
      const link = await this.links.take(tx, http, text, SIGN_IN_KINDS);
      if (link.kind === 'email') {
        return { ...link, ...(await this.people.signIn(tx, this.links.addressOf(link), { locale: link.locale })) };
      }
      return { ...link, userId: await this.ownerOf(tx, link), isNew: false };
    });
    this.links.rememberBrowser(http, link);
    const { userId, isNew, returnTo, kind } = link;
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

  /** Of a link out of a bot. Throws SignInLinkRefused for one who was erased since the bot has shown it. */
  private async ownerOf(tx: EntityManager, { userId }: SignInLink): Promise<string> {
    if (!userId || !(await this.people.exists(tx, userId))) throw new SignInLinkRefused();
    return userId;
  }
}
