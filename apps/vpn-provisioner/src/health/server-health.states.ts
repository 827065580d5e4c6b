/** What is believed of a server. */
export interface Health {
  readonly state: 'up' | 'down';
  /** Probes in a row that contradict it. */
  readonly against: number;
  /** How often it went down within the time that is remembered: whoever falls often has to stand longer. 0: it is new. */
  readonly falls: number;
}

/** With a probe every twelve seconds and five to wait for its answer, a server that died is known to be down within 45 s. */
const DOWN_AFTER = 3;
const UP_AFTER = 6;
/** Each fall that is remembered asks for as many good probes again, up to ten minutes of them. */
const MOST_UP_AFTER = 60;

const neededFor = ({ state, falls }: Health): number => {
  if (state === 'up') return DOWN_AFTER;
  return falls === 0 ? 1 : Math.min(MOST_UP_AFTER, UP_AFTER * falls);
};

/** The next belief after one more probe. */
export function observed(before: Health, isGood: boolean): Health {
  const contradicts = (before.state === 'up') !== isGood;
  if (!contradicts) return before.against === 0 ? before : { ...before, against: 0 };
  const against = before.against + 1;
  if (against < neededFor(before)) return { ...before, against };
  return before.state === 'up'
    ? { state: 'down', against: 0, falls: before.falls + 1 }
    : { state: 'up', against: 0, falls: before.falls };
}
