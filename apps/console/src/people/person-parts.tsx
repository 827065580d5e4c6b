import { Avatar, Badge } from '@switchboard/ui';
import { usePeopleTexts } from './people.texts';

/** A person as far as staff see them without a reason: masked, with the sign of their id. */
export function PersonName({ userId, name }: { userId: string; name: string | null }) {
  const t = usePeopleTexts();
  return (
    <span className="bot-name">
      <Avatar id={userId} name={name ?? '?'} size={24} />
      <span>{name ?? <span className="soft">{t.unnamed}</span>}</span>
    </span>
  );
}

export function ContactState({ blockedAt }: { blockedAt: string | null }) {
  const t = usePeopleTexts();
  return (
    <Badge dot tone={blockedAt ? 'warn' : 'good'}>
      {blockedAt ? t.blocked : t.reachable}
    </Badge>
  );
}
