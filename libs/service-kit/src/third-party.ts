import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  retry,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { Histogram, type Registry } from 'prom-client';

export interface ThirdPartyOptions {
  /** As it appears in metrics and errors: `telegram`, `openai`. */
  name: string;
  registry: Registry;
  timeoutMs: number;
  /** Tries beyond the first, for calls marked idempotent. */
  retries?: number;
  /** Failures in a row after which calls are refused for a while. */
  breakAfter?: number;
  halfOpenAfterMs?: number;
  /** True for errors that mean the third party is in trouble; false for those that mean our request was wrong. */
  isOutage(error: unknown): boolean;
}

export interface CallOptions {
  /** Repeating it does no harm, so it may be repeated. */
  idempotent?: boolean;
  /** Overrides the deadline of the third party, for example while a stream runs. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Refused without asking, because the third party failed several times in a row. */
export class ThirdPartyUnavailable extends Error {
  override readonly name = 'ThirdPartyUnavailable';
}
/** No answer within the deadline: what was asked for may or may not have happened. */
export class ThirdPartyTimeout extends Error {
  override readonly name = 'ThirdPartyTimeout';
}

const histograms = new WeakMap<Registry, Histogram<'provider' | 'operation' | 'outcome'>>();

function callSeconds(registry: Registry) {
  const existing = histograms.get(registry);
  if (existing) return existing;
  const made = new Histogram({
    name: 'third_party_call_seconds',
    help: 'Calls to third parties: how long they took and how they ended.',
    labelNames: ['provider', 'operation', 'outcome'],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
    registers: [registry],
  });
  histograms.set(registry, made);
  return made;
}

/**
 * Guards calls to one third party: a deadline for each, retries with jitter where that is safe, a circuit breaker,
 * and a metric per operation and outcome. The work is any function of an AbortSignal, so SDKs fit as well as fetch.
 */
export class ThirdParty {
  private readonly breaker: IPolicy;
  private readonly repeated: IPolicy;
  private readonly seconds: Histogram<'provider' | 'operation' | 'outcome'>;

  constructor(private readonly options: ThirdPartyOptions) {
    const troubled = handleWhen((error) => error instanceof TaskCancelledError || options.isOutage(error));
    this.breaker = circuitBreaker(troubled, {
      halfOpenAfter: options.halfOpenAfterMs ?? 10_000,
      breaker: new ConsecutiveBreaker(options.breakAfter ?? 10),
    });
    this.repeated = retry(troubled, {
      maxAttempts: options.retries ?? 2,
      backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 5000 }),
    });
    this.seconds = callSeconds(options.registry);
  }

  async call<T>(operation: string, work: (signal: AbortSignal) => Promise<T>, call: CallOptions = {}): Promise<T> {
    const deadline = timeout(call.timeoutMs ?? this.options.timeoutMs, TimeoutStrategy.Aggressive);
    const policy = call.idempotent ? wrap(this.repeated, this.breaker, deadline) : wrap(this.breaker, deadline);
    const took = this.seconds.startTimer({ provider: this.options.name, operation });
    try {
      const result = await policy.execute(({ signal }) => work(signal), call.signal);
      took({ outcome: 'ok' });
      return result as T;
    } catch (error) {
      if (error instanceof BrokenCircuitError) {
        took({ outcome: 'refused' });
        throw new ThirdPartyUnavailable(`${this.options.name} failed several times and is not asked for now`, {
          cause: error,
        });
      }
      if (error instanceof TaskCancelledError) {
        took({ outcome: 'timeout' });
        throw new ThirdPartyTimeout(`${this.options.name} did not answer ${operation} in time`, { cause: error });
      }
      took({ outcome: this.options.isOutage(error) ? 'outage' : 'error' });
      throw error;
    }
  }
}
