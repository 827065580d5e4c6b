import { type Actor, AuditEntryAppendRequested, type EventDraft, type RouteDefinition } from '@switchboard/contracts';
import { requestContext } from '@switchboard/service-kit';

type Entry = Parameters<typeof AuditEntryAppendRequested>[0];

/** Who has written or changed something, as it is kept and shown: `staff:0192…`, `key:…`. */
export const authorOf = ({ kind, id }: Pick<Actor, 'kind' | 'id'>): string => `${kind}:${id}`;

/**
 * What is told to the audit log of a change, for the outbox in the transaction of the change.
 * @param route what asks for it: the log has it by that name, as it has requests for it that were refused or failed
 * @param change `before` and `after` are what has become another; nothing in them is a person's
 */
export function auditEntry(
  { kind, id, roles }: Actor,
  { id: action }: Pick<RouteDefinition, 'id'>,
  change: Pick<Entry, 'resourceType' | 'resourceId' | 'botId' | 'before' | 'after' | 'reason'>,
): EventDraft {
  const requestId = requestContext()?.requestId;
  return AuditEntryAppendRequested({ actor: { kind, id, roles }, action, ...change, ...(requestId && { requestId }) });
}
