import { randomFrom, simulate, truth } from '../../test/simulated-lives';
import { type Prediction, predictLifetimeValues } from './lifetime-value';

describe('the lifetime value', () => {
  it('has an interval of 80 %: the truth is outside of it in about one case of five', () => {
    const random = randomFrom(3);
    const horizon = 60;
    const expected = truth(() => 0.03, horizon);
    const within = Array.from({ length: 40 }, () => {
      const lives = simulate(150, () => 0.03, random);
      const [{ low, high }] = predictLifetimeValues(lives, [{ observed: 0, horizon }], random) as [Prediction];
      return low <= expected && expected <= high;
    }).filter(Boolean).length;
    expect(within).toBeGreaterThan(24);
    expect(within).toBeLessThan(39);
  });
});
