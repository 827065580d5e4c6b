import type { ReadExperimentResults } from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import {
  alwaysValidInterval,
  alwaysValidMargin,
  belief,
  difference,
  type Estimate,
  fixedInterval,
  interactionP,
  pValue,
  relativeDifference,
} from '../stats/comparison';
import { cuped } from '../stats/cuped';
import { benjaminiHochberg } from '../stats/many-metrics';
import { fisherExact, needsExactTest, newcombeInterval, sampleRatioMismatch } from '../stats/proportions';
import { type RatioMoments, ratioSample, type Sample } from '../stats/samples';
import { adviceOn } from './advice';
import type { ExperimentPlan, Guardrail, Metric } from './experiment.entity';

export type ExperimentResults = AnswerOf<typeof ReadExperimentResults>;
export type MetricResult = ExperimentResults['metrics'][number];
export type Comparison = MetricResult['comparisons'][number];

/** Sums over the persons of one arm. */
export interface ArmMoments {
  readonly arm: string;
  readonly n: number;
  /** The mean of what people did, neither winsorised nor adjusted. */
  readonly raw: number;
  readonly value: { readonly mean: number; readonly variance: number };
  /** Of what the value is divided by, of a ratio. */
  readonly per?: { readonly mean: number; readonly variance: number; readonly covariance: number } | undefined;
  /**
   * The same metric before the person met the experiment, and 1 for those who were not there before: means, and covariances of
   * (value, before, newcomer).
   */
  readonly before?:
    { readonly means: readonly [number, number]; readonly covariances: readonly (readonly number[])[] } | undefined;
}

/** What people in an experiment did. Those who were seen in two arms are counted and left out. */
export interface ExperimentData {
  readonly persons: ReadonlyMap<string, number>;
  readonly inTwoArms: number;
  readonly byDay: readonly Group[];
  readonly byChannel: readonly Group[];
  readonly metrics: ReadonlyMap<string, readonly ArmMoments[]>;
  /** The primary metric in parts of the people, such as channels. */
  readonly segments: readonly { readonly by: string; readonly moments: readonly SegmentMoments[] }[];
}

export interface SegmentMoments extends ArmMoments {
  readonly segment: string;
}

/** Persons by arm on one day, or in one channel. */
export interface Group {
  readonly name: string;
  readonly persons: ReadonlyMap<string, number>;
}

/** Fewer people than this in an arm say nothing yet, whatever an interval says: its theory is one of many people. */
const SMALLEST_ARM = 50;
/** From so many people on a mismatch is looked at. */
const SMALLEST_FOR_MISMATCH = 100;
const MISMATCH_P = 0.001;
const IMBALANCE_P = 0.001;
const MOST_IN_TWO_ARMS = 0.01;
/** Of guardrails, each by itself: to miss harm is worse than to see one that is none. */
const GUARDRAIL_ALPHA = 0.05;

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

interface Comparing {
  readonly role: MetricResult['role'];
  readonly metric: Metric | Guardrail;
  readonly plan: ExperimentPlan;
  readonly isOver: boolean;
}

/** An arm as it is compared, and the counts behind it where it is a share. */
interface ComparedArm {
  readonly arm: string;
  readonly sample: Sample;
  readonly raw: number;
  readonly count: { readonly successes: number; readonly n: number } | undefined;
}

function compare(comparing: Comparing, moments: readonly ArmMoments[]): MetricResult & { imbalanced: boolean } {
  const { metric, role, plan } = comparing;
  const present = plan.arms.flatMap(({ key }) => moments.find(({ arm }) => arm === key) ?? []);
  const { arms, varianceRatio } = samplesOf(metric, present);
  const control = arms.find(({ arm }) => arm === plan.arms[0]!.key);
  const treatments = arms.filter((one) => one !== control);
  const isEnough = (one: ComparedArm) => one.sample.n >= SMALLEST_ARM;
  return {
    key: metric.key,
    role,
    arms: arms.map(({ arm, sample, raw }) => ({ key: arm, persons: sample.n, mean: sample.mean, unadjustedMean: raw })),
    varianceRatio,
    comparisons:
      control && isEnough(control)
        ? treatments.filter(isEnough).map((treatment) => comparison(comparing, control, treatment))
        : [],
    imbalanced: isImbalanced(present),
  };
}

function samplesOf(
  metric: Metric,
  moments: readonly ArmMoments[],
): { arms: ComparedArm[]; varianceRatio: number | null } {
  const plain = moments.map(({ arm, n, raw, value, per }) => {
    const sample = per ? ratioSample(ratioMomentsOf(n, value, per)) : { n, ...value };
    const isShare = metric.measure.aggregate === 'any' && !per;
    const count = isShare ? { successes: Math.round(value.mean * n), n } : undefined;
    return { arm, sample, raw: per ? sample.mean : raw, count };
  });
  const covariates = moments.flatMap(({ n, value, before }) =>
    before ? [{ n, means: [value.mean, ...before.means], covariances: before.covariances }] : [],
  );
  if (covariates.length < moments.length || moments.length < 2 || moments.some(({ n }) => n < 2))
    return { arms: plain, varianceRatio: null };
  const { samples, varianceRatio } = cuped(covariates);
  return { arms: plain.map((one, i) => ({ ...one, sample: samples[i]! })), varianceRatio };
}

const ratioMomentsOf = (
  n: number,
  numerator: ArmMoments['value'],
  { covariance, ...denominator }: NonNullable<ArmMoments['per']>,
): RatioMoments => ({ n, numerator, denominator, covariance });

function comparison(
  { metric, role, plan, isOver }: Comparing,
  control: ComparedArm,
  treatment: ComparedArm,
): Comparison {
  const treatments = plan.arms.length - 1;
  const alpha = plan.alpha / treatments;
  const n = control.sample.n + treatment.sample.n;
  const peeking = { n, plannedN: plannedFor(plan), alpha };
  const estimate = difference(control.sample, treatment.sample);
  const lift = relativeDifference(control.sample, treatment.sample);
  const interval = alwaysValidInterval(estimate, peeking);
  const believed = lift && belief(metric.goal === 'up' ? lift : { ...lift, value: -lift.value });
  const verdict =
    role === 'guardrail' && 'tolerance' in metric
      ? guardrailVerdict(metric, estimate, control.sample.mean, { ...peeking, alpha: GUARDRAIL_ALPHA })
      : verdictOf(metric, interval);
  return {
    arm: treatment.arm,
    difference: estimate.value,
    interval,
    lift: lift?.value ?? null,
    liftInterval: lift ? alwaysValidInterval(lift, peeking) : null,
    fixed: isOver ? fixedLook(control, treatment, estimate, alpha) : null,
    belief: believed
      ? {
          mean: metric.goal === 'up' ? believed.mean : -believed.mean,
          chanceToWin: believed.chanceToWin,
          expectedLoss: believed.expectedLoss,
        }
      : null,
    verdict,
  };
}

/** Of the two arms that are compared. */
const plannedFor = ({ plannedPersons, arms }: ExperimentPlan) => ((plannedPersons ?? 5000) * 2) / arms.length;

function verdictOf({ goal }: Metric, { low, high }: { low: number; high: number }): Comparison['verdict'] {
  if (low > 0) return goal === 'up' ? 'better' : 'worse';
  if (high < 0) return goal === 'up' ? 'worse' : 'better';
  return 'unclear';
}

/** Worse when more harm than is put up with is sure; looked at from one side only, and every time. */
function guardrailVerdict(
  { goal, tolerance }: Guardrail,
  estimate: Estimate,
  controlMean: number,
  peeking: Parameters<typeof alwaysValidMargin>[1],
): Comparison['verdict'] {
  const harm = goal === 'down' ? estimate.value : -estimate.value;
  const surely = harm - alwaysValidMargin(estimate, peeking);
  return surely > tolerance * Math.abs(controlMean) ? 'worse' : 'unclear';
}

/** By the counts where it is a share: exactly where they are few. */
function fixedLook(
  control: ComparedArm,
  treatment: ComparedArm,
  estimate: Estimate,
  alpha: number,
): NonNullable<Comparison['fixed']> {
  const byMeans = { p: pValue(estimate), ...fixedInterval(estimate, alpha) };
  const { count: c } = control;
  const { count: t } = treatment;
  const exact = c !== undefined && t !== undefined && needsExactTest(c, t);
  const p = exact ? fisherExact(c, t) : byMeans.p;
  const { low, high } = c && t ? newcombeInterval(c, t, alpha) : byMeans;
  return { p, adjustedP: p, low, high, exact };
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

/** The effect in each part of the people, and whether it is surely not the same in all. */
function segmentsOf(
  plan: ExperimentPlan,
  by: string,
  moments: readonly SegmentMoments[],
): ExperimentResults['segments'] {
  const [control, ...treatments] = plan.arms.map(({ key }) => key);
  const values = [...new Set(moments.map(({ segment }) => segment))];
  return treatments.map((arm) => {
    const parts = values.flatMap((value) => {
      const inPart = moments.filter(({ segment }) => segment === value);
      const samples = samplesOf(plan.primary!, inPart).arms;
      const [c, t] = [control, arm].map((key) => samples.find((one) => one.arm === key)?.sample);
      if (!c || !t || c.n < SMALLEST_ARM || t.n < SMALLEST_ARM) return [];
      return [{ value, n: c.n + t.n, estimate: difference(c, t) }];
    });
    return {
      by,
      arm,
      parts: parts.map(({ value, n, estimate }) => ({
        value,
        persons: n,
        difference: estimate.value,
        interval: alwaysValidInterval(estimate, { n, plannedN: plannedFor(plan), alpha: plan.alpha }),
      })),
      interactionP: interactionP(parts.map(({ estimate }) => estimate)),
    };
  });
}

/** Whether the arms differed already before anybody met the experiment. */
function isImbalanced(moments: readonly ArmMoments[]): boolean {
  const samples = moments.flatMap(({ n, before }) =>
    before && n > 1 ? [{ n, mean: before.means[0], variance: before.covariances[1]![1]! }] : [],
  );
  const [control, ...treatments] = samples;
  return treatments.some((treatment) => pValue(difference(control!, treatment)) < IMBALANCE_P);
}
