import { isInfrastructureError } from '@switchboard/bus';
import { type JobRun, UpstreamTimeout, UpstreamUnavailable } from '@switchboard/service-kit';
import { EngineError } from './engines/engine-errors';

/** With graphile-worker's growing pauses (e, e², e³ seconds) the fourth try comes half a minute after the first. */
const ENGINE_TRIES = 4;
/** The engine may have done the work, and asks money for it each time. */
const TRIES_THAT_MAY_BE_BILLED = 2;

/** True when the engine is in trouble, false when it only refused what it was asked: what a circuit breaker counts. */
export const isOutage = (error: unknown): boolean => error instanceof EngineError && error.retryable;

/** When a job that calls an engine tries again, and when it gives up. */
export const retryPolicy = {
  /** For `jobs.add`. More than ENGINE_TRIES, because a try cut short by a killed process or a lost database counts there as well. */
  maxAttempts: 10,

  /** True when the same call may succeed a little later. */
  isRetryable: (error: unknown): boolean =>
    isOutage(error) || error instanceof UpstreamTimeout || error instanceof UpstreamUnavailable,

  isLastTry: (error: unknown, { attempt }: JobRun): boolean => {
    const mayBeBilled = error instanceof EngineError ? error.mayBeBilled : error instanceof UpstreamTimeout;
    return attempt >= (mayBeBilled ? TRIES_THAT_MAY_BE_BILLED : ENGINE_TRIES);
  },

  /** True when the failure says nothing about the request: the service stops, or its database is away. */
  isInterruption: (error: unknown, { signal }: JobRun): boolean => signal.aborted || isInfrastructureError(error),
};
