import { erfc, incompleteBeta, logBeta, upperGamma } from './special-functions';

/** P(Z ≤ x) of the standard normal distribution. */
export const normalCdf = (x: number): number => erfc(-x / Math.SQRT2) / 2;

export const normalPdf = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

// Coefficients of P. J. Acklam's rational approximation, whose relative error of 1.15e-9 one step of Halley's method takes away.
const A = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239,
];
const B = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
const C = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const D = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
const TAIL = 0.02425;

/** Φ⁻¹(p) for 0 < p < 1; ±Infinity at the ends. */
export function normalQuantile(p: number): number {
  if (p <= 0 || p >= 1) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  const start = p < TAIL ? acklamTail(Math.sqrt(-2 * Math.log(p))) : acklamCentre(p - 0.5);
  const error = (normalCdf(start) - p) / normalPdf(start);
  return start - error / (1 + (start * error) / 2);
}

const polynomial = (coefficients: readonly number[], x: number) =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
const acklamTail = (q: number) => polynomial(C, q) / polynomial([...D, 1], q);
const acklamCentre = (q: number) => (polynomial(A, q * q) * q) / polynomial([...B, 1], q * q);

/** P(T ≤ t) of Student's distribution. */
export function studentCdf(t: number, degreesOfFreedom: number): number {
  const tail = studentTail(Math.abs(t), degreesOfFreedom);
  return t < 0 ? tail : 1 - tail;
}

/** P(|T| ≥ |t|), exact in the far tail, too. */
export const studentTwoSided = (t: number, degreesOfFreedom: number): number =>
  Math.min(1, 2 * studentTail(Math.abs(t), degreesOfFreedom));

function studentTail(t: number, df: number): number {
  if (!Number.isFinite(df)) return normalCdf(-t);
  // Near the middle by the other side, which is near 0 there and loses nothing.
  if (t * t < df) return (1 - incompleteBeta((t * t) / (df + t * t), 0.5, df / 2)) / 2;
  return incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2;
}

/** The t below which lies the share `p`, 0 < p < 1. Newton's method, kept between bounds. */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  if (!Number.isFinite(degreesOfFreedom)) return normalQuantile(p);
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentQuantile(1 - p, degreesOfFreedom);
  let [low, high] = [0, 1];
  while (studentCdf(high, degreesOfFreedom) < p) high *= 2;
  const z = normalQuantile(p);
  // Cornish and Fisher's expansion: for many degrees of freedom that is all but it.
  let t = Math.min(high, z + (z ** 3 + z) / (4 * degreesOfFreedom));
  for (let i = 0; i < 200; i++) {
    const error = studentCdf(t, degreesOfFreedom) - p;
    if (error > 0) high = t;
    else low = t;
    const newton = t - error / studentPdf(t, degreesOfFreedom);
    // Each of its steps doubles the digits: the next one would be beyond those of a number.
    if (Math.abs(newton - t) <= 1e-9 * t) return newton;
    t = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return t;
}

const studentPdf = (t: number, df: number) =>
  Math.exp(-((df + 1) / 2) * Math.log1p((t * t) / df) - 0.5 * Math.log(df) - logBeta(df / 2, 0.5));

/** P(X ≥ x) of the χ² distribution. */
export const chiSquareTail = (x: number, degreesOfFreedom: number): number =>
  degreesOfFreedom <= 0 ? 1 : upperGamma(degreesOfFreedom / 2, Math.max(0, x) / 2);
