import { Injectable } from '@nestjs/common';
import { Signals } from '@switchboard/bus';
import { AccessChanged } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { parseCookie, stringifySetCookie } from 'cookie';
import { LRUCache } from 'lru-cache';
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DataSource, type EntityManager, type FindOptionsWhere, In, MoreThan } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { AccessTokens } from './access-tokens.service';
import { deviceOf } from './device';
import { Session } from './session.entity';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Until it ends whatever happens, and until it ends because nothing does. */
const LIFETIME = {
  person: { mostMs: 30 * DAY, idleMs: 30 * DAY },
  staff: { mostMs: 12 * HOUR, idleMs: 30 * MINUTE },
} as const;
/** `__Host-`: set by this host alone, over https, for all of its paths. One of each kind: staff are people, too. */
const COOKIE = { person: '__Host-person', staff: '__Host-staff' } as const;
/** A session that has ended elsewhere is believed for so long at most, also when the signal of it is lost. */
const BELIEVED_MS = 3000;
const SEEN_EVERY_MS = MINUTE;
const APP_MOST_MS = 365 * DAY;
const TOKEN_BYTES = 32;

export type SessionKind = keyof typeof COOKIE;

/** Of somebody who has proven who they are. */
export interface NewSession {
  readonly kind: SessionKind;
  readonly id: string;
  readonly amr: readonly string[];
  /** When, if that was earlier and elsewhere. */
  readonly provenAt?: Date | undefined;
  readonly ssoSid?: string | null;
}

/** `RequestOf.http` */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Sessions: rows, to which an opaque token in the cookie of a browser leads, or the access token of an app. */
@Injectable()
export class SessionsService {
  private readonly known = new LRUCache<string, { session: Session | null }>({ max: 50_000, ttl: BELIEVED_MS });

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly signals: Signals,
    private readonly tokens: AccessTokens,
  ) {}

  /** Signs somebody in; a session of the same kind that the browser had ends. */
  async begin(
    { request, response }: Exchange,
    { kind, id, amr, provenAt, ssoSid = null }: NewSession,
  ): Promise<Session> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const now = this.clock.now();
    const session = this.db.manager.create(Session, {
      id: uuidv7(),
      tokenHash: hashOf(token),
      kind,
      subjectId: id,
      amr: [...amr],
      provenAt: provenAt ?? now,
      device: deviceOf(request.headers['user-agent']),
      ssoSid,
      createdAt: now,
      seenAt: now,
      expiresAt: new Date(now.getTime() + LIFETIME[kind].mostMs),
    });
    const former = tokenIn(request, kind);
    await this.db.transaction(async (tx) => {
      if (former) await tx.delete(Session, { tokenHash: hashOf(former) });
      await tx.insert(Session, session);
    });
    setCookie(response, kind, token, session.expiresAt);
    return session;
  }

  /** A session of an app, within `tx`: refresh tokens lead to it, and no cookie. */
  async beginOfApp(
    tx: EntityManager,
    { id, amr, device, provenAt }: Pick<NewSession, 'id' | 'amr' | 'provenAt'> & { device: string },
  ): Promise<Session> {
    const now = this.clock.now();
    const session = tx.create(Session, {
      ...{ id: uuidv7(), tokenHash: null, kind: 'person', subjectId: id, amr: [...amr], device, ssoSid: null },
      ...{
        provenAt: provenAt ?? now,
        createdAt: now,
        seenAt: now,
        expiresAt: new Date(now.getTime() + LIFETIME.person.mostMs),
      },
    });
    await tx.insert(Session, session);
    return session;
  }

  /** An app that comes back within its time stays signed in, for a year at most. */
  async extend(tx: EntityManager, session: Session): Promise<Session> {
    const now = this.clock.now();
    const end = Math.min(now.getTime() + LIFETIME.person.mostMs, session.createdAt.getTime() + APP_MOST_MS);
    const extended = { seenAt: now, expiresAt: new Date(end) };
    await tx.update(Session, { id: session.id }, extended);
    return { ...session, ...extended };
  }

  /** Whose session the cookies or the access token of a request lead to; undefined when it has ended. */
  async find(request: Pick<IncomingMessage, 'headers'>, kind: SessionKind): Promise<Session | undefined> {
    const { authorization } = request.headers;
    if (authorization !== undefined) return kind === 'person' ? this.findByAccessToken(authorization) : undefined;
    const token = tokenIn(request, kind);
    if (!token) return undefined;
    const tokenHash = hashOf(token);
    return this.look(tokenHash.toString('base64'), { tokenHash, kind }, request.headers['x-unattended'] === undefined);
  }

  private async findByAccessToken(authorization: string): Promise<Session | undefined> {
    const [scheme, token = ''] = authorization.split(' ');
    // An API key is no JWT, whose three parts are divided by dots.
    if (scheme?.toLowerCase() !== 'bearer' || !token.includes('.')) return undefined;
    const verified = await this.tokens.verify(token);
    if (!verified) return undefined;
    const { sessionId: id, userId: subjectId } = verified;
    return this.look(id, { id, subjectId, kind: 'person' });
  }

  /** @param isUse whether it counts as use; what a page asks by itself while nobody is there does not */
  private async look(key: string, where: FindOptionsWhere<Session>, isUse = true): Promise<Session | undefined> {
    let known = this.known.get(key);
    if (!known) {
      known = { session: await this.db.manager.findOneBy(Session, where) };
      this.known.set(key, known);
    }
    const { session } = known;
    if (!session || !this.isAlive(session)) return undefined;
    if (isUse) this.noteSeen(session);
    return session;
  }

  /** Somebody has proven once more who they are. */
  async prove(
    id: string,
    amr: readonly string[],
    elsewhere: Partial<Pick<Session, 'provenAt' | 'ssoSid'>> = {},
  ): Promise<void> {
    const now = this.clock.now();
    const session = await this.db.manager.findOneByOrFail(Session, { id });
    const all = [...new Set([...session.amr, ...amr])];
    await this.db.manager.update(Session, { id }, { provenAt: now, amr: all, ...elsewhere });
    this.changed(session.subjectId);
  }

  list(kind: SessionKind, subjectId: string): Promise<Session[]> {
    return this.db.manager.find(Session, {
      where: { kind, subjectId, expiresAt: MoreThan(this.clock.now()) },
      order: { seenAt: 'DESC' },
    });
  }

  /** Which of these have not ended. That they are looked at is nothing that anybody does with them. */
  async living(ids: readonly string[]): Promise<Set<string>> {
    const sessions = await this.db.manager.findBy(Session, { id: In([...ids]) });
    return new Set(sessions.filter((session) => this.isAlive(session)).map(({ id }) => id));
  }

  /** Ends one session of somebody. Returns whether there was one. */
  async end(kind: SessionKind, subjectId: string, id: string): Promise<boolean> {
    const { affected } = await this.db.manager.delete(Session, { id, kind, subjectId });
    this.changed(subjectId);
    return affected === 1;
  }

  /** Signs a browser out. */
  async endOf({ request, response }: Exchange, kind: SessionKind): Promise<void> {
    const session = await this.find(request, kind);
    if (session) await this.end(kind, session.subjectId, session.id);
    setCookie(response, kind, '', new Date(0));
  }

  /** Ends all sessions of somebody within `tx`; `changed` is to be called when it is committed. */
  async endAll(tx: EntityManager, kind: SessionKind, subjectId: string, exceptId?: string): Promise<void> {
    const ended = tx.createQueryBuilder().delete().from(Session).where({ kind, subjectId });
    if (exceptId) ended.andWhere('id <> :exceptId', { exceptId });
    await ended.execute();
  }

  /** The same by itself, and told to everybody at once. */
  async endAllNow(kind: SessionKind, subjectId: string, exceptId?: string): Promise<void> {
    await this.endAll(this.db.manager, kind, subjectId, exceptId);
    this.changed(subjectId);
  }

  /**
   * Ends sessions of staff that began at the company's provider: the one that is called `sid` there, or all of somebody's. Of a session
   * whose `sid` it has never told, it may be the one.
   * @returns how many
   */
  async endOfSso({ sid, staffId }: { sid?: string | undefined; staffId?: string | undefined }): Promise<number> {
    const [ended] = await this.db.query<[{ subject_id: string }[], number]>(
      `DELETE FROM sessions WHERE kind = 'staff' AND 'sso' = ANY (amr) AND ($1::text IS NULL OR sso_sid = $1 OR (sso_sid IS NULL AND subject_id = $2))
         AND ($2::uuid IS NULL OR subject_id = $2) AND ($1::text IS NOT NULL OR $2::uuid IS NOT NULL)
       RETURNING subject_id`,
      [sid ?? null, staffId ?? null],
    );
    for (const subjectId of new Set(ended.map((row) => row.subject_id))) this.changed(subjectId);
    return ended.length;
  }

  /** Sessions of somebody have changed: this process and the others look them up anew. */
  changed(subjectId: string): void {
    this.forget(subjectId);
    this.signals.send(AccessChanged, { subjectId });
  }

  forget(subjectId: string): void {
    for (const [key, { session }] of this.known.entries()) if (session?.subjectId === subjectId) this.known.delete(key);
  }

  /** Removes sessions that have ended by themselves; returns how many. */
  async removeExpired(): Promise<number> {
    const idle = (kind: SessionKind) => new Date(this.clock.now().getTime() - LIFETIME[kind].idleMs);
    const [, count] = await this.db.query<[unknown, number]>(
      `DELETE FROM sessions WHERE expires_at <= $1 OR seen_at <= CASE kind WHEN 'staff' THEN $2 ELSE $3 END::timestamptz`,
      [this.clock.now(), idle('staff'), idle('person')],
    );
    return count;
  }

  isAlive({ kind, seenAt, expiresAt }: Session): boolean {
    const now = this.clock.now().getTime();
    return now < expiresAt.getTime() && now < seenAt.getTime() + LIFETIME[kind].idleMs;
  }

  /** Not waited for, and seldom: it only keeps a session from ending while it is used. */
  private noteSeen(session: Session): void {
    const now = this.clock.now();
    if (Math.abs(now.getTime() - session.seenAt.getTime()) < SEEN_EVERY_MS) return;
    session.seenAt = now;
    this.db.manager.update(Session, { id: session.id }, { seenAt: now }).catch(() => undefined);
  }
}

const hashOf = (token: string) => createHash('sha256').update(token).digest();

const tokenIn = ({ headers }: Pick<IncomingMessage, 'headers'>, kind: SessionKind) =>
  parseCookie(headers.cookie ?? '')[COOKIE[kind]];

function setCookie(response: ServerResponse, kind: SessionKind, value: string, expires: Date): void {
  const isolation = { path: '/', secure: true, httpOnly: true, sameSite: 'strict' } as const;
  response.appendHeader('set-cookie', stringifySetCookie({ name: COOKIE[kind], value, expires, ...isolation }));
}
