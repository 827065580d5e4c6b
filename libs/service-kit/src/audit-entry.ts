import type { Actor, AuditEntryAppendRequested, RouteDefinition } from '@switchboard/contracts';
import { requestContext } from './http/request-context';

type Entry = Parameters<typeof AuditEntryAppendRequested>[0];

/** Who has changed something, here or by an event of another service. */
export type AuditAuthor = Pick<Actor, 'id' | 'roles'> & { readonly kind: string };

/**
 * What a service tells the audit log of a change, with the request in which it was made:
 * `outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, TheRoute, …)))` in the transaction of the change.
 * @param route what asks for it: the log has it by that name, as it has requests for it that were refused or failed
 * @param change `before` and `after` are what has become another; nothing in them is a person's
 */
export function auditEntry(
  { kind, id, roles }: AuditAuthor,
  { id: action }: Pick<RouteDefinition, 'id'>,
  change: Pick<Entry, 'resourceType' | 'resourceId' | 'botId' | 'before' | 'after' | 'reason'>,
): Entry {
  const requestId = requestContext()?.requestId;
  const actor = { kind, id, roles: [...roles] };
  return { actor, action, ...change, ...(requestId && { requestId }) };
}
