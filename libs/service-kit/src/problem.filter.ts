import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import type { Request, Response } from 'express';
import { STATUS_CODES } from 'node:http';
import { DomainError } from './errors';
import type { Log } from './log';

/** Source: RFC 9457, with `code` and `traceId` as extension members. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  code: string;
  traceId?: string;
  [member: string]: unknown;
}

/** Answers every error of an HTTP request with a problem document. What is not our caller's fault is logged and not shown. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const request = host.switchToHttp().getRequest<Request>();
    const problem = problemOf(error);
    problem.instance = request.path;
    const traceId = trace.getActiveSpan()?.spanContext().traceId;
    if (traceId) problem.traceId = traceId;
    if (problem.status >= 500)
      this.log.error({ err: error, method: request.method, path: request.path }, 'request failed');
    if (response.headersSent) {
      response.end();
      return;
    }
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof DomainError) {
    return { ...error.facts, ...base(error.status, error.code), detail: error.message };
  }
  // Nest's exceptions, and errors of body-parser and the like, which carry a status and a type.
  const { status, type } = error as { status?: unknown; type?: unknown };
  const known = error instanceof HttpException ? error.getStatus() : typeof status === 'number' ? status : 500;
  if (known >= 500) return base(known, 'internal_error');
  const code =
    typeof type === 'string'
      ? type.replaceAll(/[^a-z]+/g, '_')
      : (STATUS_CODES[known] ?? 'error').toLowerCase().replaceAll(/[^a-z]+/g, '_');
  const problem: Problem = { ...base(known, code), detail: (error as Error).message };
  if (error instanceof HttpException) {
    const body = error.getResponse();
    const messages = typeof body === 'object' && 'message' in body ? body.message : undefined;
    if (Array.isArray(messages)) problem['errors'] = messages;
  }
  return problem;
}

const base = (status: number, code: string): Problem => ({
  type: 'about:blank',
  title: STATUS_CODES[status] ?? 'Error',
  status,
  code,
});
