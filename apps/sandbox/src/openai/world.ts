import type { Faults } from '../faults';
import type { RateMeter } from './rate-meter';
import type { RequestLog } from './request-log';
import type { Script } from './script';

/** Milliseconds until the first token and from each token to the next; zeros answer at once. */
export interface Pace {
  firstTokenMs: number;
  betweenTokensMs: number;
}

/** What a small hosted model feels like on a good day. */
export const DEFAULT_PACE: Pace = { firstTokenMs: 250, betweenTokensMs: 25 };

/** Everything the endpoints share. */
export interface World {
  faults: Faults;
  script: Script;
  log: RequestLog;
  meter: RateMeter;
  pace: Pace;
}
