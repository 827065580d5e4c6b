import { logOf, robustScore, usualOf } from './detectors';
import { type Contributor, type Finding, largest, type Thresholds } from '../alerts/finding';
import {
  comparableHours,
  FIVE_MINUTES_MS,
  groupBy,
  HOUR_MS,
  isKnownToBeUnusual,
  type KnownPeriod,
  sumOf,
  type UsageHistory,
  type UsageWindow,
  WEEKS_FOR_WEEKDAYS,
} from './usage-history';

const WARN = 3.5;
const PAGE = 6;
/** Six hours tell little of how much hours spread. */
const SMALLEST_OF_HOUR = 0.1;
const WINDOWS_PER_HOUR = HOUR_MS / FIVE_MINUTES_MS;
/** No call at all is a failure where so many were to be expected: by chance it happens once in 500 million times. */
const EXPECTED_CALLS = 20;
/** Shorter than this are restarts, and events on their way. */
const SHORTEST_SILENCE_MS = 10 * 60_000;
/** Of tokens whose price nobody knows, so many an hour above what is usual are worth a warning. */
const WARN_EXCESS_TOKENS_PER_HOUR = 100_000;

export interface SpikesOptions extends Thresholds {
  readonly zone: string;
  readonly known: readonly KnownPeriod[];
}

/** What is usual of one bot in five minutes. */
interface Usual {
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

interface Deviation {
  readonly ofFiveMinutes: number;
  readonly ofHour: number;
}

/** What is usual at one hour of the week, of every bot. */
export interface HourBaseline {
  /** How many weeks it is known from; 0 when hours of any weekday had to do. */
  readonly weeks: number;
  readonly bots: ReadonlyMap<string, Usual>;
}

/** @param hour the beginning of one. Undefined while there is nothing to compare with. */
export async function baselineOf(
  history: UsageHistory,
  hour: Date,
  { zone, known }: Pick<SpikesOptions, 'zone' | 'known'>,
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
    const windows = groupBy(
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
          [...groupBy(all.flat(), nameOf)].map(([name, windows]) => [name, sumOf(windows, 'costMicros') / all.length]),
        ),
      },
    ],
  ];
}

/**
 * What is out of the ordinary now: much more than at this time of other weeks, or nothing at all. To be asked every minute: it looks
 * at the last whole five minutes together with those that have begun, so that a change is seen after six minutes at the latest; and at
 * the last hour, in which also few calls, as at night, are enough to tell.
 * @param previous the baseline of the hour before, of which the first minutes of an hour still are
 */
export async function spikesAt(
  history: UsageHistory,
  { previous, current }: { previous: HourBaseline | undefined; current: HourBaseline | undefined },
  now: Date,
  options: SpikesOptions,
): Promise<Finding[]> {
  if (!previous || !current) return [];
  const begun = Math.floor(now.getTime() / FIVE_MINUTES_MS) * FIVE_MINUTES_MS;
  const from = new Date(begun - FIVE_MINUTES_MS);
  const hourAgo = new Date(begun - HOUR_MS);
  const lastHour = groupBy(await history.fiveMinutes(hourAgo, now), ({ botId }) => botId);
  const bots = new Set([...lastHour.keys(), ...previous.bots.keys(), ...current.bots.keys()]);
  const weeks = Math.min(previous.weeks, current.weeks);
  return [...bots].flatMap((botId) => {
    if (isKnownToBeUnusual(options.known, botId, now)) return [];
    const windows = lastHour.get(botId) ?? [];
    const usualSince = (since: Date) => blended(previous.bots.get(botId), current.bots.get(botId), since, now);
    const place = { botId, subject: `bot:${botId}` };
    const spikes = [from, hourAgo].flatMap((begin) => {
      const recent = windows.filter(({ at }) => at >= begin);
      return tooMuch(place, recent, usualSince(begin), { from: begin, now, weeks }, options);
    });
    const worst = spikes.find(({ severity }) => severity === 'critical') ?? spikes[0];
    return [...(worst ? [worst] : []), ...nothing(place, windows, usualSince, { now, weeks })];
  });
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
function blended(previous: Usual = NOTHING, current: Usual = NOTHING, from: Date, now: Date): Usual {
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

function tooMuch(
  place: Pick<Finding, 'botId' | 'subject'>,
  recent: readonly UsageWindow[],
  usual: Usual,
  { from, now, weeks }: { from: Date; now: Date; weeks: number },
  { warnExcessMicrosPerHour, pageExcessMicrosPerHour }: Thresholds,
): Finding[] {
  const windows = (now.getTime() - from.getTime()) / FIVE_MINUTES_MS;
  const cost = sumOf(recent, 'costMicros');
  const isPriced = cost > 0 || usual.costMicros > 0;
  const [seen, expected, spread] = isPriced
    ? [cost, usual.costMicros, usual.cost]
    : [tokensOf(recent), usual.tokens, usual.tokenCount];
  const isLong = windows >= WINDOWS_PER_HOUR;
  const deviation = isLong ? Math.max(SMALLEST_OF_HOUR, spread.ofHour) : spread.ofFiveMinutes;
  const calls = usual.calls * (isLong ? windows : 1);
  const score = robustScore(logOf(seen / windows), { middle: logOf(expected), deviation }, calls);
  const excess = (seen / windows - expected) * WINDOWS_PER_HOUR;
  const warnExcess = isPriced ? warnExcessMicrosPerHour : WARN_EXCESS_TOKENS_PER_HOUR;
  if (score < WARN || excess < warnExcess) return [];
  const isPage = isPriced && weeks >= WEEKS_FOR_WEEKDAYS && score >= PAGE && excess > pageExcessMicrosPerHour;
  return [
    {
      ...place,
      rule: 'usage-spike',
      severity: isPage ? 'critical' : 'warning',
      measure: isPriced ? 'cost_micros' : 'tokens',
      windowSeconds: Math.round((now.getTime() - from.getTime()) / 1000),
      expected: Math.round(expected * windows),
      seen,
      score,
      since: from,
      contributors: isPriced ? largest(contributorsOf(recent, usual, windows)) : [],
    },
  ];
}

function nothing(
  place: Pick<Finding, 'botId' | 'subject'>,
  lastHour: readonly UsageWindow[],
  usualSince: (since: Date) => Usual,
  { now, weeks }: { now: Date; weeks: number },
): Finding[] {
  if (weeks < WEEKS_FOR_WEEKDAYS) return [];
  const last = Math.max(0, ...lastHour.filter(({ calls }) => calls > 0).map(({ at }) => at.getTime()));
  const since = new Date(Math.max(last + FIVE_MINUTES_MS, now.getTime() - HOUR_MS));
  const windows = (now.getTime() - since.getTime()) / FIVE_MINUTES_MS;
  const expected = usualSince(since).calls * windows;
  if (now.getTime() - since.getTime() < SHORTEST_SILENCE_MS || expected < EXPECTED_CALLS) return [];
  return [
    {
      ...place,
      rule: 'usage-absent',
      severity: 'critical',
      measure: 'calls',
      windowSeconds: Math.round(windows * (FIVE_MINUTES_MS / 1000)),
      expected: Math.round(expected),
      seen: 0,
      score: null,
      since,
      contributors: [],
    },
  ];
}

function contributorsOf(recent: readonly UsageWindow[], usual: Usual, windows: number): Contributor[] {
  const seen = groupBy(recent, nameOf);
  return [...new Set([...seen.keys(), ...usual.contributors.keys()])].map((name) => ({
    name,
    expected: Math.round((usual.contributors.get(name) ?? 0) * windows),
    seen: sumOf(seen.get(name) ?? [], 'costMicros'),
  }));
}

const tokensOf = (windows: readonly UsageWindow[]) => sumOf(windows, 'inputTokens') + sumOf(windows, 'outputTokens');
const nameOf = ({ model, purpose }: UsageWindow) => (purpose ? `${model} · ${purpose}` : model);
