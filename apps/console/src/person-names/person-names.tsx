import { botAdapterContactsListOptions } from '@switchboard/api-client';
import { Avatar, Button, defineTexts, Link } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useStaff } from '../session';

const useTexts = defineTexts({
  en: { unnamed: 'Without a name', everybody: (name: string) => `${name}: show everybody` },
  ru: { unnamed: 'Без имени', everybody: (name) => `${name}: показать всех` },
});

/** The people who came last; who came before is told by the end of their id alone. */
const LIMIT = 200;

/** What people are called where staff see them without a reason: masked, or by the end of their id. */
export function usePersonNames(): (userId: string) => string {
  const staff = useStaff();
  const { data } = useQuery({
    ...botAdapterContactsListOptions({ query: { limit: LIMIT } }),
    enabled: staff.can('people:read'),
    staleTime: 60_000,
  });
  return (userId) => data?.data.find((contact) => contact.userId === userId)?.name ?? `…${userId.slice(-6)}`;
}

/** A person as far as staff see them without a reason: masked, with the sign of their id. */
export function PersonName({ userId, name }: { userId: string; name: string | null }) {
  const t = useTexts();
  return (
    <span className="bot-name">
      <Avatar id={userId} name={name ?? '?'} size={24} />
      <span>{name ?? <span className="soft">{t.unnamed}</span>}</span>
    </span>
  );
}

/** The same as a link to their page, for those who may see it. */
export function PersonLink({ userId }: { userId: string }) {
  const mayRead = useStaff().can('people:read');
  const name = <PersonName userId={userId} name={usePersonNames()(userId)} />;
  return mayRead ? (
    <Link quiet href={`/console/people/${userId}`}>
      {name}
    </Link>
  ) : (
    name
  );
}

/** Says that a list is of one person alone, and lets all others in again. */
export function PersonFilter({ userId, onClear }: { userId: string; onClear: () => void }) {
  const t = useTexts();
  const name = usePersonNames()(userId);
  return (
    <Button iconEnd={<X />} aria-label={t.everybody(name)} onPress={onClear}>
      {name}
    </Button>
  );
}
