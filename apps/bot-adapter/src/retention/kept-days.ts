/** For how many days what is kept. Telegram repeats an update for a day at most, so three are on the safe side. */
export const KEPT_DAYS = { updates: 3, content: 30 } as const;

const DAY_MS = 86_400_000;

export const daysAfter = (time: Date, days: number) => new Date(time.getTime() + days * DAY_MS);
