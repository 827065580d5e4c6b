import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { ended } from '../local/processes.mts';
import { startPostgres } from '../local/postgres.mts';
import { startRabbitMq } from '../local/rabbitmq.mts';
import { installedServers } from '../local/rabbitmq-server.mts';
import { onShutdown } from '../local/shutdown.mts';
import { root } from '../local/workspace.mts';

/** What meets the broker itself, and a whole installation on it. */
const SPECS = ['libs/bus/src', 'stories-over-rabbit.long'];
/** Which we say to support: docs/adr/0012. */
const SUPPORTED = ['3.10', '4'];

/**
 * `npm run verify -- brokers [patterns and options for Jest]`: the specs that need a broker, on each RabbitMQ that is installed here
 * and on those of AMQP_URLS (separated by commas). What is supported and not here is named.
 */
export async function runOnEachBroker(args: string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-brokers-'));
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false });
  const clear = async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  onShutdown((exitCode) => void clear().finally(() => process.exit(exitCode)));
  const met: string[] = [];
  let failed = 0;
  const runOn = async (url: string) => {
    const version = await versionOf(url);
    met.push(version);
    console.log(`\nRabbitMQ ${version}`);
    if ((await jest(args.length > 0 ? args : SPECS, { AMQP_URL: url, TEST_DATABASE_URL: postgres.url })) !== 0)
      failed++;
  };
  try {
    for (const url of (process.env.AMQP_URLS ?? '').split(',').filter(Boolean)) await runOn(url);
    for (const [i, server] of installedServers().entries()) {
      const broker = await startRabbitMq({ dataDir: join(folder, `rabbitmq-${i}`), server });
      try {
        await runOn(broker.url);
      } finally {
        await broker.kill('SIGKILL');
      }
    }
  } finally {
    await clear();
  }
  for (const version of SUPPORTED)
    if (!met.some((one) => one.startsWith(`${version}.`)))
      console.log(`not tried, because it is not here: RabbitMQ ${version}`);
  console.log(JSON.stringify({ brokers: met, failed }));
  return failed === 0 && met.length > 0 ? 0 : 1;
}

async function versionOf(url: string): Promise<string> {
  const connection = await connect(url);
  const { version } = connection.connection.serverProperties as { version: string };
  await connection.close();
  return version;
}

async function jest(patterns: string[], environment: Record<string, string>): Promise<number> {
  const program = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const child = spawn(process.execPath, [program, ...patterns], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment, NODE_ENV: 'test' },
  });
  await ended(child);
  return child.exitCode ?? 1;
}
