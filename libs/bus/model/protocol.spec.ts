import { explore } from './explorer';
import { type Bounds, type Mistake, protocol } from './protocol';

describe('the protocol of relay and inbox', () => {
  it.each(['relays', 'consumers'] as const)('keeps its promises in every history without a fault at its %s', (side) => {
    const finding = explore(protocol({ faults: 0, side, batch: 1 }));
    expect(finding.violation).toBeUndefined();
    // A model that hardly moves would hold everything, too.
    expect(finding.states).toBeGreaterThan(1000);
  });

  const needed: [Mistake, Bounds['side'], string][] = [
    ['inbox off', 'consumers', 'applied twice'],
    ['acknowledge before commit', 'consumers', 'lost'],
    ['delete before confirm', 'relays', 'lost'],
    ['no look back', 'relays', 'out of order'],
    ['move the horizon without a look', 'relays', 'out of order'],
    ['late ids in a sweep of their own', 'relays', 'out of order'],
    ['go on after a failure', 'relays', 'out of order'],
  ];
  it.each(needed)('does not hold with "%s" at the %s: %s', (mistake, side, violation) => {
    const finding = explore(protocol({ faults: 1, side, batch: 1, mistake }));
    expect(finding.violation).toBe(violation);
    expect(finding.trace!.length).toBeGreaterThan(3);
  });
});

describe('the explorer', () => {
  const counter = (limit: number, forbidden: number) => ({
    start: 0,
    *steps(n: number): Iterable<readonly [string, number]> {
      if (n < limit) yield ['one more', n + 1];
      if (n < limit - 1) yield ['two more', n + 2];
    },
    violation: (n: number) => (n === forbidden ? 'forbidden' : undefined),
    key: String,
    done: (n: number) => n === limit,
  });

  it('finds the shortest way to a violation', () => {
    expect(explore(counter(10, 5)).trace).toEqual(expect.arrayContaining(['two more', 'two more', 'one more']));
    expect(explore(counter(10, 5)).trace).toHaveLength(3);
  });

  it('visits every state once', () => {
    expect(explore(counter(10, 99))).toEqual({ states: 11 });
  });

  it('tells of a state from which nothing can finish', () => {
    const trap = {
      ...counter(3, 99),
      *steps(n: number): Iterable<readonly [string, number]> {
        if (n === 0) yield ['into the trap', -1];
        if (n >= 0 && n < 3) yield ['one more', n + 1];
      },
    };
    expect(explore(trap)).toMatchObject({ violation: 'can never finish', trace: ['into the trap'] });
  });
});
