import { type Contributor, type Finding, largest, type Thresholds } from '../alerts/finding';
import {
  type BaselineOptions,
  blended,
  type HourBaseline,
  nameOf,
  tokensOf,
  type Usual,
  WINDOWS_PER_HOUR,
} from './baseline';
import { logOf, robustScore } from './detectors';
import {
  FIVE_MINUTES_MS,
  HOUR_MS,
  isKnownToBeUnusual,
  sumOf,
  type UsageHistory,
  type UsageWindow,
  WEEKS_FOR_WEEKDAYS,
} from './usage-history';

const WARN = 3.5;
const PAGE = 6;
/** Six hours tell little of how much hours spread. */
const SMALLEST_OF_HOUR = 0.1;
/** No call at all is a failure where so many were to be expected: by chance it happens once in 500 million times. */
const EXPECTED_CALLS = 20;
/** Shorter than this are restarts, and events on their way. */
const SHORTEST_SILENCE_MS = 10 * 60_000;
/** Of tokens whose price nobody knows, so many an hour above what is usual are worth a warning. */
const WARN_EXCESS_TOKENS_PER_HOUR = 100_000;

export interface SpikesOptions extends BaselineOptions, Thresholds {}

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
  const lastHour = Map.groupBy(await history.fiveMinutes(hourAgo, now), ({ botId }) => botId);
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
  const seen = Map.groupBy(recent, nameOf);
  return [...new Set([...seen.keys(), ...usual.contributors.keys()])].map((name) => ({
    name,
    expected: Math.round((usual.contributors.get(name) ?? 0) * windows),
    seen: sumOf(seen.get(name) ?? [], 'costMicros'),
  }));
}
