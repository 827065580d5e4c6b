import type { ReactNode } from 'react';
import './badge.css';

export type Tone = 'neutral' | 'accent' | 'good' | 'warn' | 'bad' | 'info';

/** A state in a word. `dot` puts its colour in front of it, for states that change. */
export function Badge({ tone = 'neutral', dot, children }: { tone?: Tone; dot?: boolean; children: ReactNode }) {
  return (
    <span className="ui-badge" data-tone={tone}>
      {dot && <span className="ui-badge-dot" aria-hidden />}
      {children}
    </span>
  );
}
