import { type CallHandler, type ExecutionContext, type NestInterceptor, StreamableFile } from '@nestjs/common';
import { type RouteDefinition, serviceOf } from '@switchboard/contracts';
import type { Response } from 'express';
import { lastValueFrom, type Observable, of } from 'rxjs';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { DomainError } from '../errors';
import type { Log } from '../log';
import { entityTag } from './etag';
import { eventStream } from './event-stream';
import type { Approvals } from './approvals';
import type { Idempotency } from './idempotency';
import { readRequest } from './read-request';
import { discardBody } from './request-body';
import {
  type AnsweredRequest,
  type FileAnswer,
  isCheckedFirst,
  type RequestOf,
  routeOf,
  type ServerSentEvent,
} from './route.decorators';

/** Turns a request into the argument of its handler, and what that returns into the answer the contract names. */
export class RouteInterceptor implements NestInterceptor {
  /** @param ending fires when the service stops: streams of events have no end of their own */
  constructor(
    private readonly idempotency: Idempotency,
    private readonly approvals: Approvals,
    private readonly log: Log,
    private readonly ending: AbortSignal,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const route = routeOf(context.getHandler());
    if (!route) return next.handle();
    const http = context.switchToHttp().getRequest<AnsweredRequest>();
    const response = context.switchToHttp().getResponse<Response>();
    try {
      const request = await readRequest(route, http, response);
      if (route.approval) await this.approvals.demand(request);
      const handle = (tx?: EntityManager) => {
        http.switchboard = { request, tx };
        return lastValueFrom(next.handle() as Observable<unknown>, { defaultValue: undefined });
      };
      const work = async (tx?: EntityManager) => this.encode(route, await handle(tx), request);
      const check = async () => {
        const checked = (await handle()) as (tx: EntityManager) => Promise<unknown>;
        return async (tx: EntityManager) => this.encode(route, await checked(tx), request);
      };
      const answer = !route.idempotent
        ? await work()
        : isCheckedFirst(context.getHandler())
          ? await this.idempotency.onceChecked(request, http, response, check)
          : await this.idempotency.once(request, http, response, work);
      setHeaders(route, answer, response);
      return of(answer);
    } catch (error) {
      this.compare(error, route);
      throw error;
    } finally {
      if (!http.complete) discardBody(http);
    }
  }

  /** What goes onto the wire. A value that does not fit its own contract is our failure, never the caller's. */
  private encode({ answer }: RouteDefinition, value: unknown, { signal }: RequestOf<RouteDefinition>): unknown {
    if (!answer) return undefined;
    if (answer instanceof z.ZodType) return z.encode(answer, value as never);
    if (answer.kind === 'events') {
      const events = value as AsyncIterable<ServerSentEvent<never>>;
      const ended = AbortSignal.any([signal, this.ending]);
      const body = eventStream(events, (data) => JSON.stringify(z.encode(answer.schema, data)), ended);
      return this.file({ body, contentType: 'text/event-stream', cacheControl: 'no-store' });
    }
    return this.file({ contentType: answer.contentType, ...(value as FileAnswer) });
  }

  private file({ body, bytes, contentType, fileName, cacheControl }: FileAnswer): Sent {
    const sent: Sent = new StreamableFile(body, {
      type: contentType!,
      ...(bytes !== undefined && { length: bytes }),
      ...(fileName && { disposition: `attachment; filename="${fileName}"` }),
    });
    sent.cacheControl = cacheControl;
    // Nest would end the answer as if it were whole.
    sent.setErrorHandler((error, response) => {
      this.log.error({ err: error }, 'an answer broke off');
      (response as unknown as Response).destroy();
    });
    return sent;
  }

  /** A problem nobody was told of is one nobody is prepared for. */
  private compare(error: unknown, { id, problems = {}, ...route }: RouteDefinition): void {
    if (!(error instanceof DomainError) || !error.code.startsWith(`${serviceOf({ id, ...route })}.`)) return;
    if (problems[error.code] === error.status) return;
    this.log.warn({ route: id, code: error.code, status: error.status }, 'the contract does not name this problem');
  }
}

interface Sent extends StreamableFile {
  cacheControl?: string | undefined;
}

function setHeaders({ etag, answer: kind }: RouteDefinition, answer: unknown, response: Response): void {
  // The connection of a stream that we end would be kept for a next request, and hold up the stop of the service.
  if (kind && 'kind' in kind && kind.kind === 'events') response.set('connection', 'close');
  const ofFile = answer instanceof StreamableFile ? (answer as Sent).cacheControl : undefined;
  response.set('cache-control', ofFile ?? (etag ? 'private, no-cache' : 'no-store'));
  if (etag) response.set('etag', entityTag((answer as Record<string, string | number>)[etag]!));
}
