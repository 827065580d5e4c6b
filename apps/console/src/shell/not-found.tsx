import { ButtonLink, Empty } from '@switchboard/ui';
import { Compass } from 'lucide-react';
import { useShellTexts } from './shell.texts';

export function NotFound() {
  const t = useShellTexts();
  return (
    <Empty
      icon={<Compass />}
      title={t.notFound.title}
      action={
        <ButtonLink href="/console/" look="primary">
          {t.notFound.home}
        </ButtonLink>
      }
    >
      {t.notFound.text}
    </Empty>
  );
}
