import { explore } from './explorer';
import { protocol } from './protocol';

describe('the protocol of relay and inbox', () => {
  it.each([
    ['relays', 1, 1],
    ['consumers', 1, 2],
    ['relays', 2, 1],
  ] as const)(
    'keeps its promises in every history at its %s with %i fault(s)',
    (side, faults, batch) => {
      const finding = explore(protocol({ faults, side, batch }));
      expect(finding.violation).toBeUndefined();
      expect(finding.states).toBeGreaterThan(50_000);
    },
    600_000,
  );
});
