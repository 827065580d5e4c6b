import type { NavItem, NavSection } from '@switchboard/ui';
import {
  BellRing,
  BookOpen,
  Bot,
  ChartNoAxesCombined,
  FileText,
  FileDown,
  FlaskConical,
  KeyRound,
  LayoutDashboard,
  MessagesSquare,
  ReceiptText,
  ScrollText,
  ServerCog,
  ShieldUser,
  Stamp,
  TriangleAlert,
  Users,
  Webhook,
} from 'lucide-react';
import type { ReactNode } from 'react';
import type { Staff } from '../session';
import { useShellTexts } from './shell.texts';

type Titles = ReturnType<typeof useShellTexts>['nav'];
type SectionTitles = ReturnType<typeof useShellTexts>['sections'];

interface Place {
  id: keyof Titles;
  href: string;
  icon: ReactNode;
  /** Who may do none of this does not see it. */
  permissions: readonly string[];
  /** `G` and then this letter leads there. */
  key: string;
}

/** All pages that have an entry of their own, in the order in which they stand. */
const places: readonly { id: keyof SectionTitles | 'top'; places: readonly Place[] }[] = [
  {
    id: 'top',
    places: [{ id: 'overview', href: '/console/', icon: <LayoutDashboard />, permissions: [], key: 'o' }],
  },
  {
    id: 'build',
    places: [
      { id: 'bots', href: '/console/bots', icon: <Bot />, permissions: ['bots:read'], key: 'b' },
      { id: 'prompts', href: '/console/prompts', icon: <FileText />, permissions: ['prompts:read'], key: 'r' },
      { id: 'knowledge', href: '/console/knowledge', icon: <BookOpen />, permissions: ['knowledge:read'], key: 'k' },
      {
        ...{ id: 'experiments', href: '/console/experiments', icon: <FlaskConical /> },
        ...{ permissions: ['experiments:read'], key: 'e' },
      },
    ],
  },
  {
    id: 'people',
    places: [
      { id: 'people', href: '/console/people', icon: <Users />, permissions: ['people:read'], key: 'p' },
      {
        ...{ id: 'conversations', href: '/console/conversations', icon: <MessagesSquare /> },
        ...{ permissions: ['conversations:read'], key: 'c' },
      },
    ],
  },
  {
    id: 'measure',
    places: [
      {
        ...{ id: 'boards', href: '/console/boards', icon: <ChartNoAxesCombined /> },
        ...{ permissions: ['analytics:read'], key: 'd' },
      },
      { id: 'exports', href: '/console/exports', icon: <FileDown />, permissions: ['analytics:export'], key: 'x' },
      { id: 'usage', href: '/console/usage', icon: <ReceiptText />, permissions: ['usage:read'], key: 'u' },
      { id: 'alerts', href: '/console/alerts', icon: <BellRing />, permissions: ['alerts:read'], key: 'a' },
    ],
  },
  {
    id: 'operate',
    places: [
      {
        ...{ id: 'failures', href: '/console/failures', icon: <TriangleAlert />, key: 'f' },
        permissions: ['dead-letters:read', 'updates:read', 'quarantined-events:read'],
      },
      { id: 'webhooks', href: '/console/webhooks', icon: <Webhook />, permissions: ['webhooks:read'], key: 'w' },
      { id: 'keys', href: '/console/keys', icon: <KeyRound />, permissions: ['keys:read'], key: 'i' },
      { id: 'system', href: '/console/system', icon: <ServerCog />, permissions: ['system:read'], key: 's' },
    ],
  },
  {
    id: 'govern',
    places: [
      { id: 'staff', href: '/console/staff', icon: <ShieldUser />, permissions: ['staff:read'], key: 't' },
      { id: 'approvals', href: '/console/approvals', icon: <Stamp />, permissions: ['approvals:read'], key: 'v' },
      { id: 'audit', href: '/console/audit', icon: <ScrollText />, permissions: ['audit:read'], key: 'l' },
    ],
  },
];

export const phoneTabs = ['overview', 'bots', 'conversations', 'people'];

/** Those that this member of staff may see. @param counts what waits for them behind each */
export function useNav(
  staff: Staff,
  counts: Partial<Record<keyof Titles, number>>,
): { sections: NavSection[]; shortcuts: (NavItem & { keys: string })[] } {
  const t = useShellTexts();
  const sections = places.flatMap(({ id, places: all }) => {
    const seen = all.filter(({ permissions }) => permissions.length === 0 || permissions.some((one) => staff.can(one)));
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
