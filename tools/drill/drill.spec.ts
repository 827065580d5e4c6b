import { describeWithBroker, drill, drillBroken, givenServers } from './run-drill';

/** In short; all faults and all broken builds are in drill.long.spec.ts, which `npm run verify` runs. */
describeWithBroker('a short drill of the backbone', () => {
  it('finds nothing lost, doubled or out of order while processes are killed', async () => {
    const faults = ['--faults', 'kill-relay,kill-consumer'];
    const { code, report, output } = await drill(
      ['--rounds', '2', '--events', '2000', '--seed', '3', ...faults],
      givenServers,
    );
    expect({ output, code }).toEqual({ output, code: 0 });
    expect(report).toMatchObject({ rounds: 2, lost: 0, doubled: 0, reordered: 0, misplaced: 0 });
    expect(report['events']).toBeGreaterThanOrEqual(2000);
  }, 300_000);

  it('catches a build whose inbox is off', async () => {
    const faults = ['--faults', 'two-leaders,kill-relay,kill-consumer'];
    const { code, report } = await drillBroken('inbox-off', '--rounds', '30', '--events', '15000', ...faults);
    expect(code).toBe(1);
    expect(report['doubled']).toBeGreaterThan(0);
  }, 300_000);
});
