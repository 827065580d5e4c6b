/** One Bot API call as it came in. */
export interface LoggedCall {
  /** Grows by one per call; ask for what came `since` the last one seen. */
  id: number;
  bot: number;
  method: string;
  params: Record<string, unknown>;
  /** Names and sizes of what was uploaded. */
  files?: Record<string, { name?: string; mimeType?: string; bytes: number }>;
  /** Milliseconds since the epoch, with fractions. */
  receivedAt: number;
  finishedAt: number | null;
  /** Null while unanswered, and for ever when the answer was withheld or the connection broken. */
  status: number | null;
  description?: string;
}

/** A long soak must not fill the memory with what it once asked. */
const KEPT = 20_000;

export const preciseNow = () => performance.timeOrigin + performance.now();

export class CallLog {
  private calls: LoggedCall[] = [];
  private lastId = 0;

  begin(call: Pick<LoggedCall, 'bot' | 'method' | 'params' | 'files' | 'receivedAt'>): LoggedCall {
    const logged: LoggedCall = { id: ++this.lastId, ...call, finishedAt: null, status: null };
    this.calls.push(logged);
    // In one go once in a while: shifting a long array at every call would cost more than the call.
    if (this.calls.length > KEPT * 1.1) this.calls = this.calls.slice(-KEPT);
    return logged;
  }

  end(call: LoggedCall, status: number, description?: string): void {
    Object.assign(call, { status, finishedAt: preciseNow(), ...(description && { description }) });
  }

  since(id: number): LoggedCall[] {
    return this.calls.filter((call) => call.id > id);
  }

  clear(): void {
    this.calls = [];
  }
}
