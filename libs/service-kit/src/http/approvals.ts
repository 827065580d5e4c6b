import { createHash } from 'node:crypto';
import { DemandApproval, type RouteDefinition } from '@switchboard/contracts';
import { validate as isUuid } from 'uuid';
import type { z } from 'zod';
import { idempotencyKeyOf } from './idempotency';
import { UpstreamUnavailable } from '../resilience-policy';
import type { CallResult, ServiceClient } from './service-client';
import { HttpProblem } from './problems';
import type { RequestOf } from './route.decorators';

/** What a member of staff wants to do, as far as a second one has to know. */
export type ApprovalDemand = z.output<typeof DemandApproval.body>;
export type ApprovalVerdict = CallResult<typeof DemandApproval>;

/**
 * Four eyes: before a route with `approval` does what a member of staff asks for, the gateway is asked whether another one has agreed.
 * Without the gateway nothing is done.
 */
export class Approvals {
  private ask: (demand: ApprovalDemand) => Promise<ApprovalVerdict>;

  constructor(services: ServiceClient) {
    this.ask = (body) =>
      services.call(DemandApproval, { body }).catch((error: unknown) => {
        throw new UpstreamUnavailable('the gateway does not say what was approved', { cause: error });
      });
  }

  /** Called by the gateway, which keeps them. */
  answerBy(ask: (demand: ApprovalDemand) => Promise<ApprovalVerdict>): void {
    this.ask = ask;
  }

  /** @throws HttpProblem 423 when it has to be approved first, 409 when the approval that is named is not for this */
  async demand(request: RequestOf<RouteDefinition>): Promise<void> {
    const { route, actor } = request;
    if (!actor || !isNeeded(route, request)) return;
    // A key is nobody of whom a second one could be told.
    if (actor.kind === 'key') throw new HttpProblem('forbidden');
    if (actor.kind !== 'staff') return;
    const { verdict, state, approvalId, expiresAt } = await this.ask(demandOf(request, actor.id));
    if (verdict === 'passed') return;
    if (verdict !== 'required') throw new HttpProblem('approval_unusable', { params: { state } });
    throw new HttpProblem('approval_required', {
      params: { approvalId, expiresAt: expiresAt?.toISOString(), state },
    });
  }
}

function isNeeded({ approval }: RouteDefinition, { params, query, body }: RequestOf<RouteDefinition>): boolean {
  return typeof approval === 'function'
    ? approval({ params: params as never, query: query as never, body: body as never })
    : approval === true;
}

function demandOf(request: RequestOf<RouteDefinition>, requester: string): ApprovalDemand {
  const { id, summary, permission } = request.route;
  const { method, originalUrl: path, headers } = request.http.request;
  const body: unknown = request.http.request.body;
  const { 'x-approval': approval, 'if-match': ifMatch } = headers;
  const asked = JSON.stringify([method, path, ifMatch ?? null, body ?? null]);
  const userId = fieldOf(request, 'userId');
  return {
    requester,
    route: { id, summary, permission },
    // A field that is not there would be refused: many routes that need an approval have no body.
    ...{ method, path, body: body ?? null },
    hash: createHash('sha256').update(asked).digest('hex'),
    execution: request.route.idempotent ? idempotencyKeyOf(request.http.request) : oneRevisionOf(ifMatch),
    botId: botOf(request),
    userId: isUuid(userId) ? String(userId) : null,
    // One that cannot be an id is none of ours, and is told as such.
    approvalId: approval === undefined ? null : isUuid(approval) ? String(approval) : NO_APPROVAL,
  };
}

/**
 * With `*` or a choice of revisions the same request could be done once more after it was undone.
 * @throws HttpProblem 400
 */
function oneRevisionOf(ifMatch: string | undefined): string {
  if (!ifMatch || !/^"[^",]*"$/.test(ifMatch)) throw new HttpProblem('malformed_if_match');
  return ifMatch;
}

const NO_APPROVAL = '00000000-0000-0000-0000-000000000000';

/** The bot that the route names, where it names one. */
function botOf({ route: { bots }, ...parts }: RequestOf<RouteDefinition>): string | null {
  if (!bots || bots === 'filtered') return null;
  const [part, field] = bots.split('.') as ['params' | 'query' | 'body', string];
  const bot = (parts[part] as Record<string, unknown> | undefined)?.[field];
  return typeof bot === 'string' ? bot : null;
}

function fieldOf({ params, body }: RequestOf<RouteDefinition>, name: string): unknown {
  const found = [params, body].find((part) => typeof part === 'object' && part !== null && name in part);
  return (found as Record<string, unknown> | undefined)?.[name];
}
