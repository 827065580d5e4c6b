import { ListFilter } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { Breadcrumbs } from './breadcrumbs';
import { Button } from './button';
import { useKitTexts } from './kit.texts';
import './page.css';

export interface PageProps {
  title: string;
  /** Beside the title: a state, a switch. */
  aside?: ReactNode;
  about?: ReactNode;
  way?: readonly { title: string; href: string }[];
  actions?: ReactNode;
  /** The width that its content needs: a form is easier to read narrow. */
  width?: 'narrow' | 'usual' | 'full';
  children: ReactNode;
}

/** One page: its way, its name (also that of the browser's tab), what can be done, and what stands in it. */
export function Page({ title, aside, about, way, actions, width = 'usual', children }: PageProps) {
  const t = useKitTexts();
  useEffect(() => {
    document.title = `${title} · Switchboard`;
  }, [title]);
  return (
    <div className="ui-page" data-width={width}>
      <header className="ui-page-head">
        <div className="ui-page-words">
          {way && <Breadcrumbs label={t.path} way={way} />}
          <div className="ui-page-title">
            <h1>{title}</h1>
            {aside}
          </div>
          {about && <p>{about}</p>}
        </div>
        {actions && <div className="ui-page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A line of search and filters above a list; on a phone the filters are behind one button. */
export function Filters({
  search,
  children,
  set = 0,
  end,
  alwaysOpen = false,
}: {
  search?: ReactNode;
  children?: ReactNode;
  /** How many of the filters are set: told by the button while they cannot be seen. */
  set?: number;
  end?: ReactNode;
  /** They are seen on a phone at once: a second line of them, with a button like that of the first, would be a riddle. */
  alwaysOpen?: boolean;
}) {
  const t = useKitTexts();
  const [open, setOpen] = useState(false);
  return (
    <div className="ui-filters" data-open={open || alwaysOpen || undefined}>
      {search}
      {children && (
        <>
          {!alwaysOpen && (
            <span className="ui-filters-toggle">
              <Button icon={<ListFilter />} aria-expanded={open} onPress={() => setOpen(!open)}>
                {t.table.filters}
                {set > 0 && <span className="ui-count">{set}</span>}
              </Button>
            </span>
          )}
          <div className="ui-filters-more">{children}</div>
        </>
      )}
      {end && <div className="ui-filters-end">{end}</div>}
    </div>
  );
}

/** Cards beside each other, as many as there is room for. @param min the least width of each, in pixels */
export const Grid = ({ min = 280, children }: { min?: number; children: ReactNode }) => (
  <div className="ui-grid" style={{ gridTemplateColumns: `repeat(auto-fit, minmax(min(${min}px, 100%), 1fr))` }}>
    {children}
  </div>
);

/** What a page is mostly about, and beside it what belongs to it; on narrow screens the second follows the first. */
export const Columns = ({ main, side }: { main: ReactNode; side: ReactNode }) => (
  <div className="ui-columns">
    <div className="ui-stack">{main}</div>
    <div className="ui-stack">{side}</div>
  </div>
);

export const Stack = ({ children, gap }: { children: ReactNode; gap?: number }) => (
  <div className="ui-stack" style={gap === undefined ? undefined : { gap }}>
    {children}
  </div>
);

export const Row = ({ children }: { children: ReactNode }) => <div className="ui-row">{children}</div>;
