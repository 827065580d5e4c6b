import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

/** Runs `action` once, when the status line is about to leave: the last moment a header can still be set. */
export function beforeHeaders(res: Response, action: () => void): void {
  const writeHead = res.writeHead;
  // Every way to answer, implicit headers included, ends in a call of `writeHead` on the response itself.
  res.writeHead = ((...args: Parameters<typeof writeHead>) => {
    res.writeHead = writeHead;
    action();
    return res.writeHead(...args);
  }) as typeof writeHead;
}

/** The headers every answer of OpenAI carries, refusals included. */
export function standardHeaders(_req: Request, res: Response, next: NextFunction): void {
  const started = performance.now();
  res.setHeader('x-request-id', `req_${randomUUID().replaceAll('-', '')}`);
  res.setHeader('openai-version', '2020-10-01');
  res.setHeader('openai-organization', 'sandbox');
  beforeHeaders(res, () => res.setHeader('openai-processing-ms', Math.max(1, Math.round(performance.now() - started))));
  next();
}
