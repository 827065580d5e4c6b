import { gatewayStaffListOptions } from '@switchboard/api-client';
import { defineTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { accountQuery, useStaff } from '../session';

const useTexts = defineTexts({
  en: { colleague: 'a colleague', key: (id: string) => `API key ${id}` },
  ru: { colleague: 'коллега', key: (id) => `ключ API ${id}` },
});

/** As many as one page holds; those beyond them are colleagues without a name. */
const LIMIT = 200;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * What whoever did something is called: staff by their names, as far as one may see them; services and the like by what they are
 * called. Some services tell the kind with the id, as in `staff:0192…`.
 */
export function useStaffNames(): (author: string) => string {
  const t = useTexts();
  const find = useFoundNames();
  return (author) => {
    const { kind, id } = partsOf(author);
    return find(id) ?? (UUID.test(id) ? t.colleague : kind === 'key' ? t.key(id) : id);
  };
}

/** The same as a part of a page. Colleagues without a name can be told apart by the end of their id. */
export function StaffName({ id: author }: { id: string }) {
  const name = useStaffNames()(author);
  const found = useFoundNames();
  const { id } = partsOf(author);
  return UUID.test(id) && !found(id) ? <span title={`…${id.slice(-6)}`}>{name}</span> : name;
}

function partsOf(author: string): { kind: string | undefined; id: string } {
  const [, kind, id = author] = /^(staff|key|person|service):(.+)$/.exec(author) ?? [];
  return { kind, id };
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
