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
import { fisherExact, needsExactTest, newcombeInterval } from '../stats/proportions';
import { type RatioMoments, ratioSample, type Sample } from '../stats/samples';
import type { ArmMoments, SegmentBy, SegmentMoments } from './experiment-data';
import type { ExperimentPlan, Guardrail, Metric } from './experiment.entity';

export type ExperimentResults = AnswerOf<typeof ReadExperimentResults>;
export type MetricResult = ExperimentResults['metrics'][number];
export type Comparison = MetricResult['comparisons'][number];

/** Fewer people than this in an arm say nothing yet, whatever an interval says: its theory is one of many people. */
const SMALLEST_ARM = 50;
const IMBALANCE_P = 0.001;
/** Of guardrails, each by itself: to miss harm is worse than to see one that is none. */
const GUARDRAIL_ALPHA = 0.05;

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

/** One metric, arm by arm; `imbalanced` where the arms differed already before anybody met the experiment. */
export function compare(comparing: Comparing, moments: readonly ArmMoments[]): MetricResult & { imbalanced: boolean } {
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

/** The effect in each part of the people, and whether it is surely not the same in all. */
export function segmentsOf(
  plan: ExperimentPlan,
  by: SegmentBy,
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
