import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  ExponentialBackoff,
  handleWhen,
  type IPolicy,
  retry,
  TaskCancelledError,
  timeout,
  TimeoutStrategy,
} from 'cockatiel';
import { Histogram, type Registry } from 'prom-client';
import { CircuitBreaker } from './circuit-breaker';
import { withoutWords } from './openai-errors';

export interface ResiliencePolicyOptions {
  /** As it appears in metrics and errors: `telegram`, `openai`. */
  name: string;
  registry: Registry;
  timeoutMs: number;
  /** Tries beyond the first, for calls marked idempotent. */
  retries?: number;
  /** Failures in a row after which calls are refused. */
  breakAfter?: number;
  /** How often one call is let through then, to see whether it is back. */
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
export class UpstreamUnavailable extends Error {
  override readonly name = 'UpstreamUnavailable';
}
/** No answer within the deadline: what was asked for may or may not have happened. */
export class UpstreamTimeout extends Error {
  override readonly name = 'UpstreamTimeout';
}

const tracer = trace.getTracer('switchboard.calls');

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
 * a metric per operation and outcome, and a span in the trace under way. The work is any function of an AbortSignal, so SDKs fit as well as fetch.
 */
export class ResiliencePolicy {
  private readonly breaker: CircuitBreaker;
  private readonly repeated: IPolicy;
  private readonly seconds: Histogram<'provider' | 'operation' | 'outcome'>;

  constructor(private readonly options: ResiliencePolicyOptions) {
    this.breaker = new CircuitBreaker(options.breakAfter ?? 10, options.halfOpenAfterMs ?? 10_000);
    this.repeated = retry(
      handleWhen((error) => this.isTrouble(error)),
      { maxAttempts: options.retries ?? 2, backoff: new ExponentialBackoff({ initialDelay: 200, maxDelay: 5000 }) },
    );
    this.seconds = callSeconds(options.registry);
  }

  /** Rejects with the reason of `call.signal` when that is aborted: a caller who gives up says nothing about the third party. */
  async call<T>(operation: string, work: (signal: AbortSignal) => Promise<T>, call: CallOptions = {}): Promise<T> {
    const kind = { kind: SpanKind.CLIENT };
    return tracer.startActiveSpan(`${this.options.name} ${operation}`, kind, async (span) => {
      try {
        return await this.measured(operation, work, call);
      } catch (error) {
        span.recordException(withoutWords(error) as Error);
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  private async measured<T>(
    operation: string,
    work: (signal: AbortSignal) => Promise<T>,
    call: CallOptions,
  ): Promise<T> {
    const { name } = this.options;
    const took = this.seconds.startTimer({ provider: name, operation });
    try {
      const once = (signal?: AbortSignal) => this.once(work, call, signal);
      const result = await (call.idempotent
        ? this.repeated.execute(({ signal }) => once(signal), call.signal)
        : once(call.signal));
      took({ outcome: 'ok' });
      return result;
    } catch (error) {
      if (call.signal?.aborted) {
        took({ outcome: 'cancelled' });
        throw call.signal.reason;
      }
      if (error instanceof UpstreamUnavailable) took({ outcome: 'refused' });
      else if (!(error instanceof TaskCancelledError)) took({ outcome: this.isTrouble(error) ? 'outage' : 'error' });
      else {
        took({ outcome: 'timeout' });
        throw new UpstreamTimeout(`${name} did not answer ${operation} in time`, { cause: error });
      }
      throw error;
    }
  }

  private async once<T>(
    work: (signal: AbortSignal) => Promise<T>,
    call: CallOptions,
    outer: AbortSignal | undefined,
  ): Promise<T> {
    outer?.throwIfAborted();
    if (!this.breaker.admits())
      throw new UpstreamUnavailable(`${this.options.name} failed several times and is not asked for now`);
    const deadline = timeout(call.timeoutMs ?? this.options.timeoutMs, TimeoutStrategy.Aggressive);
    try {
      const result = await deadline.execute(({ signal }) => work(signal), outer);
      this.breaker.answered();
      return result;
    } catch (error) {
      if (!outer?.aborted) {
        if (this.isTrouble(error)) this.breaker.failed();
        else this.breaker.answered();
      }
      throw error;
    }
  }

  private isTrouble(error: unknown): boolean {
    if (error instanceof UpstreamUnavailable) return false;
    return error instanceof TaskCancelledError || this.options.isOutage(error);
  }
}
