import type { NextFunction, Request, Response } from 'express';
import { beforeHeaders } from './standard-headers';

/** One request as it was received. Times are milliseconds since the epoch, with fractions. */
export interface LoggedRequest {
  /** Grows by one per request; ask for what came `since` the last one seen. */
  id: number;
  method: string;
  path: string;
  /** The last four characters of the API key: enough to tell keys of a pool apart. */
  keyEnding: string | null;
  /** The JSON body, or for multipart its fields with `file: { name, mimeType, bytes }`. */
  body: unknown;
  receivedAt: number;
  firstByteAt: number | null;
  finishedAt: number | null;
  status: number | null;
  /** True when the connection ended before the answer did, whoever ended it. */
  aborted: boolean;
}

/** A long soak must not fill the memory with what it once asked. */
const KEPT = 1000;

export const now = () => performance.timeOrigin + performance.now();

export class RequestLog {
  private entries: LoggedRequest[] = [];
  private readonly byRequest = new WeakMap<Request, LoggedRequest>();
  private lastId = 0;

  record = (req: Request, res: Response, next: NextFunction): void => {
    const entry: LoggedRequest = {
      id: ++this.lastId,
      method: req.method,
      path: req.path,
      keyEnding: req.headers.authorization?.slice(-4) ?? null,
      body: null,
      receivedAt: now(),
      firstByteAt: null,
      finishedAt: null,
      status: null,
      aborted: false,
    };
    this.entries.push(entry);
    if (this.entries.length > KEPT) this.entries.shift();
    this.byRequest.set(req, entry);
    beforeHeaders(res, () => {
      entry.firstByteAt = now();
      entry.status = res.statusCode;
    });
    res.once('close', () => {
      entry.finishedAt = now();
      entry.aborted = !res.writableFinished;
    });
    next();
  };

  noteBody(req: Request, body: unknown): void {
    const entry = this.byRequest.get(req);
    if (entry) entry.body = body ?? null;
  }

  since(id: number): LoggedRequest[] {
    return this.entries.filter((entry) => entry.id > id);
  }

  clear(): void {
    this.entries = [];
  }
}
