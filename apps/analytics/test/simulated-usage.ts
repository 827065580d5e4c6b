import type { UsageHistory, UsageWindow } from '../src/anomalies/usage-history';
import { normal, random } from './false-alarms';

const MINUTE_MS = 60_000;
const FIELDS = ['calls', 'failures', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'] as const;
type Field = (typeof FIELDS)[number];
type Minute = Record<Field, number>;

/** What is called for what, and how often. */
const SERIES = [
  { model: 'gpt-main', purpose: 'turn', share: 0.85, input: 1500, output: 300, microsPerCall: 20_000 },
  { model: 'gpt-small', purpose: 'summary', share: 0.15, input: 3000, output: 200, microsPerCall: 4_000 },
];

/** Changes what happens in a minute, in place. @param at its beginning */
export type Disturbance = (minute: Minute, at: Date, series: (typeof SERIES)[number]) => void;

export interface Simulation {
  readonly from: Date;
  readonly days: number;
  readonly seed: number;
  readonly disturb?: Disturbance;
  readonly callsPerHour?: number;
}

/**
 * Usage of one bot as one may have it: few calls at night, fewer at weekends, hours that are busier than others for no reason, answers
 * of any length. It is told only up to a time that the spec moves on.
 */
export class SimulatedUsage implements UsageHistory {
  private now: number;
  private readonly begins: number;
  /** Sums from the beginning up to each minute, by series and field. */
  private readonly sums: Record<Field, Float64Array>[];

  constructor({ from, days, seed, disturb = () => undefined, callsPerHour = 1000 }: Simulation) {
    this.begins = from.getTime();
    this.now = this.begins;
    const minutes = days * 1440;
    const next = random(seed);
    this.sums = SERIES.map(
      () =>
        Object.fromEntries(FIELDS.map((field) => [field, new Float64Array(minutes + 1)])) as Record<
          Field,
          Float64Array
        >,
    );
    let mood = 1;
    for (let m = 0; m < minutes; m++) {
      if (m % 60 === 0) mood = Math.exp(0.1 * normal(next));
      const at = new Date(this.begins + m * MINUTE_MS);
      const expected = (callsPerHour / 60) * busyness(at) * mood;
      SERIES.forEach((series, s) => {
        const minute = aMinute(series, expected * series.share, next);
        disturb(minute, at, series);
        for (const field of FIELDS) this.sums[s]![field][m + 1] = this.sums[s]![field][m]! + minute[field];
      });
    }
  }

  moveTo(now: Date): void {
    this.now = now.getTime();
  }

  begin(): Promise<Date> {
    return Promise.resolve(new Date(this.begins));
  }

  fiveMinutes(from: Date, to: Date): Promise<UsageWindow[]> {
    return Promise.resolve(this.windows(from, to, 5));
  }

  hours(from: Date, to: Date): Promise<UsageWindow[]> {
    return Promise.resolve(this.windows(from, to, 60));
  }

  private windows(from: Date, to: Date, minutes: number): UsageWindow[] {
    const length = minutes * MINUTE_MS;
    const windows: UsageWindow[] = [];
    const first = Math.max(Math.ceil(from.getTime() / length) * length, this.begins);
    for (let time = first; time < Math.min(to.getTime(), this.now); time += length) {
      const begin = (time - this.begins) / MINUTE_MS;
      const end = Math.floor((Math.min(time + length, this.now) - this.begins) / MINUTE_MS);
      SERIES.forEach(({ model, purpose }, s) => {
        const sum = (field: Field) => this.sums[s]![field][end]! - this.sums[s]![field][begin]!;
        if (sum('calls') === 0) return;
        const counted = Object.fromEntries(FIELDS.map((field) => [field, sum(field)])) as Minute;
        windows.push({ at: new Date(time), botId: 'lumen', model, purpose, ...counted });
      });
    }
    return windows;
  }
}

/** In parts of the busiest hour. */
function busyness(at: Date): number {
  const hour = at.getUTCHours() + at.getUTCMinutes() / 60;
  const day = 0.1 + 0.9 * Math.exp(-(((hour - 15) / 5) ** 2));
  return at.getUTCDay() % 6 === 0 ? 0.6 * day : day;
}

function aMinute(series: (typeof SERIES)[number], expectedCalls: number, next: () => number): Minute {
  const calls = poisson(expectedCalls, next);
  // The sum of so many answers of different lengths.
  const size = calls === 0 ? 0 : calls * Math.max(0.1, 1 + (0.6 * normal(next)) / Math.sqrt(calls));
  const failures = poisson(calls * 0.01, next);
  return {
    calls,
    failures,
    inputTokens: Math.round(size * series.input),
    cachedInputTokens: Math.round(size * series.input * 0.4),
    outputTokens: Math.round(size * series.output),
    costMicros: Math.round(size * series.microsPerCall),
  };
}

function poisson(mean: number, next: () => number): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(next)));
  const limit = Math.exp(-mean);
  let [count, product] = [0, next()];
  while (product > limit) {
    count++;
    product *= next();
  }
  return count;
}
