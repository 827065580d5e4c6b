import type { CounterKind } from '../panels/panel';

/**
 * How much was used between two readings of a counter. A total that has gone down was begun anew, by a panel that was reset or a user
 * that was made again, and all that it shows was used since. What falls out of the last thirty days looks the same and says nothing:
 * then nothing was used, rather than too much.
 */
export function usedBetween(before: number, now: number, kind: CounterKind): number {
  if (now >= before) return now - before;
  return kind === 'total' ? now : 0;
}
