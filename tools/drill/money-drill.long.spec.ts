import { BROKEN_BUILDS, type BrokenBuild } from './money/broken-builds.mts';
import { drillMoney, type Outcome } from './run-drill';

describe('the drill of money', () => {
  /** All at once: they wait more than they work. */
  let outcomes: Map<BrokenBuild, PromiseSettledResult<Outcome>>;
  const outcomeOf = (build: BrokenBuild) => {
    const outcome = outcomes.get(build)!;
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  };

  beforeAll(async () => {
    const ended = await Promise.allSettled(
      BROKEN_BUILDS.map((build) => drillMoney('--broken', build, '--purchases', '200', '--patience', '8')),
    );
    outcomes = new Map(BROKEN_BUILDS.map((build, i) => [build, ended[i]!]));
  }, 900_000);

  it.each<[string, BrokenBuild, string[]]>([
    ['asks with a fresh key each time', 'fresh-keys', ['chargedTwice', 'refundedTwice']],
    ['adds time for whatever is told of an order', 'no-order-key', ['extendedTwice']],
    ['says that access is there though the panel has failed', 'granted-unseen', ['paidNotServed']],
    ['believes what it is told', 'webhook-believed', ['servedNotPaid']],
  ])('catches a build that %s', (_, build, faults) => {
    const { code, report, output } = outcomeOf(build);
    expect({ output, code }).toEqual({ output, code: 1 });
    expect(faults.reduce((sum, fault) => sum + report[fault]!, 0)).toBeGreaterThan(0);
  });
});
