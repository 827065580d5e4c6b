import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as distributions from './distributions';
import * as special from './special-functions';

interface Golden {
  readonly values: readonly { readonly fn: string; readonly args: readonly number[]; readonly value: number }[];
}

const { values } = JSON.parse(readFileSync(join(__dirname, 'golden/functions.json'), 'utf8')) as Golden;
const functions = { ...special, ...distributions } as unknown as Record<string, (...args: number[]) => number>;
const cases = (module: object) =>
  values
    .filter(({ fn }) => fn in module)
    .map(({ fn, args, value }) => [`${fn}(${args.join(', ')})`, fn, args, value] as const);

describe.each([
  ['special functions', special],
  ['distributions', distributions],
])('%s are those of other programs', (_, module) => {
  it.each(cases(module))('%s', (__, fn, args, value) => {
    const computed = functions[fn]!(...args);
    // Twelve digits; where a value is the small rest of 1, those of 1.
    expect(Math.abs(computed - value)).toBeLessThanOrEqual(Math.max(1e-12 * Math.abs(value), 2e-15));
  });
});

it('there are no values of a function that is not here', () => {
  expect(values.filter(({ fn }) => !(fn in functions))).toEqual([]);
});

describe('tails', () => {
  it('are exact where a rest of 1 would be nothing', () => {
    expect(special.erfc(12)).toBeGreaterThan(0);
    expect(distributions.studentTwoSided(40, 200)).toBeGreaterThan(0);
    expect(distributions.chiSquareTail(400, 3)).toBeGreaterThan(0);
  });

  it('agree with the integral of their density', () => {
    const integral = (f: (x: number) => number, from: number, to: number, steps = 20_000) => {
      const h = (to - from) / steps;
      // Simpson's rule.
      let sum = f(from) + f(to);
      for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * f(from + i * h);
      return (sum * h) / 3;
    };
    expect(integral(distributions.normalPdf, -1.3, 2.1)).toBeCloseTo(
      distributions.normalCdf(2.1) - distributions.normalCdf(-1.3),
      12,
    );
    const chiSquare = (x: number) => Math.exp(1.5 * Math.log(x) - x / 2 - special.logGamma(2.5) - 2.5 * Math.log(2));
    expect(integral(chiSquare, 7, 200)).toBeCloseTo(distributions.chiSquareTail(7, 5), 10);
  });

  it('have quantiles that lead back', () => {
    for (const p of [1e-6, 0.01, 0.3, 0.5, 0.77, 0.999]) {
      expect(distributions.normalCdf(distributions.normalQuantile(p))).toBeCloseTo(p, 14);
      for (const df of [1, 3.3, 40])
        expect(distributions.studentCdf(distributions.studentQuantile(p, df), df)).toBeCloseTo(p, 12);
    }
    expect(distributions.normalQuantile(0)).toBe(-Infinity);
    expect(distributions.normalQuantile(1)).toBe(Infinity);
    expect(distributions.normalQuantile(1.1)).toBeNaN();
  });
});
