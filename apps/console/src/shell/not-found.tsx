import { ButtonLink, Empty, Page } from '@switchboard/ui';
import { useLocation } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { useShellTexts } from './shell.texts';

/** Within an area: its frame stays around it. */
export function NotFoundHere() {
  const t = useShellTexts();
  const { pathname } = useLocation();
  const isOfPerson = /^\/me(?![^/])/.test(pathname);
  return (
    <Page title={t.notFound.title}>
      <Empty
        icon={<Compass />}
        title={t.notFound.text}
        action={
          <ButtonLink href={isOfPerson ? '/me/' : '/console/'} look="primary">
            {isOfPerson ? t.notFound.month : t.notFound.home}
          </ButtonLink>
        }
      />
    </Page>
  );
}

export const NotFound = () => (
  <main>
    <NotFoundHere />
  </main>
);
