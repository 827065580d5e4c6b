import type { NavItem, NavSection } from '@switchboard/ui';
import {
  BellRing,
  BookOpen,
  Bot,
  CalendarClock,
  ChartNoAxesCombined,
  Coins,
  FileText,
  FileDown,
  FlaskConical,
  Gift,
  HandCoins,
  Handshake,
  KeyRound,
  Landmark,
  LayoutDashboard,
  Megaphone,
  MessagesSquare,
  ReceiptText,
  ScrollText,
  Server,
  ServerCog,
  ShieldUser,
  ShoppingCart,
  Stamp,
  Tag,
  TriangleAlert,
  Users,
  Webhook,
} from 'lucide-react';
import { type StaticDataRouteOption, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Staff } from '../session';
import { useShellTexts } from './shell.texts';

type Titles = ReturnType<typeof useShellTexts>['nav'];
type SectionTitles = ReturnType<typeof useShellTexts>['sections'];

interface Place {
  id: keyof Titles;
  href: string;
  icon: ReactNode;
  /** `G` and then this letter or digit leads there. */
  key: string;
}

/** All pages that have an entry of their own, in the order in which they stand. */
const places: readonly { id: keyof SectionTitles | 'top'; places: readonly Place[] }[] = [
  {
    id: 'top',
    places: [{ id: 'overview', href: '/console/', icon: <LayoutDashboard />, key: 'o' }],
  },
  {
    id: 'build',
    places: [
      { id: 'bots', href: '/console/bots', icon: <Bot />, key: 'b' },
      { id: 'prompts', href: '/console/prompts', icon: <FileText />, key: 'r' },
      { id: 'knowledge', href: '/console/knowledge', icon: <BookOpen />, key: 'k' },
      { id: 'experiments', href: '/console/experiments', icon: <FlaskConical />, key: 'e' },
    ],
  },
  {
    id: 'people',
    places: [
      { id: 'people', href: '/console/people', icon: <Users />, key: 'p' },
      { id: 'conversations', href: '/console/conversations', icon: <MessagesSquare />, key: 'c' },
      { id: 'broadcasts', href: '/console/broadcasts', icon: <Megaphone />, key: '1' },
      { id: 'promotions', href: '/console/promotions', icon: <Gift />, key: '2' },
    ],
  },
  {
    id: 'sell',
    places: [
      { id: 'sales', href: '/console/sales', icon: <Coins />, key: 'm' },
      { id: 'orders', href: '/console/orders', icon: <ShoppingCart />, key: 'y' },
      { id: 'subscriptions', href: '/console/subscriptions', icon: <CalendarClock />, key: 'n' },
      { id: 'catalogue', href: '/console/catalogue', icon: <Tag />, key: 'g' },
      { id: 'partners', href: '/console/partners', icon: <Handshake />, key: 'h' },
      { id: 'payouts', href: '/console/payouts', icon: <HandCoins />, key: 'q' },
      { id: 'ledger', href: '/console/ledger', icon: <Landmark />, key: 'j' },
    ],
  },
  {
    id: 'measure',
    places: [
      { id: 'boards', href: '/console/boards', icon: <ChartNoAxesCombined />, key: 'd' },
      { id: 'exports', href: '/console/exports', icon: <FileDown />, key: 'x' },
      { id: 'usage', href: '/console/usage', icon: <ReceiptText />, key: 'u' },
      { id: 'alerts', href: '/console/alerts', icon: <BellRing />, key: 'a' },
    ],
  },
  {
    id: 'operate',
    places: [
      { id: 'failures', href: '/console/failures', icon: <TriangleAlert />, key: 'f' },
      { id: 'servers', href: '/console/servers', icon: <Server />, key: 'z' },
      { id: 'webhooks', href: '/console/webhooks', icon: <Webhook />, key: 'w' },
      { id: 'keys', href: '/console/keys', icon: <KeyRound />, key: 'i' },
      { id: 'system', href: '/console/system', icon: <ServerCog />, key: 's' },
    ],
  },
  {
    id: 'govern',
    places: [
      { id: 'staff', href: '/console/staff', icon: <ShieldUser />, key: 't' },
      { id: 'approvals', href: '/console/approvals', icon: <Stamp />, key: 'v' },
      { id: 'audit', href: '/console/audit', icon: <ScrollText />, key: 'l' },
    ],
  },
];

/** The right that this member of staff would need for a page, as `routes.tsx` says; `undefined` when they may see it. */
export function missingPermission(
  staff: Staff,
  { permission = [], withAllBots }: StaticDataRouteOption,
): string | undefined {
  const any = [permission].flat();
  return any.some((one) => (withAllBots ? staff.canWithAllBots(one) : staff.can(one))) ? undefined : any[0];
}

export const phoneTabs = ['overview', 'bots', 'conversations', 'people'];

/** Those that this member of staff may see. @param counts what waits for them behind each */
export function useNav(
  staff: Staff,
  counts: Partial<Record<keyof Titles, number>>,
): { sections: NavSection[]; shortcuts: (NavItem & { keys: string })[] } {
  const t = useShellTexts();
  const { routesByPath } = useRouter();
  const routeOf = (href: string) => routesByPath[href as keyof typeof routesByPath]?.options.staticData ?? {};
  const sections = places.flatMap(({ id, places: all }) => {
    const seen = all.filter(({ href }) => !missingPermission(staff, routeOf(href)));
    const items = seen.map((place) => ({
      ...place,
      title: t.nav[place.id],
      short: (t.short as Partial<Titles>)[place.id],
      count: counts[place.id],
      keys: `g ${place.key}`,
    }));
    return items.length === 0 ? [] : [{ id, title: id === 'top' ? undefined : t.sections[id], items }];
  });
  return { sections, shortcuts: sections.flatMap(({ items }) => items) };
}
