import type { Actor, RouteDefinition } from '@switchboard/contracts';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { IfMatch } from './etag';
import { HttpProblem, ValidationProblem, type Violation } from './problems';
import { readBody } from './request-body';
import { requestContext } from './request-context';
import type { RequestOf, UploadedFile } from './route.decorators';

/** Everything a route is asked with, checked and decoded; all that does not fit is told at once. */
export async function readRequest<Route extends RouteDefinition>(
  route: Route,
  request: Request,
  response: Response,
): Promise<RequestOf<Route>> {
  const { params, query, headers, body } = route as RouteDefinition;
  const violations: Violation[] = [];
  const decode = (type: z.ZodType | undefined, value: unknown, place?: Violation['in']): unknown => {
    if (!type) return undefined;
    refuseUnkeepable(value);
    const result = type.safeDecode(value as never);
    if (!result.success) violations.push({ ...(place && { in: place }), value, issues: result.error.issues });
    return result.data;
  };
  const decoded = {
    params: decode(params, request.params, 'path'),
    query: decode(query, request.query, 'query'),
    headers: decode(headers, request.headers, 'header'),
  };
  const ifMatch = route.ifMatch && IfMatch.read(request.headers['if-match']);
  const decodedBody = decodeBody(body, await readBody(body, request, response), decode);
  if (violations.length > 0) throw new ValidationProblem(violations);
  const { requestId, actor } = requestContext()!;
  if (actor) holdToBots(route, actor, { ...decoded, body: decodedBody });
  return {
    route,
    ...decoded,
    body: decodedBody,
    actor,
    requestId,
    reason: reasonOf(route, request, actor),
    signal: gone(response),
    http: { request, response },
    ifMatch,
  } as RequestOf<Route>;
}

/**
 * Whether something of a bot exists for who may see some only (`actor.bots`; undefined for all). What is of the whole installation is
 * nothing for them.
 * @param botId null of the whole installation
 */
export const seesBot = (bots: readonly string[] | undefined, botId: string | null): boolean =>
  !bots || (botId !== null && bots.includes(botId));

/** What belongs to another bot does not exist for an actor who may see some only. */
function holdToBots({ bots }: RouteDefinition, actor: Actor, parts: Record<string, unknown>): void {
  if (!actor.bots || !bots || bots === 'filtered') return;
  const [part, field] = bots.split('.') as [string, string];
  const bot = (parts[part] as Record<string, unknown> | undefined)?.[field];
  if (typeof bot !== 'string' || !seesBot(actor.bots, bot)) throw new HttpProblem('not_found');
}

/** Why staff or a key look at what is sensitive. Percent-encoded, since a header holds no Cyrillic. */
function reasonOf({ sensitive }: RouteDefinition, { headers }: Request, actor: Actor | undefined): string | undefined {
  if (!sensitive || (actor?.kind !== 'staff' && actor?.kind !== 'key')) return undefined;
  const reason = decodeUri(headers['x-reason'])?.trim() ?? '';
  if (reason.length < 3 || reason.length > 500) throw new HttpProblem('malformed_reason');
  return reason;
}

function decodeUri(value: string | string[] | undefined): string | undefined {
  try {
    return typeof value === 'string' ? decodeURIComponent(value) : undefined;
  } catch {
    return undefined;
  }
}

function decodeBody(
  body: RouteDefinition['body'],
  value: unknown,
  decode: (type: z.ZodType, value: unknown) => unknown,
): unknown {
  if (!body) return undefined;
  if (body instanceof z.ZodType) return decode(body, value);
  switch (body.kind) {
    case 'raw':
      return value;
    case 'form':
      return decode(body.schema, value ?? {});
    case 'upload': {
      const { fields, file } = value as { fields: unknown; file: UploadedFile };
      return { fields: decode(body.fields, { ...(fields as object) }), file };
    }
  }
}

/** Fires when the connection closes before the answer is through. */
function gone(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => !response.writableFinished && controller.abort());
  return controller.signal;
}

const DEEPEST = 64;

/** Texts that Postgres refuses would fail anywhere behind the checks, and a value that is too deep would end the stack. */
function refuseUnkeepable(value: unknown, depth = 0): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) throw new HttpProblem('malformed_request');
  } else if (typeof value === 'object' && value !== null) {
    if (depth >= DEEPEST) throw new HttpProblem('malformed_request');
    for (const [name, inner] of Object.entries(value)) {
      refuseUnkeepable(name, depth);
      refuseUnkeepable(inner, depth + 1);
    }
  }
}
