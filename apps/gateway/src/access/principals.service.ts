import { Injectable } from '@nestjs/common';
import type { RouteDefinition } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import type { IncomingMessage } from 'node:http';
import { DataSource } from 'typeorm';
import type { ApiKey } from '../api-keys/api-key.entity';
import { ApiKeysService } from '../api-keys/api-keys.service';
import { rightsOfKey } from '../api-keys/key-rights';
import type { Session } from '../sessions/session.entity';
import { SessionsService } from '../sessions/sessions.service';
import { NOT_FOR_KEYS, PERSON_SCOPES, STAFF_SCOPES } from './built-in-roles';
import { mayCall, type Principal, type ScopeGrant } from './principal';

/** What staff may do is believed for so long at most, also when the signal that it has changed is lost. */
const BELIEVED_MS = 3000;

/** Of every member of staff who is not suspended, those without any role included. */
const GRANTED = `
  SELECT s.id, s.state, g.role, g.bot_id AS "botId", coalesce(r.scopes, '{}') AS scopes, g.until
  FROM staff s LEFT JOIN grants g ON g.staff_id = s.id LEFT JOIN roles r ON r.name = g.role
  WHERE s.state <> 'suspended'`;

interface Granted {
  readonly role: string;
  readonly botId: string | null;
  readonly scopes: string[];
  readonly until: Date | null;
}

/** Somebody who was invited anew may not come in until they have, while the keys that they have made go on. */
interface Member {
  readonly state: 'invited' | 'active';
  readonly grants: readonly Granted[];
}

type ProvenSession = Pick<Session, 'id' | 'subjectId' | 'amr' | 'provenAt'>;

/** A call that goes on. */
interface LetIn {
  readonly principal: Principal;
  readonly route: RouteDefinition;
  readonly botId: string | undefined;
}

/** Who calls, by what a request brings with it. */
@Injectable()
export class PrincipalsService {
  private readonly granted = new LRUCache<string, { member: Member | undefined }>({
    max: 5000,
    ttl: BELIEVED_MS,
  });

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    private readonly sessions: SessionsService,
    private readonly keys: ApiKeysService,
  ) {}

  /** All that the request proves: a browser may be signed in as a member of staff and as a person at once. Staff come first. */
  async identify(request: Pick<IncomingMessage, 'headers'>, address: string): Promise<Principal[]> {
    const { authorization, cookie } = request.headers;
    if (authorization) {
      const session = await this.sessions.find(request, 'person');
      return session ? [this.person(session)] : this.byKey(authorization, address);
    }
    if (!cookie) return [];
    const [staff, person] = await Promise.all([
      this.sessions.find(request, 'staff'),
      this.sessions.find(request, 'person'),
    ]);
    const member = staff && (await this.memberOfStaff(staff));
    return [...(member ? [member] : []), ...(person ? [this.person(person)] : [])];
  }

  /** What somebody may do has changed: this process and the others look it up anew. */
  changed(subjectId: string): void {
    this.forget(subjectId);
    this.sessions.changed(subjectId);
  }

  forget(subjectId: string): void {
    this.granted.delete(subjectId);
    this.keys.forget(subjectId);
  }

  private async byKey(authorization: string, address: string): Promise<Principal[]> {
    const [scheme, text = ''] = authorization.split(' ');
    const key = scheme?.toLowerCase() === 'bearer' ? await this.keys.find(text, address) : undefined;
    return key ? [await this.ofKey(key)] : [];
  }

  private async ofKey(key: ApiKey): Promise<Principal> {
    const maker = await this.rightsOf(key.createdBy);
    const withoutOwn = ({ scopes, botId }: ScopeGrant) => ({ scopes: [...scopes, ...NOT_FOR_KEYS], botId });
    const given = (key.bots ?? [null]).map((botId) => withoutOwn({ scopes: key.scopes, botId }));
    const grants = rightsOfKey(key, maker).map(withoutOwn);
    return { kind: 'key', id: key.id, roles: [], grants, given, amr: ['swk'], rateClass: key.rate };
  }

  /** What the roles of a member of staff let them do now; nothing when they are suspended or gone. */
  private async rightsOf(staffId: string): Promise<readonly ScopeGrant[]> {
    const member = await this.member(staffId);
    return member?.grants.filter((grant) => this.isCurrent(grant)) ?? [];
  }

  private person(session: Session): Principal {
    return principal('person', session, [], [{ scopes: PERSON_SCOPES, botId: null }]);
  }

  /** Undefined for one who has been suspended. */
  private async memberOfStaff(session: ProvenSession): Promise<Principal | undefined> {
    const member = await this.member(session.subjectId);
    if (member?.state !== 'active') return undefined;
    const current = member.grants.filter((grant) => this.isCurrent(grant));
    const grants = [{ scopes: STAFF_SCOPES, botId: null }, ...current];
    return principal('staff', session, [...new Set(current.map(({ role }) => role))], grants);
  }

  /** The ids of all members of staff who may call all of these routes now, for the bot if one is named. */
  async staffWhoMay(
    routes: readonly Pick<RouteDefinition, 'permission' | 'bots'>[],
    botId?: string,
  ): Promise<Set<string>> {
    const rows = await this.db.query<(Granted & { id: string; state: string })[]>(GRANTED);
    const members = Map.groupBy(
      rows.filter((grant) => grant.state === 'active' && this.isCurrent(grant)),
      ({ id }) => id,
    );
    const may = [...members].filter(([id, grants]) => {
      const member: Principal = { kind: 'staff', id, roles: [], grants, amr: [] };
      return routes.every((route) => mayCall(member, route, botId));
    });
    return new Set(may.map(([id]) => id));
  }

  /** Of those who were let in, those who would be now: their session or key lives, and they may still call the route. */
  async stillAllowed<Call extends LetIn>(calls: readonly Call[]): Promise<Set<Call>> {
    const living = await this.sessions.living(calls.flatMap(({ principal: { session } }) => session?.id ?? []));
    const allowed = new Set<Call>();
    for (const call of calls) {
      const { principal: was, route, botId } = call;
      if (was.session && !living.has(was.session.id)) continue;
      const is = await this.anew(was);
      if (is && mayCall(is, route, botId)) allowed.add(call);
    }
    return allowed;
  }

  /** As they would be let in now. */
  private async anew(was: Principal): Promise<Principal | undefined> {
    if (was.kind === 'staff' && was.session) return this.memberOfStaff(sessionOf(was, was.session));
    if (was.kind !== 'key') return was;
    const key = await this.keys.living(was.id);
    return key && this.ofKey(key);
  }

  private isCurrent({ until }: Granted): boolean {
    return until === null || until > this.clock.now();
  }

  private async member(staffId: string): Promise<Member | undefined> {
    const known = this.granted.get(staffId);
    if (known) return known.member;
    const rows = await this.db.query<(Granted & Pick<Member, 'state'>)[]>(`${GRANTED} AND s.id = $1`, [staffId]);
    const member = rows[0] && { state: rows[0].state, grants: rows.filter(({ role }) => role !== null) };
    this.granted.set(staffId, { member });
    return member;
  }
}

const principal = (
  kind: Principal['kind'],
  { id, subjectId, amr, provenAt }: ProvenSession,
  roles: readonly string[],
  grants: readonly ScopeGrant[],
): Principal => ({ kind, id: subjectId, roles, grants, amr, session: { id, provenAt } });

const sessionOf = (
  { id: subjectId, amr }: Principal,
  { id, provenAt }: NonNullable<Principal['session']>,
): ProvenSession => ({ ...{ id, subjectId, provenAt }, amr: [...amr] });
