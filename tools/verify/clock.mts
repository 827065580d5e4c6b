import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { findDatefudge, shiftedClock } from '../local/datefudge.mts';
import { ended } from '../local/processes.mts';
import { onShutdown } from '../local/shutdown.mts';
import { TestServers } from '../local/test-servers.mts';
import { root } from '../local/workspace.mts';

interface FakedClock {
  /** When the run begins, in UTC. */
  readonly at: string;
  /** Time zone of Node, default UTC. */
  readonly zone?: string;
  /** How far the clock of the database is ahead of Node's; negative: behind. */
  readonly databaseAheadSeconds?: number;
}

const inAYear = new Date(new Date().setUTCFullYear(new Date().getUTCFullYear() + 1)).toISOString();

/** The first is the one of `npm run verify`: a leap day that ends while it runs, east of Greenwich, and clocks that differ. */
const clocks: Record<string, FakedClock> = {
  'leap-day-ends': { at: '2028-02-29T23:58:00Z', zone: 'Asia/Kolkata', databaseAheadSeconds: 120 },
  'in-a-year': { at: inAYear },
  'leap-day': { at: '2028-02-29T11:30:00Z' },
  'before-midnight': { at: '2027-05-31T23:59:00Z' },
  'summer-time-begins': { at: '2027-03-28T00:59:00Z', zone: 'Europe/Berlin' },
  'summer-time-ends': { at: '2027-10-31T00:59:00Z', zone: 'Europe/Berlin' },
  'far-east': { at: inAYear, zone: 'Asia/Kolkata' },
  'database-ahead': { at: inAYear, databaseAheadSeconds: 120 },
  'database-behind': { at: inAYear, databaseAheadSeconds: -120 },
};

/**
 * `npm run verify -- clock [name] [patterns and options for Jest]`: the specs at another time, with a Postgres and a RabbitMQ of
 * the same time or of one of their own; all of them with how much they cover. Prometheus and the browser keep the real one.
 */
export async function runUnderAnotherClock(args: string[]): Promise<number> {
  const [name = 'leap-day-ends', ...patterns] = args[0] && args[0] in clocks ? args : ['leap-day-ends', ...args];
  const { at, zone = 'UTC', databaseAheadSeconds = 0 } = clocks[name]!;
  const found = await findDatefudge();
  if ('missing' in found) throw new Error(found.missing);
  const ahead = Math.round((Date.parse(at) - Date.now()) / 1000);
  const node = { ...shiftedClock(found.library, ahead), TZ: zone };
  // They must be ours: those that are given have a clock that we cannot set.
  delete process.env.TEST_DATABASE_URL;
  delete process.env.AMQP_URL;
  const servers = new TestServers({
    database: shiftedClock(found.library, ahead + databaseAheadSeconds),
    broker: shiftedClock(found.library, ahead),
  });
  let jest: ChildProcess | undefined;
  onShutdown((exitCode) => {
    jest?.kill('SIGTERM');
    void servers.stop().finally(() => process.exit(exitCode));
  });
  try {
    const environment = await servers.start();
    console.log(`${name}: ${at} in ${zone}, the database ${databaseAheadSeconds} s ahead`);
    const program = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    jest = spawn(process.execPath, [program, ...(patterns.length === 0 ? ['--coverage'] : []), ...patterns], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environment, ...node, NODE_ENV: 'test' },
    });
    await ended(jest);
    for (const sentence of servers.missing) console.log(`\nSKIPPED: ${sentence}`);
    return jest.exitCode ?? 1;
  } finally {
    await servers.stop();
  }
}
