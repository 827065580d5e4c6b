import { AppShell, type NavSection, SkeletonLines, useKitTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation } from '@tanstack/react-router';
import { CalendarDays, CircleUserRound, Fingerprint, Handshake } from 'lucide-react';
import { Suspense } from 'react';
import { sessionQuery } from '../session';
import { useAccountMenu } from './account-menu';
import { PageFailed } from '../page-failed';
import { SignInFirst } from './sign-in-first';
import { profileQuery } from '../me/me.api';
import { useMeTexts } from '../me/me.texts';
import '../me/me.css';

/** A person's own area. Who is not signed in is asked to, and comes back to where they wanted to go. */
export function PersonArea() {
  const { data: session, error, refetch } = useQuery(sessionQuery);
  if (error && !session) return <PageFailed error={error} reset={() => void refetch()} />;
  if (!session) return null;
  if (!session.person) return <SignInFirst page="/me/sign-in" />;
  return <PersonShell userId={session.person.id} />;
}

function PersonShell({ userId }: { userId: string }) {
  const t = useMeTexts();
  const kit = useKitTexts();
  const { data: profile } = useQuery(profileQuery);
  const { pathname } = useLocation();
  const sections: NavSection[] = [
    {
      id: 'me',
      items: [
        { id: 'month', title: t.nav.month, href: '/me/', icon: <CalendarDays /> },
        { id: 'profile', title: t.nav.profile, href: '/me/profile', icon: <CircleUserRound /> },
        { id: 'access', title: t.nav.access, href: '/me/access', icon: <Fingerprint /> },
        { id: 'consents', title: t.nav.consents, href: '/me/consents', icon: <Handshake /> },
      ],
    },
  ];
  return (
    <AppShell
      name="Switchboard"
      home="/me/"
      sections={sections}
      phoneTabs={['month', 'profile', 'access', 'consents']}
      path={pathname}
      account={{ id: userId, name: profile?.name ?? t.you, groups: useAccountMenu('person') }}
    >
      <Suspense fallback={<SkeletonLines label={kit.loading} />}>
        <Outlet />
      </Suspense>
    </AppShell>
  );
}
