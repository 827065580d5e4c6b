import { normalQuantile } from './distributions';

/** Somebody who was watched until `time`, when what is waited for happened, or who was still there then. */
export interface Observation {
  readonly time: number;
  readonly happened: boolean;
}

export interface SurvivalStep {
  readonly time: number;
  readonly atRisk: number;
  readonly happened: number;
  /** The share that is still there after this time. */
  readonly survival: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The Kaplan–Meier estimate, a step for each time at which something happened, with Greenwood's variance and an interval
 * that is symmetric on the scale of log(−log S), so that it stays between 0 and 1. As `survfit(conf.type = "log-log")` of R.
 */
export function kaplanMeier(observations: readonly Observation[], alpha = 0.05): SurvivalStep[] {
  const z = normalQuantile(1 - alpha / 2);
  let [survival, greenwood] = [1, 0];
  return timesOf(observations).map((time) => {
    const atRisk = atRiskAt(observations, time);
    const happened = happenedAt(observations, time);
    survival *= 1 - happened / atRisk;
    greenwood += happened / (atRisk * (atRisk - happened));
    const onLogLog = (z * Math.sqrt(greenwood)) / Math.log(survival);
    const isCertain = survival === 0 || survival === 1;
    return {
      time,
      atRisk,
      happened,
      survival,
      standardError: isCertain ? 0 : survival * Math.sqrt(greenwood),
      low: isCertain ? survival : survival ** Math.exp(-onLogLog),
      high: isCertain ? survival : survival ** Math.exp(onLogLog),
    };
  });
}

const atRiskAt = (group: readonly Observation[], time: number) => group.filter((one) => one.time >= time).length;
const happenedAt = (group: readonly Observation[], time: number) =>
  group.filter((one) => one.time === time && one.happened).length;

/** At which something happened, in order. */
const timesOf = (group: readonly Observation[]): number[] =>
  [...new Set(group.filter(({ happened }) => happened).map(({ time }) => time))].toSorted((a, b) => a - b);
