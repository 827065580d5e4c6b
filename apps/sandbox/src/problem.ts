import type { NextFunction, Request, Response } from 'express';
import { ZodError, prettifyError } from 'zod';
import { ApiError } from './telegram/api-error';
import { Refusal } from './telegram/people';

/** Answers what went wrong as a problem document (RFC 9457); for the phone and the control API. */
export function answerProblem(error: unknown, _req: Request, res: Response, _next: NextFunction): void {
  const { status, detail } = describe(error);
  if (status === 500) console.error(error);
  if (res.headersSent) res.destroy();
  else res.status(status).type('application/problem+json').send(JSON.stringify({ status, detail }));
}

function describe(error: unknown): { status: number; detail: string } {
  if (error instanceof Refusal) return { status: error.status, detail: error.message };
  if (error instanceof ApiError) return { status: error.errorCode, detail: error.description };
  if (error instanceof ZodError) return { status: 400, detail: prettifyError(error) };
  // Express's own mistakes of the client, such as a body that is no JSON.
  const { status, expose, message } = error as { status?: number; expose?: boolean; message: string };
  return expose && status ? { status, detail: message } : { status: 500, detail: 'the sandbox made a mistake' };
}
