import type { Response } from 'express';
import { beforeHeaders } from './http';

/** What the log knows of every call. Times are milliseconds since the epoch, with fractions. */
export interface LoggedCall {
  /** Grows by one per call; ask for what came `since` the last one seen. */
  id: number;
  receivedAt: number;
  /** Null while unanswered. */
  firstByteAt: number | null;
  finishedAt: number | null;
  /** Null while unanswered, and for ever when the answer was withheld or the connection broken. */
  status: number | null;
  /** True when the connection ended before the answer did, whoever ended it. */
  aborted: boolean;
}

export const preciseNow = () => performance.timeOrigin + performance.now();

/** What a third party was asked, each call with facts of its own (`method`, `path`, `body` …). */
export class CallLog<Facts extends object = object> {
  private calls: (Facts & LoggedCall)[] = [];
  private lastId = 0;

  /** A long soak must not fill the memory with what it once asked. */
  constructor(private readonly kept: number) {}

  /** Notes a call; with its response the log follows by itself how it ends. */
  begin(facts: Facts, res?: Response, receivedAt = preciseNow()): Facts & LoggedCall {
    const call = {
      id: ++this.lastId,
      receivedAt,
      firstByteAt: null,
      finishedAt: null,
      status: null,
      aborted: false,
      ...facts,
    } as Facts & LoggedCall;
    this.calls.push(call);
    // In one go once in a while: shifting a long array at every call would cost more than the call.
    if (this.calls.length > this.kept * 1.1) this.calls = this.calls.slice(-this.kept);
    if (res) follow(call, res);
    return call;
  }

  /** A call that had no response of its own. */
  end(call: LoggedCall, status: number): void {
    const at = preciseNow();
    Object.assign(call, { status, firstByteAt: at, finishedAt: at });
  }

  /** Calls after `id` whose facts are all as wanted; texts are compared without regard to case. */
  since(id: number, wanted: Record<string, unknown> = {}): (Facts & LoggedCall)[] {
    const same = (value: unknown, other: unknown) => String(value).toLowerCase() === String(other).toLowerCase();
    return this.calls.filter(
      (call) =>
        call.id > id &&
        Object.entries(wanted).every(([name, value]) => same((call as Record<string, unknown>)[name], value)),
    );
  }

  clear(): void {
    this.calls = [];
  }
}

function follow(call: LoggedCall, res: Response): void {
  beforeHeaders(res, () => {
    call.firstByteAt = preciseNow();
    call.status = res.statusCode;
  });
  res.once('close', () => {
    call.finishedAt = preciseNow();
    call.aborted = !res.writableFinished;
  });
}
