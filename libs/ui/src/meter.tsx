import type { ReactNode } from 'react';
import { Label, Meter as AriaMeter } from 'react-aria-components';
import './meter.css';

/** How much of something is used: of a budget, of a quota. @param part 0 to 1; more is over the limit */
export function Meter({ label, value, part }: { label: ReactNode; value: string; part: number }) {
  const tone = part >= 1 ? 'bad' : part >= 0.8 ? 'warn' : undefined;
  return (
    <AriaMeter className="ui-meter" value={Math.min(100, part * 100)} valueLabel={value}>
      <span className="ui-meter-words">
        <Label>{label}</Label>
        <span>{value}</span>
      </span>
      <span className="ui-meter-bar" data-tone={tone}>
        <span style={{ width: `${Math.min(100, part * 100)}%` }} />
      </span>
    </AriaMeter>
  );
}
