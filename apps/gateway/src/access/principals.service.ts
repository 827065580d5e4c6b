import { Injectable } from '@nestjs/common';
import type { RouteDefinition } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import type { IncomingMessage } from 'node:http';
import { DataSource } from 'typeorm';
import { ApiKeysService } from '../api-keys/api-keys.service';
import type { Session } from '../sessions/session.entity';
import { SessionsService } from '../sessions/sessions.service';
import { NOT_FOR_KEYS, PERSON_SCOPES, STAFF_SCOPES } from './built-in-roles';
import { mayCall, type Principal, type ScopeGrant } from './principal';

/** What staff may do is believed for so long at most, also when the signal that it has changed is lost. */
const BELIEVED_MS = 3000;

/** Of every member of staff who is neither invited nor suspended, those without any role included. */
const GRANTED = `
  SELECT s.id, g.role, g.bot_id AS "botId", coalesce(r.scopes, '{}') AS scopes, g.until
  FROM staff s LEFT JOIN grants g ON g.staff_id = s.id LEFT JOIN roles r ON r.name = g.role
  WHERE s.state = 'active'`;

interface Granted {
  readonly role: string;
  readonly botId: string | null;
  readonly scopes: string[];
  readonly until: Date | null;
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
  private readonly granted = new LRUCache<string, { grants: readonly Granted[] | null }>({
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
    if (!key) return [];
    const grants = (key.bots ?? [null]).map((botId) => ({ scopes: [...key.scopes, ...NOT_FOR_KEYS], botId }));
    return [{ kind: 'key', id: key.id, roles: [], grants, amr: ['swk'], rateClass: key.rate }];
  }

  private person(session: Session): Principal {
    return principal('person', session, [], [{ scopes: PERSON_SCOPES, botId: null }]);
  }

  /** Undefined for one who has been suspended. */
  private async memberOfStaff(session: ProvenSession): Promise<Principal | undefined> {
    const granted = await this.grantsOf(session.subjectId);
    if (!granted) return undefined;
    const current = granted.filter((grant) => this.isCurrent(grant));
    const grants = [{ scopes: STAFF_SCOPES, botId: null }, ...current];
    return principal('staff', session, [...new Set(current.map(({ role }) => role))], grants);
  }

  /** The ids of all members of staff who may call all of these routes now, for the bot if one is named. */
  async staffWhoMay(
    routes: readonly Pick<RouteDefinition, 'permission' | 'bots'>[],
    botId?: string,
  ): Promise<Set<string>> {
    const rows = await this.db.query<(Granted & { id: string })[]>(GRANTED);
    const members = Map.groupBy(
      rows.filter((grant) => this.isCurrent(grant)),
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
      if (was.kind === 'key' && !(await this.keys.lives(was.id))) continue;
      const is = was.kind === 'staff' && was.session ? await this.memberOfStaff(sessionOf(was, was.session)) : was;
      if (is && mayCall(is, route, botId)) allowed.add(call);
    }
    return allowed;
  }

  private isCurrent({ until }: Granted): boolean {
    return until === null || until > this.clock.now();
  }

  private async grantsOf(staffId: string): Promise<readonly Granted[] | null> {
    const known = this.granted.get(staffId);
    if (known) return known.grants;
    const rows = await this.db.query<Granted[]>(`${GRANTED} AND s.id = $1`, [staffId]);
    const grants = rows.length > 0 ? rows.filter(({ role }) => role !== null) : null;
    this.granted.set(staffId, { grants });
    return grants;
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
