import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { type Actor, isOpen, publicPathOf, type RouteDefinition } from '@switchboard/contracts';
import {
  Clock,
  CONFIG,
  drain,
  HttpProblem,
  type Language,
  LOG,
  type Log,
  presentCaller,
  problemDocument,
  type PublicFront,
  ServiceIdentity,
} from '@switchboard/service-kit';
import accepts from 'accepts';
import { LRUCache } from 'lru-cache';
import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Counter, Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { actorFor, type Principal } from '../access/principal';
import { PrincipalsService } from '../access/principals.service';
import type { SiteConfig } from '../sessions/site.config';
import { LimitsService } from '../limits/limits.service';
import type { Balance } from '../limits/rate-limit';
import { PagesService } from '../pages/pages.service';
import { WellKnownService } from '../sessions/well-known.service';
import { type AuditedCall, auditedCall, AuditTrail, CALLER_GONE } from './audit-trail';
import { ClientAddress } from './client-address';
import { CrossOriginPolicy } from './cross-origin-policy';
import { OpenStreams } from './open-streams';
import { type FoundRoute, PublicRoutes } from './public-routes';
import { chargesFor, chargesForRefusal, subjectOf } from './rate-policy';
import { RequestLog } from './request-log';
import { Upstreams } from './upstreams';

const JSON_MAX_BYTES = 1024 * 1024;
const OWN = 'gateway';
/** A third of the time for which it is good. */
const TOKEN_USED_MS = 20_000;
/** Whoever has proven who they are is not kept out for so long by others who guess from the same address. */
const RECOGNISED_MS = 5 * 60_000;

/** One request on its way. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly application: RequestListener;
  readonly requestId: string;
  readonly address: string;
  readonly began: number;
  found?: FoundRoute;
  caller?: Principal;
  /** Present when what becomes of it is noted. */
  audited?: AuditedCall;
}

/** Who is let in as whom, or why not. */
type Admission =
  | { readonly principal: Principal; readonly actor: Actor; readonly refusal?: undefined }
  | { readonly principal: Principal; readonly actor?: undefined; readonly refusal: unknown };

/**
 * What everybody outside meets: finds the route, who asks, whether they may and not too often, and passes the request on to the service
 * that answers it; the gateway's own routes to its own application. What is below no version of the API is a page.
 */
@Injectable()
export class EdgeService implements PublicFront, OnModuleInit {
  private readonly routes: PublicRoutes;
  private readonly tokens = new LRUCache<string, Promise<string>>({ max: 20_000, ttl: TOKEN_USED_MS });
  private readonly recognised = new LRUCache<string, true>({ max: 50_000, ttl: RECOGNISED_MS });
  private readonly limited: Counter<'limit'>;

  constructor(
    private readonly addresses: ClientAddress,
    private readonly crossOrigin: CrossOriginPolicy,
    private readonly principals: PrincipalsService,
    private readonly limits: LimitsService,
    private readonly upstreams: Upstreams,
    private readonly streams: OpenStreams,
    private readonly pages: PagesService,
    private readonly trail: AuditTrail,
    private readonly requests: RequestLog,
    private readonly wellKnown: WellKnownService,
    private readonly identity: ServiceIdentity,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: SiteConfig,
    registry: Registry,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.routes = new PublicRoutes();
    this.limited = new Counter({
      name: 'gateway_limited_requests_total',
      help: 'Requests that were refused because a limit had nothing left, by the limit.',
      labelNames: ['limit'],
      registers: [registry],
    });
  }

  onModuleInit(): void {
    const { GATEWAY_PUBLIC_URL: url } = this.config;
    if (url.startsWith('http:') && !/^http:\/\/(localhost|127\.|\[::1\])/.test(url))
      this.log.warn(
        { url },
        'nobody can sign in over plain http: browsers keep the cookies of sessions for https only',
      );
  }

  handle(request: IncomingMessage, response: ServerResponse, application: RequestListener): void {
    const address = this.addresses.of(request);
    if (address === undefined) return void response.destroy();
    const exchange: Exchange = {
      request,
      response,
      application,
      requestId: uuidv7(),
      address,
      began: performance.now(),
    };
    response.setHeader('x-request-id', exchange.requestId);
    response.once('close', () => this.finished(exchange));
    this.answer(exchange).catch((error: unknown) => this.refuse(exchange, error));
  }

  private async answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const url = request.url ?? '/';
    if (url.startsWith('/.well-known/')) return this.wellKnown.answer(request, response);
    if (!url.startsWith(`${VERSION}/`)) return this.pages.answer(request, response);
    if (this.crossOrigin.answersPreflight(request, response)) return;
    const found = (exchange.found = this.find(request, response));
    const { route } = found;
    nameSpan(route);
    this.crossOrigin.refuseForeignPages(request);
    if (isOpen(route)) {
      this.demand(exchange, await this.limits.pay(chargesFor(route, undefined, exchange.address)));
      this.trail.noteOrigin(request, exchange.address);
      return this.passOn(exchange, found);
    }
    const principals = await this.identify(exchange);
    const { principal, actor, refusal } = this.admit(principals, found);
    exchange.caller = principal;
    // Who is refused pays as well: each refusal may be noted.
    this.demand(exchange, await this.limits.pay(chargesFor(route, principal, exchange.address)));
    if (!actor) {
      const audited = this.auditedCall(exchange, found, principal);
      if (audited) this.trail.refused(audited, refusal);
      throw refusal;
    }
    await this.passOn(exchange, found, { principal, actor });
  }

  /**
   * An address that has brought too much that is worth nothing is refused before anything is looked up or computed for it.
   * @throws HttpProblem 401, 429
   */
  private async identify(exchange: Exchange): Promise<readonly Principal[]> {
    const { request, address } = exchange;
    const brought = credentialsOf(request);
    const charges = chargesForRefusal(address);
    if (!this.recognised.has(brought)) this.demand(exchange, this.limits.refusedNow(charges));
    const principals = brought === '' ? [] : await this.principals.identify(request, address);
    if (principals.length > 0) {
      this.recognised.set(brought, true);
      return principals;
    }
    this.recognised.delete(brought);
    this.demand(exchange, await this.limits.pay(charges));
    throw new HttpProblem('unauthorized');
  }

  private auditedCall(
    { request, requestId, address }: Exchange,
    found: FoundRoute,
    principal: Principal,
  ): AuditedCall | undefined {
    if (!this.trail.covers(found.route, principal.kind)) return undefined;
    return auditedCall(found, principal, request, { requestId, address, isOwn: found.service === OWN });
  }

  private find(request: IncomingMessage, response: ServerResponse): FoundRoute {
    const { method = 'GET', url = '/' } = request;
    const found = this.routes.find(method, url);
    if (found && (found.service === OWN || this.upstreams.has(found.service))) return found;
    // An unknown service, below which a route of the kit was asked for.
    if (found) throw new HttpProblem('not_found');
    const allowed = this.routes.methodsOf(url);
    if (allowed.length === 0) throw new HttpProblem('not_found');
    response.setHeader('allow', allowed.join(', '));
    throw new HttpProblem('method_not_allowed');
  }

  /**
   * The first of those who may; a browser can be that of a member of staff and of a person. If nobody may, the first of all and why
   * they may not.
   */
  private admit(principals: readonly Principal[], found: FoundRoute): Admission {
    const { route } = found;
    const botId = botIn(found);
    const now = this.clock.now();
    let refused: Admission | undefined;
    for (const principal of principals) {
      try {
        return { principal, actor: actorFor(principal, route, now, botId) };
      } catch (refusal) {
        refused ??= { principal, refusal };
      }
    }
    return refused!;
  }

  /** @param caller of an open route nobody */
  private async passOn(
    exchange: Exchange,
    found: FoundRoute,
    caller?: { principal: Principal; actor: Actor },
  ): Promise<void> {
    const { request, response, application, requestId } = exchange;
    const { route, service, target } = found;
    const actor = caller?.actor;
    const maxBytes = maxBytesOf(route);
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw new HttpProblem('body_too_large');
    if (caller && isStream(route)) this.streams.add({ ...caller, route, response, botId: botIn(found) });
    else if (isLong(route)) this.streams.addTransfer(subjectOf(caller?.principal, exchange.address), response);
    const audited = caller && this.auditedCall(exchange, found, caller.principal);
    if (audited) {
      await this.trail.begin(audited);
      // Nobody waits for it any more, and nothing was done.
      if (response.destroyed) return this.trail.end(audited, { status: CALLER_GONE, code: undefined });
      exchange.audited = audited;
    }
    if (service === OWN) {
      // An open route has no caller, and the application takes nobody's word for the id of a request.
      if (actor) presentCaller(request, { service: OWN, actor, requestId, route: route.id });
      request.url = target;
      return context.with(underTheSpan(), () => application(request, response));
    }
    const token = actor && (await this.tokenFor(service, route, actor));
    await this.upstreams.forward(request, response, {
      service,
      target,
      token,
      requestId,
      maxBytes,
      isLong: isLong(route),
    });
  }

  /** Signing one takes longer than everything else here, so it is used for the same thing again. The request has its id in a header. */
  private tokenFor(service: string, { id: route }: RouteDefinition, actor: Actor): Promise<string> {
    const key = JSON.stringify([service, route, actor]);
    const known = this.tokens.get(key);
    if (known) return known;
    const token = this.identity.tokenFor(service, { actor, route });
    this.tokens.set(key, token);
    token.catch(() => this.tokens.delete(key));
    return token;
  }

  /** @throws HttpProblem 429 when a limit has nothing left; says how much there is in any case */
  private demand({ response }: Exchange, balances: readonly Balance[]): void {
    const tightest = [...balances].sort((a, b) => Number(a.allowed) - Number(b.allowed) || part(a) - part(b))[0];
    if (!tightest) return;
    const { limit, remaining, resetMs } = tightest;
    const reset = Math.ceil(resetMs / 1000);
    response.setHeader('ratelimit-policy', balances.map(({ limit: each }) => policyOf(each)).join(', '));
    response.setHeader('ratelimit', `"${limit.name}";r=${remaining};t=${reset}`);
    response.setHeader('x-ratelimit-limit', Math.floor(limit.limit));
    response.setHeader('x-ratelimit-remaining', remaining);
    response.setHeader('x-ratelimit-reset', reset);
    if (tightest.allowed) return;
    this.limited.inc({ limit: limit.name });
    // So that those who are refused together do not come back together.
    const jitter = 1 + Math.random() * 0.1;
    throw new HttpProblem('too_many_requests', { retryAfter: Math.max(1, Math.ceil(reset * jitter)) });
  }

  private refuse({ request, response, requestId, found }: Exchange, error: unknown): void {
    if (response.headersSent) return void response.destroy();
    const language: Language = accepts(request).language(['en', 'ru']) === 'ru' ? 'ru' : 'en';
    const problem = problemDocument(error, language, requestId);
    if (problem.status >= 500)
      this.log.error({ err: error, route: found?.route.id, requestId }, 'request failed at the edge');
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-problem-code', problem.code);
    const retryAfter = problem.retryAfter ?? (problem.status === 503 ? AWAY_FOR_S : undefined);
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
    if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer');
    response.writeHead(problem.status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    drain(request);
  }

  private finished({ request, response, requestId, found, caller, audited, began }: Exchange): void {
    if (!found && !request.url?.startsWith(`${VERSION}/`)) return;
    const ms = performance.now() - began;
    const status = response.writableFinished ? response.statusCode : CALLER_GONE;
    const code = response.getHeader('x-problem-code')?.toString();
    const isReplayed = response.hasHeader('idempotency-replayed');
    if (audited) this.trail.end(audited, { status, code, ms: Math.round(ms), isReplayed });
    this.requests.finished({ requestId, method: request.method, found, caller, status, code, ms });
  }
}

const VERSION = '/v1';
const AWAY_FOR_S = 10;

/** Of a trace, whose first span would otherwise have its method alone. */
function nameSpan(route: RouteDefinition): void {
  const path = publicPathOf(route);
  trace.getActiveSpan()?.updateName(`${route.method} ${path}`).setAttribute('http.route', path);
}

/** Without what Express would rename the span by: it knows the route as it is inside. */
function underTheSpan() {
  const span = trace.getActiveSpan();
  return span ? trace.setSpan(ROOT_CONTEXT, span) : context.active();
}

/** The bot that stands in the address, where the route names it there. */
function botIn({ route, params }: FoundRoute): string | undefined {
  const [part, field] = route.bots?.split('.') ?? [];
  return part === 'params' ? params[field!] : undefined;
}

const isStream = ({ answer }: RouteDefinition) => answer !== undefined && 'kind' in answer && answer.kind === 'events';

/** Files and streams take as long as they take. */
const isLong = ({ permission, body, answer }: RouteDefinition) =>
  permission !== 'webhook' &&
  ((answer !== undefined && !(answer instanceof z.ZodType)) ||
    (body !== undefined && !(body instanceof z.ZodType) && body.kind !== 'form'));

function maxBytesOf({ body }: RouteDefinition): number {
  if (!body || body instanceof z.ZodType || body.kind === 'form') return JSON_MAX_BYTES;
  // What is about a file in a form comes besides.
  return body.kind === 'upload' ? body.maxBytes + JSON_MAX_BYTES : body.maxBytes;
}

/** Not kept as they are: a dump of the memory of the process shall not be a list of sessions. */
function credentialsOf({ headers: { authorization = '', cookie = '' } }: IncomingMessage): string {
  if (!authorization && !cookie) return '';
  return createHash('sha256').update(`${authorization}\n${cookie}`).digest('base64');
}

const part = ({ limit, remaining }: Balance) => remaining / limit.limit;
const policyOf = ({ name, limit, windowMs }: Balance['limit']) =>
  `"${name}";q=${Math.floor(limit)};w=${Math.round(windowMs / 1000)}`;
