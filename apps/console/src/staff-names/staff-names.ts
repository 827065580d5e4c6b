import { gatewayStaffListOptions } from '@switchboard/api-client';
import { useQuery } from '@tanstack/react-query';
import { accountQuery, useStaff } from '../session';

/** As many as one page holds; of a colleague beyond them the sign of the id is told. */
const LIMIT = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What whoever did something is called: staff by their names, as far as one may see them; services and the like by what they are called. */
export function useStaffNames(): (id: string) => string {
  const staff = useStaff();
  const { data: account } = useQuery(accountQuery);
  const { data } = useQuery({
    ...gatewayStaffListOptions({ query: { limit: LIMIT } }),
    enabled: staff.can('staff:read'),
    staleTime: 60_000,
  });
  return (id) => {
    const member = id === staff.id ? account?.member : data?.data.find((one) => one.id === id);
    return member?.name || member?.email || (UUID.test(id) ? `…${id.slice(-6)}` : id);
  };
}
