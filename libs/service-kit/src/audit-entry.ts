import type { Actor, AuditAction, AuditEntryAppendRequested } from '@switchboard/contracts';
import { requestContext } from './http/request-context';

type Entry = Parameters<typeof AuditEntryAppendRequested>[0];

/** Who has changed something, here or by an event of another service. */
export type AuditAuthor = Pick<Actor, 'id' | 'roles'> & { readonly kind: string };

/**
 * What a service tells the audit log of a change, with the request in which it was made:
 * `outbox.add(tx, AuditEntryAppendRequested(auditEntry(actor, …)))` in the transaction of the change.
 * @param change `before` and `after` are what has become another; nothing in them is a person's
 */
export function auditEntry(
  { kind, id, roles }: AuditAuthor,
  change: Pick<Entry, 'resourceType' | 'resourceId' | 'botId' | 'before' | 'after' | 'reason'> & {
    action: AuditAction;
  },
): Entry {
  const requestId = requestContext()?.requestId;
  return { actor: { kind, id, roles: [...roles] }, ...change, ...(requestId && { requestId }) };
}
