/**
 * Special functions to about 1e-13, for the arguments that statistics asks for. Written out because what is packaged either is too
 * coarse (an error function to seven digits, a normal distribution by table) or brings some two hundred packages.
 */

// Looked up once: in the sandbox of the specs each look-up of a global takes longer than the sum around it.
const { abs, exp, log, log1p, PI, sin } = Math;

const EPSILON = 5e-16;
/** Keeps a denominator of a continued fraction from being zero. */
const TINY = 1e-300;
/** Far beyond what converges; more means that an argument is none (NaN). */
const MOST_TERMS = 1_000_000;

/** Lanczos' approximation with g = 7 and nine terms. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** ln Γ(x) for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return log(PI / sin(PI * x)) - logGamma(1 - x);
  const shifted = x - 1;
  let series = LANCZOS[0]!;
  for (let i = 1; i < LANCZOS.length; i++) series += LANCZOS[i]! / (shifted + i);
  const t = shifted + 7.5;
  return 0.5 * log(2 * PI) + (shifted + 0.5) * log(t) - t + log(series);
}

export const logBeta = (a: number, b: number): number => logGamma(a) + logGamma(b) - logGamma(a + b);

/** Q(a, x) = Γ(a, x) / Γ(a), for a > 0 and x ≥ 0, exact in the far tail, too. */
export const upperGamma = (a: number, x: number): number =>
  x < a + 1 ? 1 - gammaSeries(a, x) : gammaContinuedFraction(a, x);

/** The error function's complement. */
export function erfc(x: number): number {
  return x < 0 ? 2 - erfc(-x) : upperGamma(0.5, x * x);
}

/** I_x(a, b), the regularised incomplete beta function, for a, b > 0 and 0 ≤ x ≤ 1. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const factor = exp(a * log(x) + b * log1p(-x) - logBeta(a, b));
  // The continued fraction converges fast on this side of the mean only.
  return x < (a + 1) / (a + b + 2)
    ? (factor * betaContinuedFraction(x, a, b)) / a
    : 1 - (factor * betaContinuedFraction(1 - x, b, a)) / b;
}

const gammaFactor = (a: number, x: number) => exp(a * log(x) - x - logGamma(a));

/** Source: NIST DLMF 8.7.1. */
function gammaSeries(a: number, x: number): number {
  if (x === 0) return 0;
  let [term, sum] = [1 / a, 1 / a];
  for (let n = 1; n < MOST_TERMS; n++) {
    term *= x / (a + n);
    sum += term;
    if (term <= EPSILON * sum) return gammaFactor(a, x) * sum;
  }
  return NaN;
}

/** Source: NIST DLMF 8.9.2, evaluated by Lentz' method. */
function gammaContinuedFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let value = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / awayFromZero(numerator * d + b);
    c = awayFromZero(b + numerator / c);
    value *= d * c;
    if (abs(d * c - 1) <= EPSILON) return gammaFactor(a, x) * value;
  }
  return NaN;
}

/** Source: NIST DLMF 8.17.22, evaluated by Lentz' method, two terms at a time. */
function betaContinuedFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const even = (n * (b - n) * x) / ((a + 2 * n - 1) * (a + 2 * n));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    value *= d * c;
    const odd = (-(a + n) * (a + b + n) * x) / ((a + 2 * n) * (a + 2 * n + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    value *= d * c;
    if (abs(d * c - 1) <= EPSILON) return value;
  }
  return NaN;
}

const awayFromZero = (value: number) => (abs(value) < TINY ? TINY : value);
