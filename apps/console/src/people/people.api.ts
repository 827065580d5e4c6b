import { botAdapterContactsListOptions } from '@switchboard/api-client';
import { useQuery } from '@tanstack/react-query';
import { useStaff } from '../session';

/** The people who came last; who came before is told by the sign of their id alone. */
const LIMIT = 200;

/** What people are called where staff see them without a reason: masked, and `undefined` of those not known here. */
export function useMaskedNames(): (userId: string) => string | undefined {
  const staff = useStaff();
  const { data } = useQuery({
    ...botAdapterContactsListOptions({ query: { limit: LIMIT } }),
    enabled: staff.can('people:read'),
    staleTime: 60_000,
  });
  return (userId) => data?.data.find((contact) => contact.userId === userId)?.name ?? undefined;
}
