import type { Assistant } from '../assistants/assistant';

/** One purse from which calls are paid, in one period. */
export interface Purse {
  readonly scope: string;
  /** First day of the period, UTC: `2026-11-01`. */
  readonly periodStart: string;
  readonly renewsAt: Date;
  /** Micros; zero is no limit. */
  readonly limit: number;
}

/** The purses of a person with a bot (by the day) and of the bot (by the month), always in this order. */
export function pursesOf({ botId, budgets }: Assistant, userId: string, now: Date): Purse[] {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  return [
    purse(
      `person:${botId}:${userId}`,
      Date.UTC(year, month, day),
      Date.UTC(year, month, day + 1),
      budgets.personPerDay,
    ),
    purse(`bot:${botId}`, Date.UTC(year, month), Date.UTC(year, month + 1), budgets.botPerMonth),
  ];
}

const purse = (scope: string, start: number, end: number, limit: number): Purse => ({
  scope,
  periodStart: new Date(start).toISOString().slice(0, 10),
  renewsAt: new Date(end),
  limit,
});
