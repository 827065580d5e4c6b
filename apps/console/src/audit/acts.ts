import type { GatewayAuditEntry } from '@switchboard/api-client';
import { type QueryKey, useQuery, type UseQueryOptions } from '@tanstack/react-query';

interface EntryPage {
  readonly data: GatewayAuditEntry[];
  readonly page: { next: string | null; prev: string | null };
}

const actOf = ({ requestId, action }: GatewayAuditEntry) => requestId && `${requestId} ${action}`;

/** How acts have ended, of those entries. */
const endsIn = (entries: readonly GatewayAuditEntry[]) =>
  new Map(entries.filter(({ result }) => result !== 'begun').map((entry) => [actOf(entry), entry]));

/**
 * A page of the audit log by what was done: of an act that has two entries, one as it began, the one that tells how it ended, also
 * where that stands on the page before.
 * @param pageAt the query of another page of the same list
 */
export function useActs<List extends { rows?: GatewayAuditEntry[]; waiting: boolean }, Refused, Key extends QueryKey>(
  list: List,
  prev: string | null | undefined,
  pageAt: (after: string | undefined) => UseQueryOptions<EntryPage, Refused, EntryPage, Key>,
): List {
  const ends = endsIn(list.rows ?? []);
  const isOpen = (entry: GatewayAuditEntry) => entry.result === 'begun' && actOf(entry) !== null;
  const rows = list.rows?.filter((entry) => !isOpen(entry) || !ends.has(actOf(entry)));
  const { data: before, isLoading } = useQuery({
    ...pageAt(prev ?? undefined),
    enabled: Boolean(prev && rows?.some(isOpen)),
    staleTime: Infinity,
  });
  const earlier = endsIn(before?.data ?? []);
  return {
    ...list,
    rows: rows?.map((entry) => (isOpen(entry) && earlier.get(actOf(entry))) || entry),
    waiting: list.waiting || isLoading,
  };
}
