import { logOf, usualOf } from './detectors';
import {
  comparableHours,
  FIVE_MINUTES_MS,
  HOUR_MS,
  isKnownToBeUnusual,
  type KnownPeriod,
  sumOf,
  type UsageHistory,
  type UsageWindow,
} from './usage-history';

export const WINDOWS_PER_HOUR = HOUR_MS / FIVE_MINUTES_MS;

/** What is usual of one bot in five minutes. */
export interface Usual {
  /** Medians. */
  readonly costMicros: number;
  readonly tokens: number;
  readonly calls: number;
  /** Median distances of the logarithms from those of the medians, of five minutes and of the hour. */
  readonly cost: Deviation;
  readonly tokenCount: Deviation;
  /** Means of the cost, by contributor. */
  readonly contributors: ReadonlyMap<string, number>;
}

export interface Deviation {
  readonly ofFiveMinutes: number;
  readonly ofHour: number;
}

/** What is usual at one hour of the week, of every bot. */
export interface HourBaseline {
  /** How many weeks it is known from; 0 when hours of any weekday had to do. */
  readonly weeks: number;
  readonly bots: ReadonlyMap<string, Usual>;
}

export interface BaselineOptions {
  readonly zone: string;
  readonly known: readonly KnownPeriod[];
}

/** @param hour the beginning of one. Undefined while there is nothing to compare with. */
export async function baselineOf(
  history: UsageHistory,
  hour: Date,
  { zone, known }: BaselineOptions,
): Promise<HourBaseline | undefined> {
  const since = await history.begin();
  if (!since) return undefined;
  const { begins, weeks } = comparableHours(hour, zone, since);
  if (begins.length === 0) return undefined;
  const hours: (readonly UsageWindow[])[] = [];
  for (const begin of begins) hours.push(await history.fiveMinutes(begin, new Date(begin.getTime() + HOUR_MS)));
  const bots = new Set(hours.flat().map(({ botId }) => botId));
  return {
    weeks,
    bots: new Map([...bots].flatMap((botId) => usualOfBot(botId, begins, hours, known))),
  };
}

/** One entry; none where every hour was out of the ordinary. */
function usualOfBot(
  botId: string,
  begins: readonly Date[],
  hours: readonly (readonly UsageWindow[])[],
  known: readonly KnownPeriod[],
): [string, Usual][] {
  const slots = begins.map((begin, i) => {
    const windows = Map.groupBy(
      hours[i]!.filter((window) => window.botId === botId),
      ({ at }) => at.getTime(),
    );
    return Array.from({ length: WINDOWS_PER_HOUR }, (_, slot) => new Date(begin.getTime() + slot * FIVE_MINUTES_MS))
      .filter((at) => !isKnownToBeUnusual(known, botId, at))
      .map((at) => windows.get(at.getTime()) ?? []);
  });
  const all = slots.flat();
  if (all.length === 0) return [];
  const whole = slots.filter((hour) => hour.length === WINDOWS_PER_HOUR).map((hour) => hour.flat());
  const usualOfSums = (sum: (windows: readonly UsageWindow[]) => number) => {
    const { middle, deviation } = usualOf(all.map((windows) => logOf(sum(windows))));
    const ofHour = whole.length === 0 ? deviation : usualOf(whole.map((windows) => logOf(sum(windows)))).deviation;
    return { median: Math.expm1(middle), deviation: { ofFiveMinutes: deviation, ofHour } };
  };
  const cost = usualOfSums((windows) => sumOf(windows, 'costMicros'));
  const tokens = usualOfSums(tokensOf);
  return [
    [
      botId,
      {
        costMicros: cost.median,
        tokens: tokens.median,
        calls: usualOf(all.map((windows) => sumOf(windows, 'calls'))).middle,
        cost: cost.deviation,
        tokenCount: tokens.deviation,
        contributors: new Map(
          [...Map.groupBy(all.flat(), nameOf)].map(([name, windows]) => [
            name,
            sumOf(windows, 'costMicros') / all.length,
          ]),
        ),
      },
    ],
  ];
}

const NOTHING: Usual = {
  costMicros: 0,
  tokens: 0,
  calls: 0,
  cost: { ofFiveMinutes: 0, ofHour: 0 },
  tokenCount: { ofFiveMinutes: 0, ofHour: 0 },
  contributors: new Map(),
};

/** What is usual from a time until another, which may lie in two hours. */
export function blended(previous: Usual = NOTHING, current: Usual = NOTHING, from: Date, now: Date): Usual {
  const hour = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS;
  const share = Math.max(0, hour - from.getTime()) / Math.max(1, now.getTime() - from.getTime());
  const mix = (before: number, after: number) => share * before + (1 - share) * after;
  const larger = (name: 'cost' | 'tokenCount'): Deviation => {
    if (share === 0) return current[name];
    return {
      ofFiveMinutes: Math.max(previous[name].ofFiveMinutes, current[name].ofFiveMinutes),
      ofHour: Math.max(previous[name].ofHour, current[name].ofHour),
    };
  };
  const names = new Set([...previous.contributors.keys(), ...current.contributors.keys()]);
  return {
    costMicros: mix(previous.costMicros, current.costMicros),
    tokens: mix(previous.tokens, current.tokens),
    calls: mix(previous.calls, current.calls),
    cost: larger('cost'),
    tokenCount: larger('tokenCount'),
    contributors: new Map(
      [...names].map((name) => [name, mix(previous.contributors.get(name) ?? 0, current.contributors.get(name) ?? 0)]),
    ),
  };
}

export const tokensOf = (windows: readonly UsageWindow[]) =>
  sumOf(windows, 'inputTokens') + sumOf(windows, 'outputTokens');
/** What a window counts as: `small · turn`. */
export const nameOf = ({ model, purpose }: UsageWindow) => (purpose ? `${model} · ${purpose}` : model);
