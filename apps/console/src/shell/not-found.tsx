import { ButtonLink, Empty, Page } from '@switchboard/ui';
import { Compass } from 'lucide-react';
import { useShellTexts } from './shell.texts';

export function NotFound() {
  const t = useShellTexts();
  return (
    <main>
      <Page title={t.notFound.title}>
        <Empty
          icon={<Compass />}
          title={t.notFound.text}
          action={
            <ButtonLink href="/console/" look="primary">
              {t.notFound.home}
            </ButtonLink>
          }
        />
      </Page>
    </main>
  );
}
