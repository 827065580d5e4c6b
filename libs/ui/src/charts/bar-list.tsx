import { Link } from 'react-aria-components';
import type { ReactNode } from 'react';
import { useFormats } from '../format';
import './charts.css';

interface BarListRow {
  id: string;
  label: ReactNode;
  value: number;
  about?: ReactNode;
  href?: string;
}

/** What there is most of: the longest bar is the largest value. */
export function BarList({
  label,
  rows,
  format,
  shares,
}: {
  label: string;
  rows: readonly BarListRow[];
  format: (value: number) => string;
  /** The part of the sum beside each value. */
  shares?: boolean;
}) {
  const formats = useFormats();
  const largest = Math.max(...rows.map(({ value }) => value), 0);
  const sum = rows.reduce((total, { value }) => total + value, 0);
  return (
    <ol className="ui-bar-list" aria-label={label}>
      {rows.map(({ id, label: name, value, about, href }) => (
        <li key={id}>
          <span className="ui-bar" aria-hidden style={{ width: largest > 0 ? `${(value / largest) * 100}%` : 0 }} />
          <span className="ui-bar-words">
            {href ? (
              <Link className="ui-link" data-quiet href={href}>
                {name}
              </Link>
            ) : (
              <span>{name}</span>
            )}
            {about && <small>{about}</small>}
          </span>
          <span className="ui-bar-value">{format(value)}</span>
          {shares && <span className="ui-bar-share">{formats.percent(sum > 0 ? value / sum : 0, 0)}</span>}
        </li>
      ))}
    </ol>
  );
}
