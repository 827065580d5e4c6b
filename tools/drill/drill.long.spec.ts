import { describeWithBroker, drill, drillBroken, givenServers, type Outcome } from './run-drill';

describeWithBroker('the drill of the backbone', () => {
  /** All at once: they wait more than they work. */
  let outcomes: PromiseSettledResult<Outcome>[];
  const outcomeOf = (index: number) => {
    const outcome = outcomes[index]!;
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  };

  beforeAll(async () => {
    outcomes = await Promise.allSettled([
      drill(['--rounds', '10', '--events', '5000', '--seed', '3']),
      drillBroken('delete-before-confirm', '--rounds', '30', '--events', '15000', '--faults', 'cut-relays-off'),
      drillBroken('no-look-back', '--rounds', '30', '--events', '30000', '--faults', 'none'),
      drill(['--rounds', '1', '--events', '2000', '--seed', '5', '--faults', 'lethal-event'], givenServers),
    ]);
  }, 600_000);

  it('finds nothing lost, doubled or out of order in ten rounds of faults', () => {
    const { code, report, output } = outcomeOf(0);
    expect({ output, code }).toEqual({ output, code: 0 });
    expect(report).toMatchObject({ rounds: 10, lost: 0, doubled: 0, reordered: 0, misplaced: 0 });
    expect(report['events']).toBeGreaterThanOrEqual(5000);
    // Without these the faults would not have met the protocol at all.
    expect(report['duplicatesAbsorbed']).toBeGreaterThan(0);
    expect(report['replayed']).toBeGreaterThan(0);
  });

  it('gives up an event that kills its consumers, and loses nothing that came with it', () => {
    const { code, report, output } = outcomeOf(3);
    expect({ output, code }).toEqual({ output, code: 0 });
    // In each of the three groups it became a dead letter, which was replayed once it could do no harm.
    expect(report).toMatchObject({ rounds: 1, lost: 0, doubled: 0, reordered: 0, misplaced: 0 });
    expect(report['replayed']).toBeGreaterThanOrEqual(3);
  });

  it('catches a build that deletes events before the broker has confirmed them', () => {
    const { code, report } = outcomeOf(1);
    expect(code).toBe(1);
    expect(report['lost']).toBeGreaterThan(0);
  });

  it('catches a build that carries events by their ids and never looks back', () => {
    const { code, report } = outcomeOf(2);
    expect(code).toBe(1);
    expect(report['lost']! + report['reordered']!).toBeGreaterThan(0);
  });
});
