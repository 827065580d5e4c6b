import { spawn } from 'node:child_process';
import { join } from 'node:path';

interface Outcome {
  code: number | null;
  report: Record<string, number>;
  output: string;
}

/** Runs `npm run drill -- bus …` as a person would, and reads its last line. */
async function drill(args: string[], env: Record<string, string | undefined>): Promise<Outcome> {
  const child = spawn(process.execPath, [join(__dirname, '..', 'run.mjs'), 'drill', 'bus', ...args], {
    env: { ...process.env, DATABASE_URL: undefined, AMQP_URL: undefined, ...env },
    // The channel ends with this process, however it ends, and the drill with it.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const last = output.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`the drill ended with code ${code} and no report:\n${output}`);
  return { code, report: JSON.parse(last) as Record<string, number>, output };
}

const missing = process.env['AMQP_MISSING'];
const describeWithBroker = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

describeWithBroker('the drill of the backbone', () => {
  // What is broken on purpose shows without killing servers: the ones of the test run do. It shows in the first or second
  // round, where the drill ends; the others are for bad luck.
  const given = { DATABASE_URL: process.env['TEST_DATABASE_URL'], AMQP_URL: process.env['AMQP_URL'] };
  const broken = (build: string, ...args: string[]) =>
    drill(['--broken', build, '--seed', '7', '--patience', '8', ...args], given);

  /** All at once: they wait more than they work. */
  let outcomes: PromiseSettledResult<Outcome>[];
  const outcomeOf = (index: number) => {
    const outcome = outcomes[index]!;
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  };

  beforeAll(async () => {
    outcomes = await Promise.allSettled([
      drill(['--rounds', '10', '--events', '5000', '--seed', '3'], {}),
      broken('inbox-off', '--rounds', '30', '--events', '15000', '--faults', 'two-leaders,kill-relay,kill-consumer'),
      broken('delete-before-confirm', '--rounds', '30', '--events', '15000', '--faults', 'cut-relays-off'),
      broken('no-look-back', '--rounds', '30', '--events', '30000', '--faults', 'none'),
      drill(['--rounds', '1', '--events', '2000', '--seed', '5', '--faults', 'lethal-event'], given),
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
    const { code, report, output } = outcomeOf(4);
    expect({ output, code }).toEqual({ output, code: 0 });
    // In each of the three groups it became a dead letter, which was replayed once it could do no harm.
    expect(report).toMatchObject({ rounds: 1, lost: 0, doubled: 0, reordered: 0, misplaced: 0 });
    expect(report['replayed']).toBeGreaterThanOrEqual(3);
  });

  it('catches a build whose inbox is off', () => {
    const { code, report } = outcomeOf(1);
    expect(code).toBe(1);
    expect(report['doubled']).toBeGreaterThan(0);
  });

  it('catches a build that deletes events before the broker has confirmed them', () => {
    const { code, report } = outcomeOf(2);
    expect(code).toBe(1);
    expect(report['lost']).toBeGreaterThan(0);
  });

  it('catches a build that carries events by their ids and never looks back', () => {
    const { code, report } = outcomeOf(3);
    expect(code).toBe(1);
    expect(report['lost']! + report['reordered']!).toBeGreaterThan(0);
  });
});
