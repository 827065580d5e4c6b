import { minimise } from './nelder-mead';
import { hypergeometric2F1, logBeta, logGamma } from './special-functions';

/** What one buyer did, in any unit of time; `count` of them did the same. */
export interface Buyer {
  /** Purchases after the first. */
  readonly repeats: number;
  /** From the first to the last purchase; 0 without repeats. */
  readonly recency: number;
  /** From the first purchase until now. */
  readonly age: number;
  readonly count?: number;
}

/** Buying at a rate that is gamma (r, α) over the buyers; leaving after a purchase with a chance that is beta (a, b). */
export interface BgNbd {
  readonly r: number;
  readonly alpha: number;
  readonly a: number;
  readonly b: number;
}

export interface BgNbdFit extends BgNbd {
  /** Mean over the buyers, without the penalty. */
  readonly logLikelihood: number;
  readonly converged: boolean;
}

/** Keeps a parameter that the data says nothing of from running away; too small to be seen in one that it does. */
const RIDGE = 1e-8;

/**
 * Fits the model BG/NBD. Source: P. S. Fader, B. G. S. Hardie, K. L. Lee, "Counting Your Customers the Easy Way: An
 * Alternative to the Pareto/NBD Model", Marketing Science 24 (2005).
 */
export function fitBgNbd(buyers: readonly Buyer[]): BgNbdFit {
  // In units of the longest age, so that the first guess fits days as well as years.
  const unit = Math.max(...buyers.map(({ age }) => age)) / 10 || 1;
  const scaled = buyers.map((one) => ({ ...one, recency: one.recency / unit, age: one.age / unit }));
  const persons = buyers.reduce((sum, { count = 1 }) => sum + count, 0);
  const modelOf = (logs: readonly number[]): BgNbd => {
    const [r, alpha, a, b] = logs.map(Math.exp) as [number, number, number, number];
    return { r, alpha, a, b };
  };
  const meanOf = (model: BgNbd) => {
    const likelihood = logLikelihood(model);
    return scaled.reduce((sum, one) => sum + (one.count ?? 1) * likelihood(one), 0) / persons;
  };
  const penalty = (logs: readonly number[]) => RIDGE * logs.reduce((sum, log) => sum + Math.exp(2 * log), 0);
  const { at, converged } = minimise((logs) => penalty(logs) - meanOf(modelOf(logs)), [0, 0, 0, 0]);
  const model = modelOf(at);
  const inUnits = { ...model, alpha: model.alpha * unit };
  const repeats = buyers.reduce((sum, { repeats: x, count = 1 }) => sum + x * count, 0) / persons;
  // Back in the units of the buyers: each repeat has the density of a time.
  return { ...inUnits, logLikelihood: meanOf(model) - repeats * Math.log(unit), converged };
}

/** Ibid., equation 6. What depends on the number of repeats alone is the same for many buyers. */
function logLikelihood({ r, alpha, a, b }: BgNbd): (buyer: Buyer) => number {
  const fixed = r * Math.log(alpha) - logGamma(r) - logBeta(a, b);
  const known: { common: number; stays: number; left: number }[] = [];
  const ofRepeats = (x: number) =>
    (known[x] ??= {
      common: fixed + logGamma(r + x),
      stays: logBeta(a, b + x),
      left: x === 0 ? -Infinity : logBeta(a + 1, b + x - 1),
    });
  return ({ repeats: x, recency, age }) => {
    const { common, ...part } = ofRepeats(x);
    const stays = part.stays - (r + x) * Math.log(alpha + age);
    if (x === 0) return common + stays;
    const left = part.left - (r + x) * Math.log(alpha + recency);
    const [more, less] = [Math.max(stays, left), Math.min(stays, left)];
    return common + more + Math.log1p(Math.exp(less - more));
  };
}

/** The probability that a buyer will come again at all. Without a repeat it is 1: who leaves does so after a repeat. */
export function probabilityAlive({ r, alpha, a, b }: BgNbd, { repeats: x, recency, age }: Buyer): number {
  if (x === 0) return 1;
  return 1 / (1 + (a / (b + x - 1)) * ((alpha + age) / (alpha + recency)) ** (r + x));
}

/** Purchases to be expected of a buyer within `time` from now; ibid., equation 10. */
export function expectedPurchases(model: BgNbd, buyer: Buyer, time: number): number {
  const { r, alpha, a, b } = model;
  const { repeats: x, age } = buyer;
  const hypergeometric = hypergeometric2F1(r + x, b + x, a + b + x - 1, time / (alpha + age + time));
  const whileAlive =
    ((a + b + x - 1) / (a - 1)) * (1 - ((alpha + age) / (alpha + age + time)) ** (r + x) * hypergeometric);
  return whileAlive * probabilityAlive(model, buyer);
}

/** Repeats to be expected of somebody who buys for the first time, within `time`; ibid., equation 9. */
export function expectedRepeats({ r, alpha, a, b }: BgNbd, time: number): number {
  const hypergeometric = hypergeometric2F1(r, b, a + b - 1, time / (alpha + time));
  return ((a + b - 1) / (a - 1)) * (1 - (alpha / (alpha + time)) ** r * hypergeometric);
}
