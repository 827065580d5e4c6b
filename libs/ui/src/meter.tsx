import type { ReactNode } from 'react';
import { Meter as AriaMeter } from 'react-aria-components';
import './meter.css';

interface MeterProps {
  label: string;
  /** Of the whole, which is `most`. */
  value: number;
  most: number;
  /** The same in words: “12 of 200 GB”. */
  words: string;
  /** Under the bar. */
  about?: ReactNode;
  /** That all of it is used is as it should be. */
  isUsual?: boolean;
}

/** How much of something limited is used up. From 80 % on it warns, unless that is usual. */
export const Meter = ({ label, value, most, words, about, isUsual }: MeterProps) => {
  const part = most > 0 ? Math.min(1, value / most) : 1;
  const tone = part >= 1 ? 'bad' : part >= 0.8 ? 'warn' : undefined;
  return (
    <AriaMeter
      className="ui-meter"
      aria-label={label}
      value={part * 100}
      valueLabel={words}
      data-tone={isUsual ? undefined : tone}
    >
      <span className="ui-meter-words" aria-hidden>
        <span>{label}</span>
        <strong>{words}</strong>
      </span>
      <span className="ui-meter-track" aria-hidden>
        <span style={{ width: `${part * 100}%` }} />
      </span>
      {about && <small>{about}</small>}
    </AriaMeter>
  );
};
