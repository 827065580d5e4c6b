import { solvePositive } from './linear-system';

export interface LogisticModel {
  readonly intercept: number;
  readonly coefficients: readonly number[];
  readonly converged: boolean;
}

export interface LogisticOptions {
  /** The penalty λ/2 Σβ² (not of the intercept) on the negative log-likelihood. Features should be standardised then. */
  readonly ridge?: number;
  readonly iterations?: number;
}

const STEP_IS_NOTHING = 1e-10;
/** Where a weight p (1 − p) is rounding only. */
const SMALLEST_WEIGHT = 1e-12;

/**
 * Logistic regression by iteratively reweighted least squares, with an optional L2 penalty. Groups that a line separates have
 * no finite fit without a penalty: `converged` is false then.
 */
export function fitLogistic(
  features: readonly (readonly number[])[],
  labels: readonly (0 | 1)[],
  { ridge = 0, iterations = 50 }: LogisticOptions = {},
): LogisticModel {
  const size = (features[0]?.length ?? 0) + 1;
  let beta = new Array<number>(size).fill(0);
  let converged = false;
  for (let round = 0; round < iterations && !converged; round++) {
    const information = beta.map(() => new Array<number>(size).fill(0));
    const gradient = new Array<number>(size).fill(0);
    features.forEach((row, r) => {
      const p = sigmoid(linear(beta, row));
      const weight = Math.max(SMALLEST_WEIGHT, p * (1 - p));
      for (let i = 0; i < size; i++) {
        const x = i === 0 ? 1 : row[i - 1]!;
        gradient[i]! += x * (labels[r]! - p);
        for (let k = 0; k <= i; k++) information[i]![k]! += weight * x * (k === 0 ? 1 : row[k - 1]!);
      }
    });
    for (let i = 0; i < size; i++) {
      if (i > 0) {
        information[i]![i]! += ridge;
        gradient[i]! -= ridge * beta[i]!;
      }
      for (let k = 0; k < i; k++) information[k]![i] = information[i]![k]!;
    }
    const step = solvePositive(information, gradient);
    beta = beta.map((value, i) => value + step[i]!);
    if (!beta.every(Number.isFinite)) break;
    converged = Math.max(...step.map(Math.abs)) <= STEP_IS_NOTHING * Math.max(1, ...beta.map(Math.abs));
  }
  const [intercept, ...coefficients] = beta;
  return { intercept: intercept!, coefficients, converged };
}

export const predictLogistic = ({ intercept, coefficients }: LogisticModel, row: readonly number[]): number =>
  sigmoid(linear([intercept, ...coefficients], row));

const linear = (beta: readonly number[], row: readonly number[]) => {
  let sum = beta[0]!;
  for (let i = 0; i < row.length; i++) sum += beta[i + 1]! * row[i]!;
  return sum;
};

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
