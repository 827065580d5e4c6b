import type { NextFunction, Request, Response } from 'express';
import { ZodError, prettifyError } from 'zod';

/** Something that cannot be done, with the HTTP status that says so; for the phone and the control API. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Thrown out of a wait when the client hung up: there is nobody left to answer. */
export class ClientGone extends Error {}

/** Answers what went wrong as a problem document (RFC 9457). */
export function answerProblem(error: unknown, _req: Request, res: Response, _next: NextFunction): void {
  if (error instanceof ClientGone) return;
  const { status, detail } = describe(error);
  if (status === 500) console.error(error);
  if (res.headersSent) res.destroy();
  else res.status(status).type('application/problem+json').send(JSON.stringify({ status, detail }));
}

function describe(error: unknown): { status: number; detail: string } {
  if (error instanceof HttpError) return { status: error.status, detail: error.message };
  if (error instanceof ZodError) return { status: 400, detail: prettifyError(error) };
  // Express's own mistakes of the client, such as a body that is no JSON.
  const { status, expose, message } = error as { status?: number; expose?: boolean; message: string };
  return expose && status ? { status, detail: message } : { status: 500, detail: 'the sandbox made a mistake' };
}

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

/** Waits `ms` (Infinity: for ever); throws ClientGone as soon as the client hangs up. */
export async function pause(res: Response, ms: number): Promise<void> {
  if (res.closed || res.destroyed) throw new ClientGone();
  if (ms <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const timer = Number.isFinite(ms) ? setTimeout(done, ms) : undefined;
    function done() {
      res.off('close', gone);
      resolve();
    }
    function gone() {
      clearTimeout(timer);
      reject(new ClientGone());
    }
    res.once('close', gone);
  });
}

/** Ends the connection without an answer. By a reset, which TLS has no way to send. */
export function breakOff({ socket }: Response): void {
  if (socket && 'encrypted' in socket) socket.destroy();
  else socket?.resetAndDestroy();
}

/** Aborted when the client hangs up. */
export function hangUpSignal(res: Response): AbortSignal {
  const controller = new AbortController();
  res.once('close', () => controller.abort());
  return controller.signal;
}
