import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { type Problem, problemTexts, sharedProblems, type SharedProblemCode } from '@switchboard/contracts';
import type { Request, Response } from 'express';
import { DomainError } from '../errors';
import type { Log } from '../log';
import { UpstreamTimeout, UpstreamUnavailable } from '../resilience-policy';
import { drain } from './drain';
import { FieldRefused, HttpProblem, InvalidFields, type Language, ValidationProblem } from './problems';
import { requestContext } from './request-context';
import { UpstreamHttpError } from './service-client';

/** Seconds: as long as a circuit breaker stays open. */
const RETRY_UPSTREAM_AFTER = 10;

/** Answers every error of an HTTP request with a problem document. What is not our caller's fault is logged and not shown. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const request = host.switchToHttp().getRequest<Request>();
    const language = request.acceptsLanguages('en', 'ru') === 'ru' ? 'ru' : 'en';
    const problem = problemDocument(error, language, requestContext()?.requestId);
    this.tell(error, problem, request);
    if (response.headersSent) {
      // The answer has begun: breaking it off is the only way to say that it is not whole.
      response.destroy();
      return;
    }
    response.set('cache-control', 'no-store').removeHeader('etag');
    // For whoever stands in front and does not read bodies, as the gateway.
    response.set('x-problem-code', problem.code);
    if (problem.retryAfter !== undefined) response.set('retry-after', String(problem.retryAfter));
    if (problem.status === 401) response.set('www-authenticate', 'Bearer');
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
    drain(request);
  }

  private tell(error: unknown, { status, code }: Problem, request: Request): void {
    const facts = {
      method: request.method,
      route: (request.route as { path?: string } | undefined)?.path,
      status,
      code,
    };
    if (status >= 500) this.log.error({ err: error, ...facts }, 'request failed');
    else this.log.info(facts, 'request refused');
  }
}

/** What an error of a request becomes for who sent it. */
export function problemDocument(error: unknown, language: Language, requestId = 'unknown'): Problem {
  const { code, status, ...facts } = factsOf(error, language);
  const traceId = trace.getActiveSpan()?.spanContext().traceId;
  return {
    type: `/problems/${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    ...facts,
    instance: `/requests/${requestId}`,
    code,
    ...(traceId && { traceId }),
  };
}

type Facts = Pick<Problem, 'code' | 'status' | 'detail' | 'params' | 'errors' | 'retryAfter'>;

function factsOf(error: unknown, language: Language): Facts {
  if (error instanceof ValidationProblem || error instanceof InvalidFields) {
    const { code, status } = error;
    return { code, status, detail: error.in(language), errors: error.errorsIn(language) };
  }
  if (error instanceof HttpProblem) {
    return { code: error.code, status: error.status, detail: error.in(language), ...error.extra };
  }
  if (error instanceof DomainError) {
    const { code, status, message, texts, params } = error;
    // What says nothing of the case itself in this language is told as the page of the code tells it.
    const detail = texts?.[language] ?? (language === 'en' ? message : (problemTexts[code]?.[language] ?? message));
    return {
      ...{ code, status, detail },
      ...(Object.keys(params).length > 0 && { params }),
      ...(error instanceof FieldRefused && { errors: error.errorsIn(language) }),
    };
  }
  const shared = (code: SharedProblemCode) => {
    const { status, [language]: detail } = sharedProblems[code];
    return { code, status, detail };
  };
  if (error instanceof UpstreamUnavailable)
    return { ...shared('upstream_unavailable'), retryAfter: RETRY_UPSTREAM_AFTER };
  if (error instanceof UpstreamTimeout) return shared('upstream_timeout');
  if (error instanceof UpstreamHttpError) return shared('upstream_failed');
  const ours = problemOfLibrary(error);
  return ours ? factsOf(ours, language) : shared('internal_error');
}

/** Errors of Nest, Express and body-parser that are the caller's fault, as problems of ours. */
function problemOfLibrary(error: unknown): HttpProblem | undefined {
  const { status, type } = error as { status?: unknown; type?: unknown };
  const known = error instanceof HttpException ? error.getStatus() : status;
  if (type === 'entity.parse.failed') return new HttpProblem('malformed_json');
  if (known === 404) return new HttpProblem('not_found');
  if (known === 413) return new HttpProblem('body_too_large');
  if (known === 415) return new HttpProblem('unsupported_media_type');
  return typeof known === 'number' && known >= 400 && known < 500 ? new HttpProblem('malformed_request') : undefined;
}
