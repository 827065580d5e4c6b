import { AsyncLocalStorage } from 'node:async_hooks';
import { context, propagation, ROOT_CONTEXT, type Context } from '@opentelemetry/api';
import type { CloudEvent } from '@switchboard/contracts';

/** The event being handled, so that whatever is said meanwhile names its cause. */
const current = new AsyncLocalStorage<Partial<Pick<CloudEvent, 'id' | 'correlationid'>>>();

export function whileHandling<T>(event: Pick<CloudEvent, 'id' | 'correlationid'>, work: () => T): T {
  return current.run(event, work);
}

/** Events said during `work` belong to one chain, for example that of an HTTP request; it is asked when one is said. */
export function withCorrelation<T>(chain: () => string, work: () => T): T {
  return current.run(
    {
      get correlationid() {
        return chain();
      },
    },
    work,
  );
}

/** CloudEvents extension attributes for an event said now: its cause, its chain and its trace. */
export function originOfNow(
  ownId: string,
): Pick<CloudEvent, 'correlationid' | 'causationid' | 'traceparent' | 'tracestate'> {
  const cause = current.getStore();
  const trace: { traceparent?: string; tracestate?: string } = {};
  propagation.inject(context.active(), trace);
  return {
    correlationid: cause?.correlationid ?? cause?.id ?? ownId,
    ...(cause?.id && { causationid: cause.id }),
    ...trace,
  };
}

export function traceOf(event: Pick<CloudEvent, 'traceparent' | 'tracestate'>): Context {
  return event.traceparent ? propagation.extract(ROOT_CONTEXT, event) : ROOT_CONTEXT;
}
