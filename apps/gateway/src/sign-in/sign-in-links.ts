import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { BlindIndex, Clock, CONFIG, DomainError, FieldCipher } from '@switchboard/service-kit';
import { Between, DataSource, type EntityManager, LessThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ExternalIdentity } from '../people/identities.service';
import { type Http, isSame, readCookie, setCookie } from './sign-in-cookies';
import { SignInLink, type SignInLinkKind } from './sign-in-link.entity';
import { pageOf, type SignInConfig } from './sign-in.config';

/** Used, too old, made up, or opened in another browser: who tries links learns nothing. */
export class SignInLinkRefused extends DomainError {
  constructor() {
    super('gateway.sign_in_link_refused', 'This link does not sign in: ask for a new one', 401);
  }
}

const MINUTE_MS = 60_000;
const LIVES_MS: Readonly<Record<SignInLinkKind, number>> = {
  email: 15 * MINUTE_MS,
  'link-email': 15 * MINUTE_MS,
  bot: 10 * MINUTE_MS,
};
const COOKIE = '__Host-sign-in-email';
const PLACE = 'sign_in_links.email';

/** The rows of links that count once, and what proves that a link is one of them. */
@Injectable()
export class SignInLinks {
  private readonly page: string;

  constructor(
    private readonly db: DataSource,
    private readonly cipher: FieldCipher,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
    @Inject(CONFIG) config: SignInConfig,
  ) {
    this.page = pageOf(config);
  }

  async add(
    tx: EntityManager,
    about: Pick<SignInLink, 'kind' | 'userId' | 'locale' | 'returnTo'> &
      Partial<Pick<SignInLink, 'emailHash' | 'browserHash' | 'askedBy'>>,
    email?: string,
  ): Promise<SignInLink> {
    const id = uuidv7();
    const createdAt = this.clock.now();
    const link: SignInLink = {
      id,
      emailHash: null,
      browserHash: null,
      askedBy: null,
      ...about,
      email: email === undefined ? null : this.cipher.encrypt(email, PLACE, id),
      createdAt,
      expiresAt: new Date(createdAt.getTime() + LIVES_MS[about.kind]),
      usedAt: null,
    };
    await tx.insert(SignInLink, link);
    return link;
  }

  /**
   * How many were sent to an address lately, in all and because the same network or person has asked. Nobody else sends one to it until
   * `tx` ends.
   */
  async sentTo(
    tx: EntityManager,
    { emailHash, askedBy }: { emailHash: string; askedBy: string },
    withinMs: number,
  ): Promise<{ inAll: number; bySame: number }> {
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`sign-in link ${emailHash}`]);
    const now = this.clock.now().getTime();
    // What is of the future was sent while a clock was ahead, and would count for as long as that was.
    const [since, until] = [new Date(now - withinMs), new Date(now + MINUTE_MS)];
    const sent = await tx.find(SignInLink, {
      select: { askedBy: true },
      where: { emailHash, createdAt: Between(since, until) },
    });
    return { inAll: sent.length, bySame: sent.filter((link) => link.askedBy === askedBy).length };
  }

  /** Who asks for a mail, as the rows have it: the person who is signed in, or the network. */
  askerOf(personOrNetwork: string): string {
    return this.index.hash('sign-in link asked by', personOrNetwork);
  }

  /** A link that can be followed still. */
  async waiting(id: string): Promise<SignInLink | undefined> {
    const link = await this.db.manager.findOneBy(SignInLink, { id });
    return link && this.isOpen(link) ? link : undefined;
  }

  /** The link, which is used now: whatever fails afterwards in `tx` gives it back. Throws SignInLinkRefused. */
  async take(tx: EntityManager, http: Http, text: string, kinds: readonly SignInLinkKind[]): Promise<SignInLink> {
    const [, id, proof] = LINK.exec(text) ?? [];
    if (!id || !proof || !isSame(proof, this.proofOf(id))) throw new SignInLinkRefused();
    const link = await tx.findOne(SignInLink, { where: { id }, lock: { mode: 'pessimistic_write' } });
    if (!link || !kinds.includes(link.kind) || !this.isOpen(link) || !isOfBrowser(http, link))
      throw new SignInLinkRefused();
    await tx.update(SignInLink, id, { usedAt: this.clock.now() });
    return link;
  }

  /** What stands behind the `#` is in no log of a proxy, and programs that look into mails do not use it up. */
  urlOf({ id, kind }: SignInLink): string {
    return `${this.page}#${kind === 'link-email' ? 'identity' : 'link'}=${id}.${this.proofOf(id)}`;
  }

  addressOf({ id, email }: SignInLink): ExternalIdentity {
    return emailIdentity(this.cipher.decrypt(email!, PLACE, id));
  }

  /** Those to addresses of a person, which need not name the person. */
  async forgetOf(tx: EntityManager, userId: string): Promise<void> {
    await tx.query(
      `DELETE FROM sign_in_links WHERE email_hash IN (
         SELECT external_hash FROM identities WHERE user_id = $1 AND channel = 'email')`,
      [userId],
    );
  }

  async forgetBefore(time: Date): Promise<void> {
    await this.db.manager.delete(SignInLink, { createdAt: LessThan(time) });
  }

  private isOpen({ usedAt, expiresAt }: SignInLink): boolean {
    return usedAt === null && this.clock.now() < expiresAt;
  }

  /** Made of the id with a key, so that whoever reads the table can make no link. */
  private proofOf(id: string): string {
    return this.index.hash('sign-in link', id);
  }
}

const LINK = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9a-f]{64})$/;
const BROWSER = /^[\w-]{43}$/;

const hashOf = (browser: string) => createHash('sha256').update(browser).digest('hex');

/** Marks the browser that asks for a mail; it keeps its mark, so that each of several mails can be opened in it. */
export function bindBrowser(http: Http): string {
  const known = readCookie(http, COOKIE);
  const browser = known && BROWSER.test(known) ? known : randomBytes(32).toString('base64url');
  setCookie(http, COOKIE, browser, LIVES_MS.email);
  return hashOf(browser);
}

function isOfBrowser(http: Http, { browserHash }: SignInLink): boolean {
  const browser = readCookie(http, COOKIE);
  return browserHash === null || (browser !== undefined && isSame(hashOf(browser), browserHash));
}

/** Addresses differ by capitals as RFC 5321 has it, and at no server that anybody uses. */
export function emailIdentity(email: string): ExternalIdentity {
  const externalId = email.trim().toLowerCase();
  return { channel: 'email', externalId, label: externalId };
}
