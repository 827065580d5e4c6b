import { IANAZone } from 'luxon';
import { median } from '../stats/samples';
import { cusum, ewma, logOf, NORMAL, robustScore, usualOf } from './detectors';
import type { Finding, Thresholds } from '../alerts/finding';
import {
  DAY_MS,
  HOUR_MS,
  isKnownToBeUnusual,
  type KnownPeriod,
  sumOf,
  type UsageHistory,
  type UsageWindow,
  WEEKS,
  WEEKS_FOR_WEEKDAYS,
} from './usage-history';

/** What is looked at for a change that goes on; what came before is what it is compared with. */
const RECENT_HOURS = 48;
const MINUTE_MS = 60_000;
/** One hour that is far out counts no more than this: hours that are have a rule of their own. */
const MOST = 4;
const RATIO_SCORE = 4.5;
/** Fewer calls an hour say nothing of a ratio. */
const CALLS_FOR_RATIO = 20;
/** Shares closer than this to what is usual are as usual. */
const SMALLEST_SHARE = 0.02;

export interface DriftsOptions extends Thresholds {
  readonly zone: string;
  readonly known: readonly KnownPeriod[];
}

/** Of one bot in one hour; hours without calls are there, too. */
interface Hour {
  readonly at: Date;
  /** From 0 to 167, by the wall clock of the zone. */
  readonly ofWeek: number;
  readonly calls: number;
  readonly failures: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
}

/**
 * Changes that no single hour shows: usage that grows slowly, calls that have become dearer, more output for the same input, less of
 * it from the cache, more failures. To be asked once an hour, of the hours that are over.
 */
export async function driftsAt(history: UsageHistory, now: Date, options: DriftsOptions): Promise<Finding[]> {
  const begin = await history.begin();
  const end = new Date(Math.floor(now.getTime() / HOUR_MS) * HOUR_MS);
  const earliest = end.getTime() - WEEKS * 7 * DAY_MS - RECENT_HOURS * HOUR_MS;
  if (!begin || begin.getTime() > end.getTime() - WEEKS_FOR_WEEKDAYS * 7 * DAY_MS) return [];
  const from = new Date(Math.max(earliest, Math.ceil(begin.getTime() / HOUR_MS) * HOUR_MS));
  const bots = Map.groupBy(await history.hours(from, end), ({ botId }) => botId);
  return [...bots].flatMap(([botId, windows]) => {
    if (isKnownToBeUnusual(options.known, botId, now)) return [];
    const hours = hoursOf(windows, from, end, options.zone).filter(
      ({ at }) => !isKnownToBeUnusual(options.known, botId, at),
    );
    const recentFrom = new Date(end.getTime() - RECENT_HOURS * HOUR_MS);
    const watched = {
      place: { botId, subject: `bot:${botId}` },
      past: hours.filter(({ at }) => at < recentFrom),
      recent: hours.filter(({ at }) => at >= recentFrom),
    };
    if (watched.past.length === 0 || watched.recent.length === 0) return [];
    return [...usageDrift(watched, options), ...costPerCall(watched, options), ...ratios(watched)];
  });
}

interface Watched {
  readonly place: Pick<Finding, 'botId' | 'subject'>;
  readonly past: readonly Hour[];
  readonly recent: readonly Hour[];
}

function hoursOf(windows: readonly UsageWindow[], from: Date, end: Date, zone: string): Hour[] {
  const byHour = Map.groupBy(windows, ({ at }) => at.getTime());
  const local = IANAZone.create(zone);
  const hours: Hour[] = [];
  for (let time = from.getTime(); time < end.getTime(); time += HOUR_MS) {
    const rows = byHour.get(time) ?? [];
    hours.push({
      at: new Date(time),
      ofWeek: hourOfWeek(time + local.offset(time) * MINUTE_MS),
      calls: sumOf(rows, 'calls'),
      failures: sumOf(rows, 'failures'),
      inputTokens: sumOf(rows, 'inputTokens'),
      cachedInputTokens: sumOf(rows, 'cachedInputTokens'),
      outputTokens: sumOf(rows, 'outputTokens'),
      costMicros: sumOf(rows, 'costMicros'),
    });
  }
  return hours;
}

const hourOfWeek = (localTime: number) => Math.floor(localTime / HOUR_MS) % (7 * 24);

/**
 * A moving average of how far each hour lies from the same hour of other weeks. How much hours spread is taken from all of
 * them together: six of one kind do not tell.
 */
function usageDrift({ place, past, recent }: Watched, { warnExcessMicrosPerHour }: Thresholds): Finding[] {
  const byHourOfWeek = Map.groupBy(past, ({ ofWeek }) => ofWeek);
  const usual = new Map(
    [...byHourOfWeek].map(([key, hours]) => [key, usualOf(hours.map(({ costMicros }) => logOf(costMicros)))]),
  );
  const known = recent.filter(({ ofWeek }) => usual.has(ofWeek));
  if (known.length < RECENT_HOURS / 2) return [];
  const spread = median(past.map(({ ofWeek, costMicros }) => Math.abs(logOf(costMicros) - usual.get(ofWeek)!.middle)));
  const scores = known.map(({ ofWeek, costMicros, calls }) => {
    const weeks = byHourOfWeek.get(ofWeek)!.length;
    const score = robustScore(logOf(costMicros), { middle: usual.get(ofWeek)!.middle, deviation: spread }, calls);
    // The median of a few weeks is uncertain itself: its variance is π/2 of that of a mean.
    return clipped(score / Math.sqrt(1 + Math.PI / 2 / weeks));
  });
  const { exceeds, since, value } = ewma(scores);
  const lastDay = known.slice(-24);
  const seen = sumOf(lastDay, 'costMicros');
  const expected = lastDay.reduce((sum, { ofWeek }) => sum + Math.expm1(usual.get(ofWeek)!.middle), 0);
  if (exceeds < 1 || (seen - expected) / lastDay.length < warnExcessMicrosPerHour) return [];
  return [
    {
      ...place,
      rule: 'usage-drift',
      severity: 'warning',
      measure: 'cost_micros',
      windowSeconds: lastDay.length * 3600,
      expected: Math.round(expected),
      seen,
      score: value,
      since: known[Math.min(since, known.length - 1)]!.at,
      contributors: [],
    },
  ];
}

/** Prompts that grew, a model or price that changed: what a call costs, whatever the hour. */
function costPerCall({ place, past, recent }: Watched, { warnExcessMicrosPerHour }: Thresholds): Finding[] {
  const perCall = ({ costMicros, calls }: Hour) => costMicros / calls;
  const busyPast = past.filter(({ calls }) => calls >= CALLS_FOR_RATIO);
  const busy = recent.filter(({ calls }) => calls >= CALLS_FOR_RATIO);
  if (busyPast.length < 24 || busy.length === 0) return [];
  const usual = usualOf(busyPast.map((hour) => logOf(perCall(hour))));
  const scores = busy.map((hour) => clipped(robustScore(logOf(perCall(hour)), usual, hour.calls)));
  const { exceeds, since, value } = cusum(scores);
  const dearer = busy.slice(since);
  if (exceeds < 1 || dearer.length === 0) return [];
  const [calls, seen] = [sumOf(dearer, 'calls'), sumOf(dearer, 'costMicros')];
  const expected = Math.expm1(usual.middle);
  if ((seen - expected * calls) / dearer.length < warnExcessMicrosPerHour) return [];
  return [
    {
      ...place,
      rule: 'cost-per-call',
      severity: 'warning',
      measure: 'cost_micros',
      windowSeconds: dearer.length * 3600,
      expected: Math.round(expected * calls),
      seen,
      score: value,
      since: dearer[0]!.at,
      contributors: [{ name: 'per call', expected: Math.round(expected), seen: Math.round(seen / calls) }],
    },
  ];
}

/** The last hour by ratios that volume hides. */
function ratios({ place, past, recent }: Watched): Finding[] {
  const last = recent.at(-1)!;
  const busy = past.filter(({ calls }) => calls >= CALLS_FOR_RATIO);
  if (last.calls < CALLS_FOR_RATIO || busy.length < 24) return [];
  const watched = [
    { name: 'output per input', of: outputPerInput, isShare: false, isBad: (score: number) => score >= RATIO_SCORE },
    { name: 'cached input', of: cachedShare, isShare: true, isBad: (score: number) => score <= -RATIO_SCORE },
    { name: 'failures', of: failureShare, isShare: true, isBad: (score: number) => score >= RATIO_SCORE },
  ];
  return watched.flatMap(({ name, of, isShare, isBad }): Finding[] => {
    const values = busy.map(of);
    const usual = usualOf(values);
    const chance = isShare ? Math.max(SMALLEST_SHARE, 0.5 / Math.sqrt(last.calls)) : 1 / Math.sqrt(last.calls);
    const score = (NORMAL * (of(last) - usual.middle)) / Math.max(usual.deviation, chance);
    if (!isBad(score)) return [];
    const natural = (x: number) => (isShare ? x : Math.exp(x));
    return [
      {
        ...place,
        subject: `${place.subject} · ${name}`,
        rule: 'usage-ratio',
        severity: 'warning',
        measure: 'ratio',
        windowSeconds: 3600,
        expected: natural(usual.middle),
        seen: natural(of(last)),
        score,
        since: last.at,
        contributors: [],
      },
    ];
  });
}

const outputPerInput = ({ inputTokens, outputTokens }: Hour) => Math.log((outputTokens + 1) / (inputTokens + 1));
const cachedShare = ({ inputTokens, cachedInputTokens }: Hour) => cachedInputTokens / Math.max(1, inputTokens);
const failureShare = ({ calls, failures }: Hour) => failures / Math.max(1, calls);
const clipped = (score: number) => Math.max(-MOST, Math.min(MOST, score));
