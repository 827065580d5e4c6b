import { ChevronRight } from 'lucide-react';
import { Breadcrumb, Breadcrumbs as AriaBreadcrumbs, Link } from 'react-aria-components';
import './breadcrumbs.css';

/** The way to this page; the page itself is not part of it. */
export function Breadcrumbs({ label, way }: { label: string; way: readonly { title: string; href: string }[] }) {
  return (
    <nav aria-label={label}>
      <AriaBreadcrumbs className="ui-breadcrumbs">
        {way.map(({ title, href }) => (
          <Breadcrumb key={href}>
            <Link href={href}>{title}</Link>
            <ChevronRight aria-hidden />
          </Breadcrumb>
        ))}
      </AriaBreadcrumbs>
    </nav>
  );
}
