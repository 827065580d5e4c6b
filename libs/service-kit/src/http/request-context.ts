import { AsyncLocalStorage } from 'node:async_hooks';
import { withCorrelation } from '@switchboard/bus';
import type { Actor } from '@switchboard/contracts';
import type { NextFunction, Request, Response } from 'express';
import { v7 as uuidv7, validate as isUuid } from 'uuid';
import { isPublic } from './public-listener';

/** What is known about the HTTP request being answered. */
export interface RequestContext {
  /** UUID; in the log, in the answer's `x-request-id`, and the correlation id of the events said meanwhile. */
  requestId: string;
  /** Absent before authentication and on open routes. */
  actor?: Actor;
}

const current = new AsyncLocalStorage<RequestContext>();

/** The request that the caller runs for; undefined in jobs and event handlers. */
export const requestContext = (): RequestContext | undefined => current.getStore();

/** First of all middleware. A request id is taken over from callers of the private network only. */
export function assignRequestId(request: Request, response: Response, next: NextFunction): void {
  const given = request.headers['x-request-id'];
  const isGiven = typeof given === 'string' && isUuid(given) && !isPublic(request);
  const context: RequestContext = { requestId: isGiven ? given.toLowerCase() : uuidv7() };
  response.setHeader('x-request-id', context.requestId);
  current.run(context, () => withCorrelation(() => context.requestId, next));
}
