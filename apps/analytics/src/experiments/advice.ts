import type { Comparison, ExperimentResults, MetricResult } from './metric-comparison';
import type { ExperimentPlan } from './experiment.entity';

type Advice = ExperimentResults['advice'];
type Shown = Pick<ExperimentResults, 'health' | 'metrics' | 'persons'>;

export interface AdviceContext {
  readonly plan: ExperimentPlan;
  readonly plannedEnd: Date;
  /** The planned time has passed, and as many people as planned have come. */
  readonly isOver: boolean;
  readonly now: Date;
}

/** What to do, and why, in words; by rules only, so that the same numbers always give the same advice. */
export function adviceOn(results: Shown, context: AdviceContext): Advice {
  const { plan, isOver } = context;
  const control = plan.arms[0]!.key;
  if (results.health.broken) return { decision: 'broken', arm: null, text: brokenText(results.health) };
  const harmed = harmOf(results.metrics, plan);
  if (harmed) {
    const { metric, comparison } = harmed;
    const text = metric.role === 'guardrail' ? guardrailText(metric, comparison) : worseText(metric, comparison);
    return { decision: 'harmful', arm: control, text };
  }
  const primary = results.metrics.find(({ role }) => role === 'primary');
  if (!primary || primary.comparisons.length === 0)
    return { decision: 'keep_running', arm: null, text: fewText(results, context) };
  if (plan.kind === 'bandit') return { decision: 'keep_running', arm: null, text: banditText(plan) };
  if (!isOver) return { decision: 'keep_running', arm: null, text: runningText(primary, results, context) };
  const best = bestOf(primary, plan);
  if (best) return { decision: 'ship', arm: best.arm, text: shipText(primary, best) };
  if (primary.comparisons.every((one) => isSmall(one, primary, plan)))
    return { decision: 'no_effect', arm: control, text: noEffectText(primary, plan) };
  return { decision: 'inconclusive', arm: null, text: inconclusiveText(primary) };
}

/**
 * What ends all of it: a guardrail that any arm harms, or the primary metric where no arm is left that may be better. An arm that
 * works worse than others is what a bandit finds out, and gives to few people.
 */
function harmOf(metrics: readonly MetricResult[], { kind, arms }: ExperimentPlan) {
  for (const metric of metrics) {
    const worse = metric.comparisons.filter(({ verdict }) => verdict === 'worse');
    const ends =
      metric.role === 'guardrail'
        ? worse.length > 0
        : metric.role === 'primary' && kind !== 'bandit' && worse.length === arms.length - 1;
    if (ends) return { metric, comparison: worse[0]! };
  }
  return undefined;
}

/** The arm whose difference in the right direction is sure at the planned end, the largest of several. */
function bestOf({ comparisons }: MetricResult, { primary }: ExperimentPlan): Comparison | undefined {
  const sign = primary?.goal === 'down' ? -1 : 1;
  return comparisons
    .filter(({ fixed }) => fixed && (sign === 1 ? fixed.low > 0 : fixed.high < 0))
    .toSorted((a, b) => sign * (b.difference - a.difference))[0];
}

/** Whether all that is still possible is less than what was looked for. */
function isSmall({ fixed }: Comparison, { arms }: MetricResult, { minimalEffect, arms: planned }: ExperimentPlan) {
  const control = arms.find(({ key }) => key === planned[0]!.key);
  if (!fixed || !control || minimalEffect === null) return false;
  const limit = minimalEffect * Math.abs(control.mean);
  return fixed.low > -limit && fixed.high < limit;
}

const percent = (share: number) => `${(share * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0)} %`;
const signed = (share: number) => `${share > 0 ? '+' : share < 0 ? '−' : ''}${percent(Math.abs(share))}`;
const number = (value: number) => Number(value.toPrecision(3)).toString().replace('-', '−');

/** `+4.2 % (from +1.0 % to +7.4 %)`, or the difference itself where there is no share. */
function change({ lift, liftInterval, difference, interval }: Comparison, words: { from: string; to: string }): string {
  const [value, low, high] =
    lift !== null && liftInterval
      ? [signed(lift), signed(liftInterval.low), signed(liftInterval.high)]
      : [number(difference), number(interval.low), number(interval.high)];
  return `${value} (${words.from} ${low} ${words.to} ${high})`;
}
const inEnglish = { from: 'from', to: 'to' };
const inRussian = { from: 'от', to: 'до' };

const brokenText = ({ sampleRatio, inTwoArms }: ExperimentResults['health']) =>
  sampleRatio.broken
    ? {
        en: `Broken: people are not spread over the arms as planned (p = ${sampleRatio.p.toExponential(1)}). Whatever the numbers say would be wrong. Find out where exposures are lost, then start anew.`,
        ru: `Сломан: люди распределены по вариантам не так, как задумано (p = ${sampleRatio.p.toExponential(1)}). Любые числа были бы неверны. Найдите, где теряются показы, и начните заново.`,
      }
    : {
        en: `Broken: ${percent(inTwoArms.share)} of the people were seen in two arms. Whatever the numbers say would be wrong.`,
        ru: `Сломан: ${percent(inTwoArms.share)} людей видели два варианта. Любые числа были бы неверны.`,
      };

const guardrailText = ({ key }: MetricResult, comparison: Comparison) => ({
  en: `Harmful: with "${comparison.arm}" the guardrail "${key}" is surely worse, ${change(comparison, inEnglish)}. Take it back.`,
  ru: `Вредит: с вариантом «${comparison.arm}» ограничитель «${key}» точно хуже, ${change(comparison, inRussian)}. Верните как было.`,
});

const worseText = ({ key }: MetricResult, comparison: Comparison) => ({
  en: `Harmful: with "${comparison.arm}" the primary metric "${key}" is surely worse, ${change(comparison, inEnglish)}. Take it back.`,
  ru: `Вредит: с вариантом «${comparison.arm}» главный показатель «${key}» точно хуже, ${change(comparison, inRussian)}. Верните как было.`,
});

const shipText = ({ key }: MetricResult, comparison: Comparison) => ({
  en: `Ship "${comparison.arm}": "${key}" is better, ${change(comparison, inEnglish)}, and no guardrail is harmed.`,
  ru: `Внедряйте «${comparison.arm}»: «${key}» лучше, ${change(comparison, inRussian)}, и ни один ограничитель не пострадал.`,
});

const noEffectText = ({ key }: MetricResult, { minimalEffect }: ExperimentPlan) => ({
  en: `No effect on "${key}" that is larger than ${percent(minimalEffect!)}, the smallest worth having. Keep what is simpler.`,
  ru: `На «${key}» нет влияния больше ${percent(minimalEffect!)}, наименьшего, ради которого стоило бы менять. Оставьте то, что проще.`,
});

const inconclusiveText = ({ key }: MetricResult) => ({
  en: `Inconclusive: the planned time is over, and the effect on "${key}" may still be larger than what was looked for, or none. Run it longer, with more people, or keep what is simpler.`,
  ru: `Неясно: запланированное время вышло, а влияние на «${key}» может быть и больше искомого, и никаким. Продлите с бóльшим числом людей или оставьте то, что проще.`,
});

const daysLeft = ({ plannedEnd, now }: AdviceContext) =>
  Math.max(0, Math.ceil((plannedEnd.getTime() - now.getTime()) / 86_400_000));

/** Of the people that were planned, how many there are. */
const progress = ({ persons }: Pick<Shown, 'persons'>, { plan }: AdviceContext) =>
  `${persons.reduce((sum, { persons: n }) => sum + n, 0)} / ${plan.plannedPersons ?? '?'}`;

const fewText = (results: Shown, context: AdviceContext) => ({
  en: `Keep running: too few people so far (${progress(results, context)}) to say anything.`,
  ru: `Продолжайте: людей пока слишком мало (${progress(results, context)}), чтобы что-то утверждать.`,
});

const banditText = ({ arms }: ExperimentPlan) => {
  const shares = arms.map(({ key, weight }) => `${key} ${percent(weight / 10_000)}`).join(', ');
  return {
    en: `Keep running: each day more people get what works better (${shares}).`,
    ru: `Продолжайте: каждый день больше людей получают то, что лучше работает (${shares}).`,
  };
};

function runningText(primary: MetricResult, results: Shown, context: AdviceContext) {
  const better = primary.comparisons.find(({ verdict }) => verdict === 'better');
  const worse = primary.comparisons.find(({ verdict }) => verdict === 'worse');
  const rest = {
    en: `${daysLeft(context)} days and ${progress(results, context)} people`,
    ru: `осталось дней: ${daysLeft(context)}, людей ${progress(results, context)}`,
  };
  if (better)
    return {
      en: `Keep running: "${better.arm}" is surely better already, ${change(better, inEnglish)}; wait until whole weeks have passed (${rest.en}).`,
      ru: `Продолжайте: «${better.arm}» уже точно лучше, ${change(better, inRussian)}; дождитесь полных недель (${rest.ru}).`,
    };
  if (worse)
    return {
      en: `Keep running: "${worse.arm}" is surely worse, ${change(worse, inEnglish)}; of the other arms nothing is sure yet (${rest.en}). If that costs too much, stop it and start anew without this arm.`,
      ru: `Продолжайте: «${worse.arm}» точно хуже, ${change(worse, inRussian)}; об остальных вариантах пока ничего не ясно (${rest.ru}). Если это слишком дорого, остановите и начните заново без него.`,
    };
  return {
    en: `Keep running: nothing is sure yet (${rest.en}).`,
    ru: `Продолжайте: пока ничего не ясно (${rest.ru}).`,
  };
}
