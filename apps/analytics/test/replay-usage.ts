import { type AlertState, observed } from '../src/alerts/alert.states';
import type { Finding } from '../src/alerts/finding';
import { baselineOf, type HourBaseline } from '../src/anomalies/baseline';
import { driftsAt } from '../src/anomalies/drifts';
import { spikesAt } from '../src/anomalies/spikes';
import { DAY_MS, HOUR_MS, type KnownPeriod } from '../src/anomalies/usage-history';
import { type Disturbance, SimulatedUsage } from './simulated-usage';

export const MINUTE_MS = 60_000;
export const BEGIN = new Date('2026-08-03T00:00:00Z'); // a Monday
const HISTORY_DAYS = 45;
/** A Thursday at two in the afternoon. */
export const CHANGE = new Date(BEGIN.getTime() + HISTORY_DAYS * DAY_MS + 14 * HOUR_MS);
const OPTIONS = { zone: 'UTC', warnExcessMicrosPerHour: 1_000_000, pageExcessMicrosPerHour: 5_000_000 };

export interface Fired {
  readonly rule: Finding['rule'];
  readonly severity: Finding['severity'];
  readonly at: Date;
}

export interface Replay {
  readonly disturb?: Disturbance;
  readonly known?: readonly KnownPeriod[];
  readonly from?: Date;
  readonly days: number;
  readonly seed?: number;
  /** How often is looked; the service does it every minute, and once an hour for what is slow, which is three hours here with 5. */
  readonly everyMinutes?: 1 | 5;
}

/** Looks again and again, as the service does, and returns what fired, or became critical. */
export async function replay({
  disturb,
  known = [],
  from = CHANGE,
  days,
  seed = 1,
  everyMinutes = 1,
}: Replay): Promise<Fired[]> {
  const until = new Date(from.getTime() + days * DAY_MS);
  const usage = new SimulatedUsage({
    from: BEGIN,
    days: Math.ceil((until.getTime() - BEGIN.getTime()) / DAY_MS) + 1,
    seed,
    ...(disturb && { disturb }),
  });
  const options = { ...OPTIONS, known };
  const states = new Map<string, AlertState>();
  const worst = new Set<string>();
  const fired: Fired[] = [];
  const take = (rules: readonly string[], findings: readonly Finding[], cleanLooks: number, at: Date) => {
    const keys = new Map(findings.map((finding) => [`${finding.rule} ${finding.subject}`, finding]));
    for (const key of new Set([
      ...keys.keys(),
      ...[...states.keys()].filter((one) => rules.includes(one.split(' ')[0]!)),
    ])) {
      const finding = keys.get(key);
      const before = states.get(key);
      const next = observed(before, finding !== undefined, { cleanLooks });
      const isWorse = finding?.severity === 'critical' && !worst.has(key);
      if (next?.state === 'firing' && (before?.state !== 'firing' || isWorse))
        fired.push({ rule: finding!.rule, severity: finding!.severity, at });
      if (next?.state === 'firing' && isWorse) worst.add(key);
      if (next?.state !== 'firing') worst.delete(key);
      if (!next || next.state === 'resolved') states.delete(key);
      else states.set(key, next);
    }
  };
  let baselines: { previous: HourBaseline | undefined; current: HourBaseline | undefined } | undefined;
  const step = everyMinutes * MINUTE_MS;
  for (let time = from.getTime() + step; time <= until.getTime(); time += step) {
    const now = new Date(time);
    usage.moveTo(now);
    if (!baselines || time % HOUR_MS === 0) {
      const hour = Math.floor(time / HOUR_MS) * HOUR_MS;
      baselines = {
        previous: baselines?.current ?? (await baselineOf(usage, new Date(hour - HOUR_MS), options)),
        current: await baselineOf(usage, new Date(hour), options),
      };
    }
    take(['usage-spike', 'usage-absent'], await spikesAt(usage, baselines, now, options), 15 / everyMinutes, now);
    if (time % (everyMinutes === 1 ? HOUR_MS : 3 * HOUR_MS) === 10 * MINUTE_MS)
      take(['usage-drift', 'cost-per-call', 'usage-ratio'], await driftsAt(usage, now, options), 3, now);
  }
  return fired;
}
