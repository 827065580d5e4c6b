import type { NavItem, NavSection } from '@switchboard/ui';
import { Bot, LayoutDashboard } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Staff } from '../session';
import { useShellTexts } from './shell.texts';

type Titles = ReturnType<typeof useShellTexts>['nav'];
type SectionTitles = ReturnType<typeof useShellTexts>['sections'];

interface Place {
  id: keyof Titles;
  href: string;
  icon: ReactNode;
  /** Who may not do this does not see it. */
  permission?: string;
  /** `G` and then this letter leads there. */
  key: string;
}

/** All pages that have an entry of their own, in the order in which they stand. */
export const places: readonly { id: keyof SectionTitles | 'top'; places: readonly Place[] }[] = [
  { id: 'top', places: [{ id: 'overview', href: '/console/', icon: <LayoutDashboard />, key: 'o' }] },
  {
    id: 'build',
    places: [{ id: 'bots', href: '/console/bots', icon: <Bot />, permission: 'bots:read', key: 'b' }],
  },
];

export const phoneTabs = ['overview', 'bots', 'conversations', 'people'];

/** Those that this member of staff may see. */
export function useNav(staff: Staff): { sections: NavSection[]; shortcuts: (NavItem & { keys: string })[] } {
  const t = useShellTexts();
  const sections = places.flatMap(({ id, places: all }) => {
    const seen = all.filter(({ permission }) => !permission || staff.can(permission));
    const items = seen.map((place) => ({ ...place, title: t.nav[place.id], keys: `g ${place.key}` }));
    return items.length === 0 ? [] : [{ id, title: id === 'top' ? undefined : t.sections[id], items }];
  });
  return { sections, shortcuts: sections.flatMap(({ items }) => items) };
}
