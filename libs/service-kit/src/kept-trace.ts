import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';

/** The trace under way, for a row whose work somebody else goes on with later, as a W3C `traceparent`. Null: there is none. */
export function traceOfNow(): string | null {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? null;
}

/** Goes on with the trace that a row has kept, whatever has led to it now: a webhook, a poll, or the work of somebody else. */
export function inTrace<T>(traceparent: string | null, work: () => T): T {
  if (traceparent === null) return work();
  return context.with(propagation.extract(ROOT_CONTEXT, { traceparent }), work);
}
