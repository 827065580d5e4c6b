import type { GatewayBotDescription } from '@switchboard/api-client';

/** As much of a bot's description as forms of ours show; its whole is in the tab with the JSON. */
export interface KnownDescription {
  name?: string;
  channel?: { kind?: string; apiRoot?: string; username?: string };
  products?: string[];
  languages?: string[];
  timeZone?: string;
  hours?: Hours;
  voice?: { mode?: 'off' | 'also'; name?: string };
  budgets?: Limits & { speech?: Limits };
  assistant?: Assistant;
}
export type Budget = number | 'unlimited';
interface Limits {
  personPerDayUsd?: Budget;
  botPerMonthUsd?: Budget;
}
interface Assistant {
  systemPrompt?: string;
  model?: string;
  parameters?: { temperature?: number };
  maxOutputTokens?: number;
  knowledge?: string;
}

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];
/** `09:00-18:30`, by day; a day that is not named is closed. */
export type Hours = Partial<Record<Weekday, string[]>> & { exceptions?: Record<string, string[]> };

/** The services have checked it before it was saved, so that its known fields are as they say. */
export const known = (description: GatewayBotDescription): KnownDescription => description as KnownDescription;

/** Of a merge patch: what is the same is left out, what was emptied is removed. */
export function patchOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries(
    [...names].flatMap((name) => {
      const [old, now] = [before[name], after[name]];
      if (JSON.stringify(old) === JSON.stringify(now)) return [];
      if (now === undefined) return [[name, null]];
      return [[name, isObject(old) && isObject(now) ? patchOf(old, now) : now]];
    }),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
