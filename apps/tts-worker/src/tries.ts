import { isInfrastructureError } from '@switchboard/bus';
import { ThirdPartyTimeout, ThirdPartyUnavailable, type JobRun } from '@switchboard/service-kit';
import { EngineError } from './engines/engine-errors';

/** With graphile-worker's growing pauses (e, e², e³ seconds) the fourth try comes half a minute after the first. */
const TRIES = 4;

/** For `jobs.add`. More than TRIES, because a try cut short by a killed process or a lost database counts there as well. */
export const JOB_ATTEMPTS = 10;

/** True when the engine is in trouble, and false when it only did not like what it was asked. */
export const isOutage = (error: unknown): boolean => error instanceof EngineError && error.retryable;

/** True when the same call may succeed a little later. */
export const mayPass = (error: unknown): boolean =>
  isOutage(error) || error instanceof ThirdPartyTimeout || error instanceof ThirdPartyUnavailable;

export const isLastTry = ({ attempt }: JobRun): boolean => attempt >= TRIES;

/** True when the failure says nothing about what was asked: the service stops, or its database is away. */
export const wasInterrupted = (error: unknown, { signal }: JobRun): boolean =>
  signal.aborted || isInfrastructureError(error);
