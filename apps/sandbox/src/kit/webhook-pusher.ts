/** Something to be posted to somebody's webhook. The party keeps it with its state, so a restart goes on with it. */
export interface Delivery {
  /** What shares a lane is delivered one after the other. */
  lane: number | string;
  /** Milliseconds; not worth delivering afterwards. */
  expires: number;
  /** Attempts that failed, and when the next one is due. */
  failures?: number;
  retryAt?: number;
}

export interface WebhookAnswer {
  status: number;
  contentType: string | null;
  body: string;
}

/** Where a party's deliveries go and what becomes of them. */
export interface Webhook<D extends Delivery> {
  /** The request that delivers; signatures and secrets are the party's. */
  request(delivery: D): { url: string; headers: Record<string, string>; body: string };
  /** How many requests may be under way at once. */
  maxConnections: number;
  /** An answer that takes longer than this, in milliseconds, is a failure. */
  deadlineMs: number;
  /** Milliseconds to wait after so many failures in a row. */
  backoffMs(failures: number): number;
  /** Whether an answer with a 2xx takes it. Default: any does. */
  isTaken?(answer: WebhookAnswer): boolean;
  /** It was taken. */
  onDelivered(delivery: D, answer: WebhookAnswer): void;
  /** An attempt failed; the next one follows by itself. */
  onFailed(delivery: D, reason: string, status?: number): void;
  /** It expired before it could be delivered. */
  onExpired(delivery: D): void;
}

const MAX_RETRY_AFTER_S = 3600;

type Outcome =
  | { delivered: true; answer: WebhookAnswer }
  | { delivered: false; reason: string; status?: number; retryAfterMs?: number };

/** Posts deliveries to a webhook: lanes side by side, one delivery at a time in each. */
export class WebhookPusher<D extends Delivery> {
  private readonly lanes = new Map<number | string, D[]>();
  private readonly closing = new AbortController();
  private readonly waiting: (() => void)[] = [];
  private connections = 0;

  /** `pace` is a factor on every wait, 1 in real time. */
  constructor(
    private readonly webhook: Webhook<D>,
    private readonly pace: number,
    pending: readonly D[] = [],
  ) {
    pending.forEach((delivery) => this.push(delivery));
  }

  push(delivery: D): void {
    const lane = this.lanes.get(delivery.lane);
    if (lane) {
      lane.push(delivery);
      return;
    }
    const opened = [delivery];
    this.lanes.set(delivery.lane, opened);
    void this.drain(delivery.lane, opened);
  }

  close(): void {
    this.closing.abort();
    this.waiting.splice(0).forEach((go) => go());
  }

  /** Head-of-line: a failing delivery holds back its own lane and no other. */
  private async drain(key: number | string, lane: D[]): Promise<void> {
    for (let head = lane[0]; head; head = lane[0]) {
      // What failed before a restart goes on waiting for the rest of its time.
      if (head.retryAt !== undefined && !(await this.sleep(head.retryAt - Date.now()))) return;
      const outcome = await this.attempt(head);
      if (this.closing.signal.aborted) return;
      if (outcome.delivered) {
        lane.shift();
        this.webhook.onDelivered(head, outcome.answer);
        continue;
      }
      head.failures = (head.failures ?? 0) + 1;
      head.retryAt = Date.now() + (outcome.retryAfterMs ?? this.webhook.backoffMs(head.failures)) * this.pace;
      this.webhook.onFailed(head, outcome.reason, outcome.status);
      if (head.retryAt <= head.expires) continue;
      lane.shift();
      this.webhook.onExpired(head);
    }
    this.lanes.delete(key);
  }

  private async attempt(delivery: D): Promise<Outcome> {
    while (this.connections >= this.webhook.maxConnections && !this.closing.signal.aborted) {
      await new Promise<void>((go) => this.waiting.push(go));
    }
    this.connections += 1;
    try {
      return await this.post(delivery);
    } catch (error) {
      return { delivered: false, reason: reasonOf(error) };
    } finally {
      this.connections -= 1;
      this.waiting.shift()?.();
    }
  }

  private async post(delivery: D): Promise<Outcome> {
    const { url, headers, body } = this.webhook.request(delivery);
    const response = await fetch(url, {
      method: 'POST',
      headers,
      body,
      redirect: 'manual',
      signal: AbortSignal.any([this.closing.signal, AbortSignal.timeout(this.webhook.deadlineMs * this.pace)]),
    });
    const { status, statusText } = response;
    const answer = { status, contentType: response.headers.get('content-type'), body: await response.text() };
    if (response.ok && (this.webhook.isTaken?.(answer) ?? true)) return { delivered: true, answer };
    const reason = `Wrong response from the webhook: ${status} ${statusText}`;
    const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
    if (!(retryAfter >= 0)) return { delivered: false, reason, status };
    return { delivered: false, reason, status, retryAfterMs: Math.min(retryAfter, MAX_RETRY_AFTER_S) * 1000 };
  }

  /** False when the pusher was closed meanwhile. */
  private sleep(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const { signal } = this.closing;
      if (signal.aborted) return resolve(false);
      const stop = () => {
        clearTimeout(timer);
        resolve(false);
      };
      const timer = setTimeout(
        () => {
          signal.removeEventListener('abort', stop);
          resolve(true);
        },
        Math.max(0, ms),
      );
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'TimeoutError') return 'Read timeout expired';
  return cause?.code === 'ECONNREFUSED' ? 'Connection refused' : 'Connection reset by peer';
}
