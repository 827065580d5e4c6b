import { type Actor, type AuditAction, AuditEntryAppendRequested, type EventDraft } from '@switchboard/contracts';
import { requestContext } from '@switchboard/service-kit';

type Entry = Parameters<typeof AuditEntryAppendRequested>[0];

/** Who has changed something, here or by an event of another service. */
export type Author = Pick<Actor, 'id' | 'roles'> & { readonly kind: string };

/** Who has written or changed something, as it is kept and shown: `staff:0192…`, `key:…`. */
export const authorOf = ({ kind, id }: Pick<Author, 'kind' | 'id'>): string => `${kind}:${id}`;

/**
 * What is told to the audit log of a change, for the outbox in the transaction of the change.
 * @param change `before` and `after` are what has become another; nothing in them is a person's
 */
export function auditEntry(
  { kind, id, roles }: Author,
  change: Pick<Entry, 'resourceType' | 'resourceId' | 'botId' | 'before' | 'after' | 'reason'> & {
    action: AuditAction;
  },
): EventDraft {
  const requestId = requestContext()?.requestId;
  return AuditEntryAppendRequested({
    actor: { kind, id, roles: [...roles] },
    ...change,
    ...(requestId && { requestId }),
  });
}
