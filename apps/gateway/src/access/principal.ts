import { type Actor, allows, type Permission, type RouteDefinition } from '@switchboard/contracts';
import { HttpProblem, MissingPermission } from '@switchboard/service-kit';

/** Scopes for all bots, or for one. */
export interface ScopeGrant {
  readonly scopes: readonly string[];
  readonly botId: string | null;
}

/** Whoever calls, as the edge has found out. */
export interface Principal {
  readonly kind: 'person' | 'staff' | 'key';
  /** The userId of a person, the id of a member of staff or of a key. */
  readonly id: string;
  readonly roles: readonly string[];
  readonly grants: readonly ScopeGrant[];
  /** Of an API key: what it was given. It has as much of that as its maker may do today. */
  readonly given?: readonly ScopeGrant[];
  /** How they proved who they are. Source of the words: RFC 8176. */
  readonly amr: readonly string[];
  /** Present when they have a session. */
  readonly session?: { readonly id: string; readonly provenAt: Date };
  /** Of an API key: `standard` or `high`. */
  readonly rateClass?: string;
}

/** Dangerous acts are believed for so long after somebody has proven who they are. */
export const STEP_UP_MS = 5 * 60_000;
/** At most, those of processes. What is proven later than that was proven while a clock was ahead. */
const CLOCKS_DIFFER_MS = 60_000;

/**
 * Whom the service that is asked shall take the principal for.
 * @param botId the bot that the request names in its address, if it does
 * @throws HttpProblem 403 when they may not call the route, or not for this bot
 */
export function actorFor(principal: Principal, route: RouteDefinition, now: Date, botId?: string): Actor {
  const { kind, id, roles, session } = principal;
  const bots = botsFor(principal, route, botId);
  if (bots && (bots.length === 0 || !route.bots)) {
    const { given } = principal;
    const couldOnce = given && mayCall({ ...principal, grants: given }, route, botId);
    if (couldOnce) throw new HttpProblem('key_narrowed');
    throw bots.length === 0 ? new MissingPermission(route.permission as Permission) : new HttpProblem('forbidden');
  }
  const provenFor = session ? now.getTime() - session.provenAt.getTime() : Infinity;
  if (route.stepUp && !(provenFor >= -CLOCKS_DIFFER_MS && provenFor <= STEP_UP_MS))
    throw new HttpProblem('step_up_required');
  const scopes = new Set([...scopesIn(principal, null), ...common(principal, bots ?? []), ...prohibitions(principal)]);
  return { kind, id, roles: [...roles], scopes: [...scopes], ...(bots && { bots }) };
}

/** Whether somebody may call a route, apart from how lately they have proven who they are. */
export function mayCall(principal: Principal, route: CallableRoute, botId?: string): boolean {
  const bots = botsFor(principal, route, botId);
  return !bots || (bots.length > 0 && route.bots !== undefined);
}

type CallableRoute = Pick<RouteDefinition, 'permission' | 'bots'>;

/** The bots for which the route is allowed; undefined when it is for all. */
function botsFor(principal: Principal, route: CallableRoute, botId?: string): string[] | undefined {
  const prohibited = prohibitions(principal);
  const allow = (grants: readonly ScopeGrant[]) =>
    allows([...grants.flatMap(({ scopes }) => scopes), ...prohibited], route.permission as Permission);
  const everywhere = principal.grants.filter((grant) => grant.botId === null);
  if (allow(everywhere)) return undefined;
  const named = [...new Set(principal.grants.flatMap((grant) => grant.botId ?? []))];
  const allowed = named.filter((bot) => allow(principal.grants.filter((grant) => grant.botId === bot)));
  return botId === undefined ? allowed : allowed.filter((bot) => bot === botId);
}

const scopesIn = ({ grants }: Principal, botId: string | null): string[] =>
  grants.flatMap((grant) => (grant.botId === botId ? grant.scopes : []));

/** What holds for each of the bots: which of them a body names is not known yet, and what one role allows for one is not for another. */
function common(principal: Principal, bots: readonly string[]): string[] {
  const each = bots.map((botId) => scopesIn(principal, botId));
  return [...new Set(each.flat())].filter((scope) =>
    each.every((scopes) => scopes.includes(scope) || allows(scopes, scope as Permission)),
  );
}

/** What is forbidden for one bot is forbidden for all: a prohibition never lets anything through. */
const prohibitions = ({ grants }: Principal) =>
  grants.flatMap(({ scopes }) => scopes.filter((scope) => scope.startsWith('!')));
