export interface Minimum {
  readonly at: readonly number[];
  readonly value: number;
  readonly converged: boolean;
}

export interface NelderMeadOptions {
  /** Length of the first steps. */
  readonly step?: number;
  /** Ends when neither the values nor the points of the simplex differ by more. */
  readonly tolerance?: number;
  readonly iterations?: number;
}

/**
 * Finds a minimum of a function of a few variables without its derivatives. A value that is not finite counts as very high.
 * Source: J. A. Nelder, R. Mead, 1965, with the usual coefficients 1, 2, 1/2, 1/2; begun anew once from where it ends, because
 * a simplex may collapse on the way.
 */
export function minimise(
  target: (x: readonly number[]) => number,
  start: readonly number[],
  options: NelderMeadOptions = {},
): Minimum {
  const first = descend(target, start, options);
  return descend(target, first.at, options);
}

function descend(
  target: (x: readonly number[]) => number,
  start: readonly number[],
  { step = 0.5, tolerance = 1e-9, iterations = 5000 }: NelderMeadOptions,
): Minimum {
  const evaluate = (at: readonly number[]): Vertex => {
    const value = target(at);
    return { at, value: Number.isFinite(value) ? value : Number.MAX_VALUE };
  };
  let simplex = [evaluate(start), ...start.map((_, i) => evaluate(start.map((x, k) => (k === i ? x + step : x))))];
  for (let i = 0; i < iterations; i++) {
    simplex = simplex.toSorted((a, b) => a.value - b.value);
    const [best, worst, second] = [simplex[0]!, simplex.at(-1)!, simplex.at(-2)!];
    if (worst.value - best.value <= tolerance && width(simplex) <= Math.sqrt(tolerance)) {
      return { ...best, converged: true };
    }
    const kept = simplex.slice(0, -1);
    const centre = start.map((_, k) => kept.reduce((sum, { at }) => sum + at[k]!, 0) / kept.length);
    const beyond = (factor: number) => evaluate(centre.map((x, k) => x + factor * (worst.at[k]! - x)));
    const reflected = beyond(-1);
    if (reflected.value < best.value) {
      const expanded = beyond(-2);
      simplex = [...kept, expanded.value < reflected.value ? expanded : reflected];
    } else if (reflected.value < second.value) {
      simplex = [...kept, reflected];
    } else {
      const contracted = reflected.value < worst.value ? beyond(-0.5) : beyond(0.5);
      simplex =
        contracted.value < Math.min(reflected.value, worst.value)
          ? [...kept, contracted]
          : [best, ...simplex.slice(1).map(({ at }) => evaluate(at.map((x, k) => (x + best.at[k]!) / 2)))];
    }
  }
  const [best] = simplex.toSorted((a, b) => a.value - b.value);
  return { ...best!, converged: false };
}

interface Vertex {
  readonly at: readonly number[];
  readonly value: number;
}

const width = (simplex: readonly Vertex[]) =>
  Math.max(...simplex.slice(1).flatMap(({ at }) => at.map((x, k) => Math.abs(x - simplex[0]!.at[k]!))));
