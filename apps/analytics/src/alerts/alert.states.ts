/** What was seen of something that may be out of the ordinary. */
export interface AlertState {
  readonly state: 'pending' | 'firing' | 'resolved';
  /** Whether it was out of the ordinary the last three times somebody looked, the latest last: `101`. */
  readonly recent: string;
  /** How often in a row it was as usual. */
  readonly clean: number;
}

/** How a rule is believed. */
export interface Confirmation {
  /** Fires at the first sight; otherwise when two of three looks have found it. */
  readonly atOnce?: true;
  /** Looks in a row that find all as usual until it is over. */
  readonly cleanLooks: number;
}

const LOOKS = 3;
const CONFIRMED_BY = 2;

/** The next state after one more look; undefined when there was nothing after all. */
export function observed(
  before: AlertState | undefined,
  isOut: boolean,
  { atOnce, cleanLooks }: Confirmation,
): AlertState | undefined {
  if (!before && !isOut) return undefined;
  const recent = `${before?.recent ?? ''}${isOut ? 1 : 0}`.slice(-LOOKS);
  const clean = isOut ? 0 : (before?.clean ?? 0) + 1;
  if (before?.state === 'firing') return { state: clean >= cleanLooks ? 'resolved' : 'firing', recent, clean };
  const found = [...recent].filter((look) => look === '1').length;
  if (atOnce || found >= CONFIRMED_BY) return { state: 'firing', recent, clean };
  // One look of three was chance.
  return recent.slice(1).includes('1') || recent.length < LOOKS ? { state: 'pending', recent, clean } : undefined;
}
