import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { NoticeSendRequested, type RedeemSignInLink, type RefreshTokens, SessionMisused } from '@switchboard/contracts';
import { type AnswerOf, BlindIndex, Clock, DomainError, type RequestOf } from '@switchboard/service-kit';
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Counter, Registry } from 'prom-client';
import { DataSource, type EntityManager, LessThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AuditLog } from '../audit/audit-log';
import { ACCESS_TOKEN_LIVES, AccessTokens } from './access-tokens.service';
import { deviceOf } from './device';
import { RefreshToken } from './refresh-token.entity';
import { Session } from './session.entity';
import { type Exchange, SessionsService } from './sessions.service';

/** Unknown, used, or of a session that has ended: who tries tokens learns nothing. */
class RefreshRefused extends DomainError {
  constructor() {
    super('gateway.refresh_refused', { en: 'Sign in once more.', ru: 'Войдите ещё раз.' }, 401);
  }
}

export type Tokens = AnswerOf<typeof RefreshTokens>;
interface Refreshed {
  outcome: 'renewed' | 'repeated' | 'refused' | 'stolen';
  session?: Session;
  next?: string;
}
export type SessionWanted = Pick<RequestOf<typeof RedeemSignInLink>['body'], 'session' | 'device'>;

/** An answer that was lost is asked for again within this time. */
const GRACE_MS = 10_000;
/** Who comes with an older one learns that it does not count, and no session ends for it. */
const SPENT_KEPT_MS = 30 * 86_400_000;
const PREFIX = 'sbr_';
const TOKEN = /^sbr_[\w-]{43}$/;
const TOKEN_BYTES = 32;

/** Sessions of apps and programs of a person: rows as those of browsers are, to which refresh tokens lead that count once. */
@Injectable()
export class AppSessionsService {
  private readonly outcomes: Counter<'outcome'>;

  constructor(
    private readonly db: DataSource,
    private readonly sessions: SessionsService,
    private readonly accessTokens: AccessTokens,
    private readonly index: BlindIndex,
    private readonly audit: AuditLog,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    registry: Registry,
  ) {
    this.outcomes = new Counter({
      name: 'refresh_tokens_total',
      help: 'Refresh tokens that came back: renewed, repeated (the answer was lost), refused, stolen.',
      labelNames: ['outcome'],
      registers: [registry],
    });
  }

  /**
   * Signs a person in as they want to be: in a cookie, and then there are no tokens, or with tokens.
   * @param provenAt when they have proven who they are, if that was earlier and elsewhere
   */
  async signIn(
    http: Exchange,
    id: string,
    amr: readonly string[],
    wanted: SessionWanted,
    provenAt?: Date,
  ): Promise<Tokens | undefined> {
    if (wanted.session === 'tokens') return this.begin(http.request, { id, amr, device: wanted.device, provenAt });
    await this.sessions.begin(http, { kind: 'person', id, amr, provenAt });
    return undefined;
  }

  /** @param device by what the person knows the app; the kind of browser without it */
  async begin(
    { headers }: Pick<IncomingMessage, 'headers'>,
    {
      device,
      ...proof
    }: { id: string; amr: readonly string[]; device?: string | undefined; provenAt?: Date | undefined },
  ): Promise<Tokens> {
    const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
    const session = await this.db.transaction(async (tx) => {
      const session = await this.sessions.beginOfApp(tx, {
        ...proof,
        device: device ?? deviceOf(headers['user-agent']),
      });
      await this.add(tx, session.id, token);
      return session;
    });
    return this.tokens(session, token);
  }

  /** @throws RefreshRefused */
  async refresh({ headers }: Pick<IncomingMessage, 'headers'>, token: string): Promise<Tokens> {
    const by = deviceOf(headers['user-agent']);
    const { outcome, session, next } = await this.db.transaction<Refreshed>(async (tx) => {
      const spent = await this.lock(tx, token);
      const session = spent && (await tx.findOneBy(Session, { id: spent.sessionId }));
      if (!spent || !session || !this.sessions.isAlive(session)) return { outcome: 'refused' };
      const next = this.successorOf(token, spent);
      if (!spent.spentAt) {
        await tx.update(RefreshToken, { hash: spent.hash }, { spentAt: this.clock.now(), spentBy: by });
        await this.add(tx, session.id, next);
        return { outcome: 'renewed', session: await this.sessions.extend(tx, session), next };
      }
      // A device that never got its answer comes again with the same token, and gets the same one; then it has not used that yet.
      const isInTime = this.clock.now().getTime() - spent.spentAt.getTime() <= GRACE_MS;
      const following = await tx.findOneBy(RefreshToken, { hash: hashOf(next) });
      if (isInTime && spent.spentBy === by && following?.spentAt === null)
        return { outcome: 'repeated', session, next };
      await this.endStolen(tx, session);
      return { outcome: 'stolen', session };
    });
    this.outcomes.inc({ outcome });
    // Before the commit another process could still have read the session.
    if (outcome === 'stolen') this.sessions.changed(session!.subjectId);
    if (next === undefined) throw new RefreshRefused();
    return this.tokens(session!, next);
  }

  async revoke(token: string): Promise<void> {
    const ended = await this.db.transaction(async (tx) => {
      const known = await this.lock(tx, token);
      const session = known && (await tx.findOneBy(Session, { id: known.sessionId }));
      if (session) await tx.delete(Session, { id: session.id });
      return session;
    });
    if (ended) this.sessions.changed(ended.subjectId);
  }

  /** Forgets tokens that were used long ago; returns how many. An app makes a hundred a day. */
  async removeSpent(): Promise<number> {
    const before = new Date(this.clock.now().getTime() - SPENT_KEPT_MS);
    const { affected } = await this.db.manager.delete(RefreshToken, { spentAt: LessThan(before) });
    return affected ?? 0;
  }

  /** One of two who have the token has stolen it, and nobody knows which. */
  private async endStolen(tx: EntityManager, session: Session): Promise<void> {
    const { id: sessionId, subjectId: userId, device } = session;
    await tx.delete(Session, { id: sessionId });
    const endedAt = this.clock.now().toISOString();
    await this.outbox.add(tx, SessionMisused({ sessionId, userId, device, endedAt }));
    await this.outbox.add(tx, NoticeSendRequested({ noticeId: uuidv7(), audience: 'staff', texts: NOTICE }));
    await this.audit.append(tx, {
      actor: { kind: 'person', id: userId },
      action: 'gateway.tokens.refresh',
      resource: { type: 'session', id: sessionId },
      userId,
      details: { why: 'reused' },
      result: 'denied',
    });
  }

  private async lock(tx: EntityManager, token: string): Promise<RefreshToken | null> {
    if (!TOKEN.test(token)) return null;
    const lock = { mode: 'pessimistic_write' } as const;
    return tx.findOne(RefreshToken, { where: { hash: hashOf(token) }, lock });
  }

  private async add(tx: EntityManager, sessionId: string, token: string): Promise<void> {
    const row = { hash: hashOf(token), sessionId, seed: randomBytes(TOKEN_BYTES), issuedAt: this.clock.now() };
    await tx.insert(RefreshToken, row);
  }

  /** The same one whenever it is asked for, and made by nobody who lacks the token, the row or the key. */
  private successorOf(token: string, { seed }: RefreshToken): string {
    const made = this.index.hash('refresh token', token, seed.toString('base64'));
    return PREFIX + Buffer.from(made, 'hex').toString('base64url');
  }

  private async tokens(session: Session, refreshToken: string): Promise<Tokens> {
    const accessToken = await this.accessTokens.issue(session);
    return { accessToken, tokenType: 'Bearer', expiresIn: ACCESS_TOKEN_LIVES, refreshToken };
  }
}

const NOTICE = {
  en: 'A refresh token of an app was used twice: somebody has stolen it. The session was ended, and the person is told.',
  ru: 'Токен обновления приложения использован дважды: его украли. Сеанс завершён, человек об этом узнает.',
};

const hashOf = (token: string) => createHash('sha256').update(token).digest();
