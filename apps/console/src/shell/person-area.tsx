import { AppShell, Empty, type NavSection, problemOf, SkeletonLines, useKitTexts } from '@switchboard/ui';
import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useRouter } from '@tanstack/react-router';
import {
  CalendarDays,
  CircleUserRound,
  Fingerprint,
  Gift,
  Handshake,
  KeyRound,
  ReceiptText,
  Send,
  UserPlus,
  Wallet,
} from 'lucide-react';
import { Suspense, useEffect } from 'react';
import { sessionQuery } from '../session';
import { useAccountMenu } from './account-menu';
import { PageFailed } from '../page-failed';
import { SignInFirst } from './sign-in-first';
import { profileQuery } from '../me/me.api';
import { useMeTexts } from '../me/me.texts';
import { useMyBots } from '../me/shop/shop.api';
import { launch } from '../web-app/launch';
import '../me/me.css';

/** A person's own area. Who is not signed in is asked to, and comes back to where they wanted to go. */
export function PersonArea() {
  const t = useMeTexts().webApp;
  const { data: session, error, refetch } = useQuery(sessionQuery);
  if (launch && problemOf(error)?.code === 'gateway.sign_in_refused') {
    return (
      <Empty icon={<Send />} title={t.title}>
        {t.text}
      </Empty>
    );
  }
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
  const { bots, isPending } = useMyBots();
  const menu = useAccountMenu('person');
  useTelegram(pathname);
  // What is sold is of no interest to those who buy nothing; they would see its pages come and go.
  if (isPending) return null;
  const mine: NavSection['items'] = [
    { id: 'month', title: t.nav.month, href: '/me/month', icon: <CalendarDays /> },
    { id: 'profile', title: t.nav.profile, href: '/me/profile', icon: <CircleUserRound /> },
    { id: 'access', title: t.nav.access, href: '/me/access', icon: <Fingerprint /> },
    { id: 'consents', title: t.nav.consents, href: '/me/consents', icon: <Handshake /> },
  ];
  const bought: NavSection['items'] = [
    {
      ...{ id: 'subscriptions', title: t.nav.subscriptions, short: t.nav.subscriptionsShort },
      ...{ href: '/me/subscriptions', icon: <KeyRound /> },
    },
    { id: 'payments', title: t.nav.payments, href: '/me/payments', icon: <ReceiptText /> },
    { id: 'balance', title: t.nav.balance, href: '/me/balance', icon: <Wallet /> },
    { id: 'invite', title: t.nav.invite, short: t.nav.inviteShort, href: '/me/invite', icon: <UserPlus /> },
    { id: 'gifts', title: t.nav.gifts, href: '/me/gifts', icon: <Gift /> },
  ];
  const buys = bots.length > 0;
  const sections: NavSection[] = buys
    ? [
        { id: 'bought', items: bought },
        { id: 'me', title: t.nav.mine, items: mine },
      ]
    : [{ id: 'me', items: mine }];
  return (
    <AppShell
      name="Switchboard"
      home="/me/"
      sections={sections}
      phoneTabs={(buys ? bought : mine).slice(0, 4).map(({ id }) => id)}
      path={pathname}
      account={{ id: userId, name: profile?.name ?? t.you, groups: menu }}
    >
      <Suspense fallback={<SkeletonLines label={kit.loading} />}>
        <Outlet />
      </Suspense>
    </AppShell>
  );
}

/** Telegram is told that the page is there, lends it its colours, and goes back by a button of its own. */
function useTelegram(pathname: string): void {
  const { history } = useRouter();
  useEffect(() => {
    if (!launch) return;
    void import('../web-app/telegram').then(({ beginInTelegram }) => beginInTelegram());
    const listening = import('../web-app/telegram').then(({ onBackButton }) => onBackButton(() => history.back()));
    return () => void listening.then((stop) => stop());
  }, [history]);
  useEffect(() => {
    if (launch) void import('../web-app/telegram').then(({ showBackButton }) => showBackButton(history.canGoBack()));
  }, [history, pathname]);
}
