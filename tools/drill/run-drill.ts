import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { MoneyReport } from './money/report.mts';

export interface Outcome<Report = Record<string, number>> {
  code: number | null;
  report: Report;
  output: string;
}

const missing = process.env['AMQP_MISSING'];
export const describeWithBroker = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

/** The servers of the test run, which the drill uses and leaves alone. */
export const givenServers = { DATABASE_URL: process.env['TEST_DATABASE_URL'], AMQP_URL: process.env['AMQP_URL'] };

/** Runs `npm run drill -- bus …` as a person would. Without servers it starts some that it may kill. */
export const drill = (
  args: string[],
  servers: Partial<typeof givenServers> = { DATABASE_URL: undefined, AMQP_URL: undefined },
): Promise<Outcome> => run(['bus', ...args], servers);

/** The same with money, in its short form, on the database of the test run. */
export const drillMoney = (...args: string[]): Promise<Outcome<MoneyReport>> => run(['money', '--short', ...args]);

/** Runs a drill, and reads its last line. */
async function run<Report>(args: string[], env: Record<string, string | undefined> = {}): Promise<Outcome<Report>> {
  const child = spawn(process.execPath, [join(__dirname, '..', 'run.mjs'), 'drill', ...args], {
    env: { ...process.env, ...env },
    // The channel ends with this process, however it ends, and the drill with it.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream!.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const last = output.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`the drill ended with code ${code} and no report:\n${output}`);
  return { code, report: JSON.parse(last) as Report, output };
}

/** A build that is broken on purpose. It shows in the first or second round, where the drill ends; the others are for bad luck. */
export const drillBroken = (build: string, ...args: string[]) =>
  drill(['--broken', build, '--seed', '7', '--patience', '8', ...args], givenServers);
