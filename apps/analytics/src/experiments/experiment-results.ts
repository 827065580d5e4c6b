import { benjaminiHochberg } from '../stats/many-metrics';
import { sampleRatioMismatch } from '../stats/proportions';
import { adviceOn } from './advice';
import type { ExperimentData, Group } from './experiment-data';
import type { ExperimentPlan } from './experiment.entity';
import { compare, type ExperimentResults, type MetricResult, segmentsOf } from './metric-comparison';

/** From so many people on a mismatch is looked at. */
const SMALLEST_FOR_MISMATCH = 100;
const MISMATCH_P = 0.001;
const MOST_IN_TWO_ARMS = 0.01;

export interface Analysed {
  readonly id: string;
  readonly plan: ExperimentPlan;
  readonly plannedEnd: Date;
}

/** What an experiment has shown so far. */
export function resultsOf({ id, plan, plannedEnd }: Analysed, data: ExperimentData, now: Date): ExperimentResults {
  const persons = plan.arms.map(({ key, weight }) => ({ arm: key, persons: data.persons.get(key) ?? 0, weight }));
  const total = persons.reduce((sum, { persons: n }) => sum + n, 0);
  const isOver = now >= plannedEnd && total >= (plan.plannedPersons ?? Infinity);
  const compared = [
    { role: 'primary' as const, metrics: plan.primary ? [plan.primary] : [] },
    { role: 'secondary' as const, metrics: plan.secondary },
    { role: 'guardrail' as const, metrics: plan.guardrails },
  ].flatMap(({ role, metrics }) =>
    metrics.map((metric) => compare({ role, metric, plan, isOver }, data.metrics.get(metric.key) ?? [])),
  );
  const health = healthOf(plan, data, total, compared);
  const metrics = adjusted(compared.map(({ imbalanced: _, ...result }) => result));
  const results = {
    experimentId: id,
    computedAt: now,
    persons,
    health,
    metrics: health.broken ? [] : metrics,
    segments: health.broken ? [] : data.segments.flatMap(({ by, moments }) => segmentsOf(plan, by, moments)),
  };
  return { ...results, advice: adviceOn(results, { plan, plannedEnd, isOver, now }) };
}

/** Of the secondary metrics a share of them would be false; those are held down together. */
function adjusted(metrics: readonly MetricResult[]): MetricResult[] {
  const looks = metrics.flatMap(({ role, comparisons }) =>
    role === 'secondary' ? comparisons.flatMap(({ fixed }) => fixed ?? []) : [],
  );
  const corrected = benjaminiHochberg(looks.map(({ p }) => p));
  const adjustedP = new Map(looks.map((look, i) => [look, corrected[i]!]));
  return metrics.map((metric) => ({
    ...metric,
    comparisons: metric.comparisons.map((one) => ({
      ...one,
      fixed: one.fixed && { ...one.fixed, adjustedP: adjustedP.get(one.fixed) ?? one.fixed.adjustedP },
    })),
  }));
}

function healthOf(
  { arms, kind }: ExperimentPlan,
  data: ExperimentData,
  total: number,
  compared: readonly { key: string; imbalanced: boolean }[],
): ExperimentResults['health'] {
  const mismatch = (persons: ReadonlyMap<string, number>, groups = 1) => {
    const counts = arms.map(({ key, weight }) => ({ count: persons.get(key) ?? 0, weight }));
    const enough = counts.reduce((sum, { count }) => sum + count, 0) >= SMALLEST_FOR_MISMATCH;
    // The weights of a bandit were others before: there is nothing that its arms should fit.
    const { p } = kind === 'bandit' ? { p: 1 } : sampleRatioMismatch(counts);
    return { p, broken: enough && p < MISMATCH_P / groups };
  };
  const mismatches = (groups: readonly Group[]) =>
    groups.map(({ name, persons }) => ({ name, ...mismatch(persons, groups.length) })).filter(({ broken }) => broken);
  const sampleRatio = mismatch(data.persons);
  const share = data.inTwoArms === 0 ? 0 : data.inTwoArms / (total + data.inTwoArms);
  const isMixed = share > MOST_IN_TWO_ARMS && total + data.inTwoArms >= SMALLEST_FOR_MISMATCH;
  return {
    broken: sampleRatio.broken || isMixed,
    sampleRatio,
    byDay: mismatches(data.byDay).map(({ name: day, ...rest }) => ({ day, ...rest })),
    byChannel: mismatches(data.byChannel).map(({ name: channel, ...rest }) => ({ channel, ...rest })),
    inTwoArms: { persons: data.inTwoArms, share },
    imbalance: compared.filter(({ imbalanced }) => imbalanced).map(({ key }) => key),
  };
}
