import { BROKEN_BUILDS, type BrokenBuild } from './money/broken-builds.mts';
import type { Fault } from './money/books-check.mts';
import { drillMoney } from './run-drill';

/** The same for all: a build that is caught is caught because of its mistake. */
const HOW = ['--purchases', '200', '--seed', '7'];

describe('the drill of money', () => {
  it('ends well without a mistake', async () => {
    const { code, report, output } = await drillMoney(...HOW);
    expect({ output, code }).toEqual({ output, code: 0 });
    expect(report).toMatchObject({ purchases: 200, untried: [], ok: true });
  }, 300_000);

  it.each<[string, BrokenBuild]>([
    ['asks with a fresh key each time', 'fresh-keys'],
    ['adds time for whatever is told of an order', 'no-order-key'],
    ['says that access is there though the panel has failed', 'granted-unseen'],
    ['says that nobody is let in any more without asking the panel', 'revoked-unseen'],
    ['believes what it is told', 'webhook-believed'],
    ['does not book what a provider has given back', 'refund-unbooked'],
  ])(
    'catches a build that %s',
    async (_, build) => {
      const { code, report, output } = await drillMoney(...HOW, '--broken', build);
      expect({ output, code }).toEqual({ output, code: 1 });
      const faults: readonly Fault[] = BROKEN_BUILDS[build];
      expect(faults.reduce((sum, fault) => sum + report[fault], 0)).toBeGreaterThan(0);
    },
    300_000,
  );
});
