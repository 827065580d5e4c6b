import type { CanActivate, ExecutionContext } from '@nestjs/common';
import {
  allows,
  ASKS_FOR_PERSONS,
  isOfOnesOwn,
  isOpen,
  type Permission,
  type RouteDefinition,
} from '@switchboard/contracts';
import type { Request, Response } from 'express';
import { decodeJwt } from 'jose';
import { Counter, type Registry } from 'prom-client';
import type { Log } from '../log';
import { HttpProblem, MissingPermission } from './problems';
import { isPublic, presentedCaller } from './public-listener';
import { requestContext } from './request-context';
import { isMarkedPublic, routeOf } from './route.decorators';
import {
  AUTHENTICATORS,
  type Caller,
  REFUSAL_REASONS,
  refusalReasonOf,
  type ServiceIdentity,
} from './service-identity';

/**
 * Stands before every HTTP handler. A service may call the routes that name it; anybody else is let in by what the actor is
 * allowed to do. To a caller that a route is not meant for it does not exist.
 */
export class AccessGuard implements CanActivate {
  private readonly refusals: Counter<'reason'>;

  constructor(
    private readonly identity: ServiceIdentity,
    registry: Registry,
    private readonly log: Log,
  ) {
    this.refusals = new Counter({
      name: 'service_identity_refusals_total',
      help: 'Calls whose token was refused, by the reason: clock, key, audience, other.',
      labelNames: ['reason'],
      registers: [registry],
    });
    for (const reason of REFUSAL_REASONS) this.refusals.inc({ reason }, 0);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const route = routeOf(context.getHandler());
    const presented = presentedCaller(request);
    if (isPublic(request) && !(route && (isOpen(route) || presented))) throw new HttpProblem('not_found');
    if (!route) return isMarkedPublic(context.getHandler(), context.getClass());
    if (isOpen(route) && !presented) return true;
    const caller = presented ?? (await this.authenticate(request));
    if (!isOpen(route)) authorize(route, caller);
    const current = requestContext()!;
    current.actor = caller.actor;
    if (caller.requestId) {
      current.requestId = caller.requestId;
      context.switchToHttp().getResponse<Response>().setHeader('x-request-id', caller.requestId);
    }
    return true;
  }

  private async authenticate({ headers }: Request): Promise<Caller> {
    const [scheme, token] = (headers.authorization ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || !token) throw new HttpProblem('unauthorized');
    return this.identity.verify(token).catch((error: unknown) => {
      const reason = refusalReasonOf(error);
      this.refusals.inc({ reason });
      // Not the error itself, which holds the claims.
      const why = error instanceof Error ? error.message : undefined;
      this.log.warn({ reason, why, caller: issuerOf(token) }, 'the identity of a caller was refused');
      throw new HttpProblem('unauthorized');
    });
  }
}

/** Who a token says it is from, which nobody has verified. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss?.slice(0, 100);
  } catch {
    return undefined;
  }
}

function authorize({ id, permission, callers = [], bots }: RouteDefinition, { service, actor, route }: Caller): void {
  // What the gateway has checked and counted was another route: the two read the address in different ways.
  if (route !== undefined && route !== id) throw new HttpProblem('not_found');
  // The gateway also passes on what others ask, who are held to their own permissions.
  if (callers.includes(service) && (actor.kind === 'service' || !AUTHENTICATORS.includes(service))) return;
  const isTheirOwn = actor.kind === 'person' && ASKS_FOR_PERSONS.includes(service) && isOfOnesOwn(permission);
  // Any other service could put whom it likes into its token.
  if (!isTheirOwn && (!AUTHENTICATORS.includes(service) || actor.kind === 'service'))
    throw new HttpProblem('not_found');
  if (!allows(actor.scopes, permission as Permission)) throw new MissingPermission(permission as Permission);
  // Whoever may see some bots only is refused where nothing would hold them to these.
  if (actor.bots && !bots) throw new HttpProblem('forbidden');
}
