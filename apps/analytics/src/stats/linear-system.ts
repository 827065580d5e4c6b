/**
 * Solves A x = b for a symmetric positive definite A, by Cholesky's decomposition. A row and column without any variance of
 * its own (a covariate that is constant, or a sum of others) is left out: its x is 0.
 */
export function solvePositive(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const { lower, dropped } = cholesky(a);
  const size = b.length;
  const y = new Array<number>(size).fill(0);
  for (let i = 0; i < size; i++) {
    if (dropped[i]) continue;
    let rest = b[i]!;
    for (let k = 0; k < i; k++) rest -= lower[i]![k]! * y[k]!;
    y[i] = rest / lower[i]![i]!;
  }
  const x = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    if (dropped[i]) continue;
    let rest = y[i]!;
    for (let k = i + 1; k < size; k++) rest -= lower[k]![i]! * x[k]!;
    x[i] = rest / lower[i]![i]!;
  }
  return x;
}

/** So small a part of a column's variance is rounding. */
const NOTHING_OF_ITS_OWN = 1e-12;

function cholesky(a: readonly (readonly number[])[]): { lower: number[][]; dropped: boolean[] } {
  const lower = a.map(() => new Array<number>(a.length).fill(0));
  const dropped = new Array<boolean>(a.length).fill(false);
  for (let i = 0; i < a.length; i++) {
    let own = a[i]![i]!;
    for (let k = 0; k < i; k++) own -= lower[i]![k]! ** 2;
    if (own <= NOTHING_OF_ITS_OWN * a[i]![i]!) {
      dropped[i] = true;
      lower[i]!.fill(0);
      continue;
    }
    lower[i]![i] = Math.sqrt(own);
    for (let j = i + 1; j < a.length; j++) {
      let shared = a[j]![i]!;
      for (let k = 0; k < i; k++) shared -= lower[j]![k]! * lower[i]![k]!;
      lower[j]![i] = shared / lower[i]![i]!;
    }
  }
  return { lower, dropped };
}
