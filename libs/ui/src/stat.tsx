import { ArrowDownRight, ArrowRight, ArrowUpRight } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-aria-components';
import { Sparkline } from './charts/sparkline';
import { useFormats } from './format';
import { Skeleton } from './skeleton';
import './stat.css';

interface StatProps {
  label: ReactNode;
  /** `undefined` while it is being asked for. */
  value: ReactNode | undefined;
  /** Against the period before: 0.12 is 12 % more. */
  change?: number | null;
  /** Which direction is good; without it neither is. */
  better?: 'more' | 'less';
  /** What the value is compared with or made of. */
  about?: ReactNode;
  trend?: readonly (number | null)[];
  href?: string;
}

/** One number that matters. */
export function Stat({ label, value, change, better, about, trend, href }: StatProps) {
  const inside = (
    <>
      <span className="ui-stat-label">{label}</span>
      <span className="ui-stat-value">{value === undefined ? <Skeleton width={96} height={24} /> : value}</span>
      <span className="ui-stat-foot">
        {change !== undefined && change !== null && Number.isFinite(change) && (
          <Change change={change} better={better} />
        )}
        {about && <span>{about}</span>}
      </span>
      {trend && trend.length > 1 && (
        <span className="ui-stat-trend">
          <Sparkline values={trend} />
        </span>
      )}
    </>
  );
  return href ? (
    <Link className="ui-stat" href={href}>
      {inside}
    </Link>
  ) : (
    <div className="ui-stat">{inside}</div>
  );
}

function Change({ change, better }: { change: number; better?: 'more' | 'less' }) {
  const formats = useFormats();
  const isFlat = Math.abs(change) < 0.005;
  const isGood = better && change > 0 === (better === 'more');
  return (
    <span className="ui-stat-change" data-tone={isFlat || !better ? undefined : isGood ? 'good' : 'bad'}>
      {isFlat ? <ArrowRight /> : change > 0 ? <ArrowUpRight /> : <ArrowDownRight />}
      {formats.percent(Math.abs(change), Math.abs(change) < 0.1 ? 1 : 0)}
    </span>
  );
}
