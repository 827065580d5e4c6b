import { gatewayStaffListOptions } from '@switchboard/api-client';
import { defineTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { accountQuery, useStaff } from '../session';

const useTexts = defineTexts({ en: { colleague: 'a colleague' }, ru: { colleague: 'коллега' } });

/** As many as one page holds; those beyond them are colleagues without a name. */
const LIMIT = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What whoever did something is called: staff by their names, as far as one may see them; services and the like by what they are called. */
export function useStaffNames(): (id: string) => string {
  const t = useTexts();
  const find = useFoundNames();
  return (id) => find(id) ?? (UUID.test(id) ? t.colleague : id);
}

/** The same as a part of a page. Colleagues without a name can be told apart by the end of their id. */
export function StaffName({ id }: { id: string }) {
  const t = useTexts();
  const name = useFoundNames()(id) ?? (UUID.test(id) ? undefined : id);
  return name ?? <span title={`…${id.slice(-6)}`}>{t.colleague}</span>;
}

function useFoundNames(): (id: string) => string | undefined {
  const staff = useStaff();
  const { data: account } = useQuery(accountQuery);
  const { data } = useQuery({
    ...gatewayStaffListOptions({ query: { limit: LIMIT } }),
    enabled: staff.can('staff:read'),
    staleTime: 60_000,
  });
  return (id) => {
    const member = id === staff.id ? account?.member : data?.data.find((one) => one.id === id);
    return member?.name || member?.email || undefined;
  };
}
