import fc from 'fast-check';
import { chancesToBeBest, weightsOf } from './bandit';

describe('the chance of being the best arm', () => {
  it('is even where nothing is known, or the same is', () => {
    for (const arms of [
      [
        { n: 0, successes: 0 },
        { n: 0, successes: 0 },
        { n: 0, successes: 0 },
      ],
      [
        { n: 100, successes: 30 },
        { n: 100, successes: 30 },
      ],
    ])
      for (const chance of chancesToBeBest(arms)) expect(chance).toBeCloseTo(1 / arms.length, 6);
  });

  it('is what the integral gives by hand: one success of one against none of one', () => {
    // Beta(2, 1) above Beta(1, 2): ∫ 2x · (1 − (1 − x)²) dx = 4/3 − 1/2 = 5/6
    const [better, worse] = chancesToBeBest([
      { n: 1, successes: 1 },
      { n: 1, successes: 0 },
    ]);
    expect(better).toBeCloseTo(5 / 6, 6);
    expect(worse).toBeCloseTo(1 / 6, 6);
  });

  it('is all but certain for one that is far better', () => {
    const chances = chancesToBeBest([
      { n: 1000, successes: 300 },
      { n: 1000, successes: 400 },
      { n: 1000, successes: 310 },
    ]);
    expect(chances[1]).toBeGreaterThan(0.999);
  });
});

describe('weights', () => {
  it('leave the worst arm its floor', () => {
    expect(weightsOf([1, 0, 0], 0.01)).toEqual([9800, 100, 100]);
    expect(weightsOf([0, 1], 0.01)).toEqual([100, 9900]);
  });

  it('are all there are, whatever the chances', () => {
    const arms = fc.array(fc.record({ n: fc.nat(5000), part: fc.double({ min: 0, max: 1, noNaN: true }) }), {
      minLength: 2,
      maxLength: 6,
    });
    fc.assert(
      fc.property(arms, (drawn) => {
        const trials = drawn.map(({ n, part }) => ({ n, successes: Math.floor(n * part) }));
        const weights = weightsOf(chancesToBeBest(trials), 0.01);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(10_000);
        expect(Math.min(...weights)).toBeGreaterThanOrEqual(99);
      }),
      { numRuns: 20 },
    );
  });
});
