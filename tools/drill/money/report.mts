import type { Fault } from './books-check.mts';

/** What was done, without which nothing can be said. */
export interface Done {
  purchases: number;
  /** Orders that were handed out. */
  fulfilled: number;
  refunds: number;
  /** Processes that were killed while people bought. */
  kills: number;
  /** Calls to third parties that failed on purpose. */
  faults: number;
  panelDeaths: number;
  notifications: number;
}

/** What must not be, each of it how often. */
export interface Wrong extends Record<Fault, number> {
  /** Jobs that were given up, and dead letters. */
  stuck: number;
  /** Processes that ended though nobody had killed them. */
  crashed: number;
  /** What was still under way when patience ended. */
  unsettled: number;
  forgedTaken: number;
}

export interface Verdict {
  /** What was done too seldom. */
  untried: string[];
  ok: boolean;
}

export interface MoneyReport extends Done, Wrong, Verdict {
  settledSeconds: number;
  seconds: number;
  seed: number;
}

/** The others are given up or never paid. */
const FULFILLED_SHARE = 0.5;

/** Nothing is wrong, and enough was done to say so. */
export function judge(done: Done, wrong: Wrong): Verdict {
  const leastOf = (what: string) => (what === 'fulfilled' ? done.purchases * FULFILLED_SHARE : 1);
  const untried = Object.entries(done).flatMap(([what, times]) => (times < leastOf(what) ? what : []));
  return { untried, ok: untried.length === 0 && Object.values(wrong).every((times) => times === 0) };
}
