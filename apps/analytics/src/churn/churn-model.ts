import { fitLogistic, predictLogistic } from '../stats/logistic-regression';
import { mean } from '../stats/samples';
import {
  applyIsotonic,
  areaUnderPrecisionRecall,
  areaUnderRoc,
  brierScore,
  calibrationSlope,
  fitIsotonic,
  type Judged,
  liftAtTenth,
  stabilityIndex,
} from './evaluation';

/** A person who was active lately, as they looked on a day. */
export interface Snapshot {
  /** In the order of FEATURES. */
  readonly features: readonly number[];
  /** Days since the last active one. */
  readonly recency: number;
}

/** And what came of it: 1 when they were silent from then on. */
export interface Labelled extends Snapshot {
  readonly label: 0 | 1;
}

/** What was learnt, and how good it is: kept and shown as it is. */
export interface ChurnCard {
  /** On the standardised features. */
  readonly intercept: number;
  readonly coefficients: Readonly<Record<string, number>>;
  readonly people: { readonly train: number; readonly validate: number; readonly test: number };
  /** Share that left, in the test. */
  readonly baseRate: number;
  readonly brier: number;
  readonly ruleBrier: number;
  readonly isBetter: boolean;
  readonly auc: number | null;
  readonly prAuc: number | null;
  readonly calibrationSlope: number | null;
  readonly liftAtTenth: number | null;
  /** Features whose distribution has moved since (PSI above 0.2). */
  readonly drifted: readonly string[];
  /** Of those who are active now: who will leave. */
  readonly forecast: { readonly value: number; readonly low: number; readonly high: number };
}

/** By as much the model has to be better than the rule, or the rule is used. */
const MUST_BEAT = 0.03;
/** With fewer people, or fewer who leave or stay, nothing is learnt. */
const FEWEST_PEOPLE = 200;
const FEWEST_OF_A_KIND = 20;
const RIDGE = 1;
const DRIFTED = 0.2;
/** Of the normal distribution, for 80 %. */
const Z_80 = 1.2816;

type Predictor = (snapshot: Snapshot) => number;

/**
 * Learns who leaves: an L2 logistic regression, calibrated on later days and judged on still later ones beside the rule by last activity
 * alone. The forecast is that of the better one.
 * @returns undefined where there is too little to learn from
 */
export function learnChurn(
  names: readonly string[],
  {
    train,
    validate,
    test,
    now,
  }: Record<'train' | 'validate' | 'test', readonly Labelled[]> & { now: readonly Snapshot[] },
): ChurnCard | undefined {
  if (![train, validate, test].every(isEnough) || now.length === 0) return undefined;
  const { model, predict } = fit(train, validate);
  const rule = ruleOf([...train, ...validate]);
  const [judged, judgedRule] = [judge(predict, test), judge(rule, test)];
  const [brier, ruleBrier] = [brierScore(judged), brierScore(judgedRule)];
  const isBetter = brier <= ruleBrier * (1 - MUST_BEAT);
  return {
    intercept: model.intercept,
    coefficients: Object.fromEntries(names.map((name, i) => [name, model.coefficients[i]!])),
    people: { train: train.length, validate: validate.length, test: test.length },
    baseRate: mean(test.map(({ label }) => label)),
    ...{ brier, ruleBrier, isBetter },
    auc: areaUnderRoc(judged),
    prAuc: areaUnderPrecisionRecall(judged),
    calibrationSlope: calibrationSlope(judged),
    liftAtTenth: liftAtTenth(judged),
    drifted: names.filter((_, i) => stabilityIndex(valuesOf(train, i), valuesOf(now, i)) > DRIFTED),
    forecast: forecastOf(isBetter ? predict : rule, isBetter ? judged : judgedRule, now),
  };
}

function isEnough(some: readonly Labelled[]): boolean {
  const left = some.filter(({ label }) => label === 1).length;
  return some.length >= FEWEST_PEOPLE && Math.min(left, some.length - left) >= FEWEST_OF_A_KIND;
}

function fit(train: readonly Labelled[], validate: readonly Labelled[]) {
  const standardise = standardiserOf(train);
  const model = fitLogistic(
    train.map(standardise),
    train.map(({ label }) => label),
    { ridge: RIDGE },
  );
  const score: Predictor = (snapshot) => predictLogistic(model, standardise(snapshot));
  const calibration = fitIsotonic(judge(score, validate));
  return { model, predict: (snapshot: Snapshot) => applyIsotonic(calibration, score(snapshot)) };
}

/** What became of those whose last activity was as long ago, drawn a little towards what became of all. */
function ruleOf(known: readonly Labelled[]): Predictor {
  const all = mean(known.map(({ label }) => label));
  const byRecency = Map.groupBy(known, ({ recency }) => recency);
  return ({ recency }) => {
    const some = byRecency.get(recency) ?? [];
    return (some.reduce((sum, { label }) => sum + label, 0) + all) / (some.length + 1);
  };
}

/** Besides chance: as far as it was off on the days of the test it may be off now. */
function forecastOf(predict: Predictor, judged: readonly Judged[], now: readonly Snapshot[]) {
  const chances = now.map(predict);
  const value = mean(chances);
  const chance = Math.sqrt(chances.reduce((sum, p) => sum + p * (1 - p), 0)) / now.length;
  const off = mean(judged.map(({ p }) => p)) - mean(judged.map(({ label }) => label));
  const margin = Z_80 * Math.hypot(chance, off);
  return { value, low: Math.max(0, value - margin), high: Math.min(1, value + margin) };
}

function standardiserOf(train: readonly Labelled[]): (snapshot: Snapshot) => number[] {
  const scales = train[0]!.features.map((_, i) => {
    const values = valuesOf(train, i);
    const centre = mean(values);
    const spread = Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
    // What is the same for everybody tells nothing.
    return { centre, spread: spread || 1 };
  });
  return ({ features }) => features.map((value, i) => (value - scales[i]!.centre) / scales[i]!.spread);
}

const judge = (predict: Predictor, some: readonly Labelled[]): Judged[] =>
  some.map((one) => ({ p: predict(one), label: one.label }));

const valuesOf = (some: readonly Snapshot[], feature: number): number[] =>
  some.map(({ features }) => features[feature]!);
