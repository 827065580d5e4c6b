import { incompleteBeta } from './special-functions';

/** Points of the integral; the beta distributions of a few people are smooth, those of many are narrow. */
const POINTS = 4000;

/** How many people met an arm, and of how many it did what was hoped for. */
export interface Trials {
  readonly n: number;
  readonly successes: number;
}

/**
 * How likely each arm is the best of all, from what was seen and nothing else: the share of the people that Thompson sampling
 * would give it, without sampling. Σ is 1. Source: D. J. Russo et al., "A Tutorial on Thompson Sampling", 2018, of Bernoulli
 * bandits with uniform priors.
 */
export function chancesToBeBest(arms: readonly Trials[]): number[] {
  const shapes = arms.map(({ n, successes }) => [successes + 1, n - successes + 1] as const);
  const chances = arms.map(() => 0);
  // The arm that is best at a height x is there, and all others are below.
  let below = arms.map(() => 0);
  for (let i = 1; i <= POINTS; i++) {
    const x = i / POINTS;
    const upTo = shapes.map(([a, b]) => incompleteBeta(x, a, b));
    const middle = upTo.map((value, k) => (value + below[k]!) / 2);
    upTo.forEach((value, k) => {
      const others = middle.reduce((product, each, other) => (other === k ? product : product * each), 1);
      chances[k]! += (value - below[k]!) * others;
    });
    below = upTo;
  }
  const sum = chances.reduce((total, chance) => total + chance, 0);
  return chances.map((chance) => chance / sum);
}

/**
 * Weights of 10,000 that follow chances, none below `floor`, so that an arm that was unlucky is looked at again.
 * What rounding leaves goes to the first.
 */
export function weightsOf(chances: readonly number[], floor: number): number[] {
  const rest = 1 - floor * chances.length;
  const weights = chances.map((chance) => Math.floor((floor + rest * chance) * 10_000));
  weights[0]! += 10_000 - weights.reduce((sum, weight) => sum + weight, 0);
  return weights;
}
