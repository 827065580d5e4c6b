import { MEDIA_KEPT_DAYS } from '@switchboard/contracts';

/**
 * For how many days what is kept. Channels repeat an update for a day at most (Meta for a day and a half), so three are on
 * the safe side; an update that could not be processed waits for whoever mends it.
 */
export const KEPT_DAYS = {
  updates: 3,
  quarantined: 60,
  content: MEDIA_KEPT_DAYS,
  erasures: 1,
  connections: 90,
} as const;

const DAY_MS = 86_400_000;

export const daysAfter = (time: Date, days: number) => new Date(time.getTime() + days * DAY_MS);
