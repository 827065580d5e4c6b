import { Ellipsis, Search } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { Button as AriaButton, Link } from 'react-aria-components';
import { AccountButton, type AccountProps } from './account-button';
import { IconButton } from './button';
import { Dialog } from './dialog';
import { Kbd } from './kbd';
import { useKitTexts } from './kit.texts';
import { Logo } from './logo';
import './shell.css';

export interface NavItem {
  id: string;
  title: string;
  /** For the tabs of a phone, which have room for some ten letters. */
  short?: string;
  href: string;
  icon: ReactNode;
  /** What waits there for somebody. */
  count?: number;
}
export interface NavSection {
  id: string;
  /** None for the first. */
  title?: string;
  items: readonly NavItem[];
}

interface AppShellProps {
  /** The name of the app, beside the sign. */
  name: string;
  home: string;
  sections: readonly NavSection[];
  /** Ids of up to four items that are tabs at the bottom of a phone; all others are behind “More”. */
  phoneTabs: readonly string[];
  /** Where one is. */
  path: string;
  onSearch?: () => void;
  account: Omit<AccountProps, 'small'>;
  /** A line above everything: read-only, another's eyes, a new version. */
  banner?: ReactNode;
  children: ReactNode;
}

export function AppShell(props: AppShellProps) {
  const { name, home, sections, path, onSearch, account, banner, children } = props;
  const t = useKitTexts();
  return (
    <div className="ui-shell">
      <a className="ui-skip" href="#content">
        {t.skipToContent}
      </a>
      <aside className="ui-sidebar">
        <Brand name={name} home={home} />
        {onSearch && (
          <AriaButton className="ui-shell-search" onPress={onSearch}>
            <Search aria-hidden />
            <span>{t.search}</span>
            <Kbd keys="mod+k" />
          </AriaButton>
        )}
        <Sections sections={sections} path={path} />
        <Account {...account} />
      </aside>
      <header className="ui-topbar">
        <Brand name={name} home={home} />
        {onSearch && <IconButton label={t.search} icon={<Search />} onPress={onSearch} />}
        <Account {...account} small />
      </header>
      <main id="content" className="ui-main" tabIndex={-1}>
        {banner && <div className="ui-banner">{banner}</div>}
        {children}
      </main>
      <PhoneTabs {...props} />
    </div>
  );
}

const Brand = ({ name, home }: { name: string; home: string }) => (
  <Link className="ui-brand" href={home}>
    <Logo />
    <span>{name}</span>
  </Link>
);

function Sections({ sections, path, onGo }: { sections: readonly NavSection[]; path: string; onGo?: () => void }) {
  const t = useKitTexts();
  const nav = useRef<HTMLElement>(null);
  // What does not fit scrolls; where one is, is seen.
  useEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [path]);
  return (
    <nav ref={nav} className="ui-nav" aria-label={t.sections}>
      {sections.map(({ id, title, items }) => (
        <section key={id}>
          {title && <h2>{title}</h2>}
          <ul>
            {items.map((item) => (
              <li key={item.id}>
                <NavLink item={item} path={path} onPress={onGo} />
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

const NavLink = ({ item, path, onPress }: { item: NavItem; path: string; onPress?: () => void }) => (
  <Link
    className="ui-nav-link"
    href={item.href}
    onPress={onPress}
    aria-current={isAt(path, item.href) ? 'page' : undefined}
  >
    {item.icon}
    <span>{item.title}</span>
    {item.count !== undefined && item.count > 0 && <span className="ui-count">{item.count}</span>}
  </Link>
);

// A menu weighs a tenth of the first load; it is there a moment after the page, and until then its button is.
const AccountMenu = lazy(() => import('./account-menu'));

const Account = (props: AccountProps) => (
  <Suspense fallback={<AccountButton {...props} />}>
    <AccountMenu {...props} />
  </Suspense>
);

function PhoneTabs({ sections, phoneTabs, path }: AppShellProps) {
  const t = useKitTexts();
  const [open, setOpen] = useState(false);
  const items = sections.flatMap((section) => section.items);
  const tabs = items.filter(({ id }) => phoneTabs.includes(id));
  const isElsewhere = !tabs.some(({ href }) => isAt(path, href));
  return (
    <>
      <nav className="ui-phone-tabs" aria-label={t.menu}>
        {tabs.map((item) => (
          <NavLink key={item.id} item={{ ...item, title: item.short ?? item.title }} path={path} />
        ))}
        {items.length > tabs.length && (
          <AriaButton className="ui-nav-link" data-current={isElsewhere || undefined} onPress={() => setOpen(true)}>
            <Ellipsis />
            <span>{t.more}</span>
          </AriaButton>
        )}
      </nav>
      <Dialog title={t.sections} look="side" isOpen={open} onOpenChange={setOpen}>
        <div className="ui-nav-sheet">
          <Sections sections={sections} path={path} onGo={() => setOpen(false)} />
        </div>
      </Dialog>
    </>
  );
}

/** `/console/bots/lumen` is at `/console/bots`; only the home page has no pages below it. */
function isAt(path: string, href: string): boolean {
  return href.endsWith('/') ? path === href || `${path}/` === href : path === href || path.startsWith(`${href}/`);
}
