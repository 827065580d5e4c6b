import { Logo } from '@switchboard/ui';
import { type ReactNode, useEffect } from 'react';
import { Languages } from './languages';
import './sign-in.css';

/** Pages of those who are not signed in: one card, and the cords of a switchboard behind it. */
export function SignInFrame({
  title,
  about,
  children,
  foot,
}: {
  title: string;
  about?: ReactNode;
  children: ReactNode;
  foot?: ReactNode;
}) {
  useEffect(() => {
    document.title = `${title} · Switchboard`;
  }, [title]);
  return (
    <div className="sign-in">
      <Cords />
      <main className="sign-in-main">
        <div className="sign-in-brand">
          <Logo size={36} />
          <span>Switchboard</span>
        </div>
        <div className="sign-in-card">
          <header>
            <h1>{title}</h1>
            {about && <p>{about}</p>}
          </header>
          {children}
        </div>
        {foot && <div className="sign-in-foot">{foot}</div>}
        <Languages />
      </main>
    </div>
  );
}

const COLUMNS = 12;
const ROWS = 7;
const STEP = 120;
/** From jack to jack: column and row of each. */
const cords: readonly (readonly [number, number, number, number])[] = [
  [0, 1, 2, 5],
  [1, 4, 3, 0],
  [9, 0, 11, 4],
  [10, 6, 8, 2],
  [2, 6, 5, 5],
  [7, 1, 10, 3],
];

const at = (n: number) => 60 + n * STEP;

/** A board of jacks with some cords plugged in. */
function Cords() {
  const jacks = Array.from({ length: COLUMNS * ROWS }, (_, i) => [i % COLUMNS, Math.floor(i / COLUMNS)] as const);
  return (
    <svg
      className="sign-in-cords"
      viewBox={`0 0 ${COLUMNS * STEP} ${ROWS * STEP}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden
    >
      {jacks.map(([x, y]) => (
        <circle key={`${x} ${y}`} cx={at(x)} cy={at(y)} r={5} />
      ))}
      {cords.map(([x1, y1, x2, y2], i) => (
        <g key={i} data-lit={i % 3 === 0 || undefined}>
          <path d={`M${at(x1)},${at(y1)}C${at(x1)},${at(y1) + 190} ${at(x2)},${at(y2) + 190} ${at(x2)},${at(y2)}`} />
          <circle cx={at(x1)} cy={at(y1)} r={9} />
          <circle cx={at(x2)} cy={at(y2)} r={9} />
        </g>
      ))}
    </svg>
  );
}
