import { ChevronRight } from 'lucide-react';
import { Link } from 'react-aria-components';
import './breadcrumbs.css';

/**
 * The way to this page; the page itself is not part of it. Not the breadcrumbs of React Aria, which take the last one for the page
 * one is on, and let nobody press it.
 */
export function Breadcrumbs({ label, way }: { label: string; way: readonly { title: string; href: string }[] }) {
  return (
    <nav aria-label={label}>
      <ol className="ui-breadcrumbs">
        {way.map(({ title, href }) => (
          <li key={href}>
            <Link href={href}>{title}</Link>
            <ChevronRight aria-hidden />
          </li>
        ))}
      </ol>
    </nav>
  );
}
