import { Badge } from '@switchboard/ui';
import { usePeopleTexts } from './people.texts';

export function ContactState({ blockedAt }: { blockedAt: string | null }) {
  const t = usePeopleTexts();
  return (
    <Badge dot tone={blockedAt ? 'warn' : 'good'}>
      {blockedAt ? t.blocked : t.reachable}
    </Badge>
  );
}
