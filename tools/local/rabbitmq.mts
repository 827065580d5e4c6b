import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LockHeld, takeLock } from '../process-lock.mjs';
import { ended, freePorts, isRunning, stopProcess, until } from './processes.mts';
import { findRabbitMq } from './rabbitmq-server.mts';

export interface RabbitMqOptions {
  /** Ours alone; holds queues, password, ports and log. Made when missing. */
  dataDir: string;
  /** Program to run; default: what findRabbitMq() finds. */
  server?: string;
  /** Further environment of the node, for example another clock. */
  env?: Record<string, string>;
}

export interface RabbitMq {
  /** `amqp://…` of a user with all rights, on the loopback interface. */
  url: string;
  /** The management API, same user and password. */
  managementUrl: string;
  /** Metrics in Prometheus' text format. */
  prometheusUrl: string;
  pid: number;
  /** Clean shutdown (3 to 8 s); queues and durable messages are kept. */
  stop(): Promise<void>;
  /**
   * Sends a signal and, for one that ends the broker, resolves when it is gone. Start it again on the same folder.
   * RabbitMQ 3.10 loses the leader of a quorum queue that SIGKILL meets in its first second (seen; fine after two).
   */
  kill(signal: NodeJS.Signals): Promise<void>;
}

interface Kept {
  password: string;
  ports: number[];
}

/** First start 7 s on two idle cores; busy ones take several times that. */
const startMs = 90_000;

const cleanStop: Parameters<typeof stopProcess>[1] = [
  ['SIGTERM', 30_000],
  ['SIGKILL', 5_000],
];

/**
 * Starts a private RabbitMQ node: own ports on the loopback interface (kept across starts while they are free), own name
 * server (epmd), own Erlang cookie. A node whose launcher was killed is stopped first.
 */
export async function startRabbitMq({ dataDir: given, server, env }: RabbitMqOptions): Promise<RabbitMq> {
  const dataDir = nodeFolder(given);
  mkdirSync(dataDir, { recursive: true });
  const program = server ?? (await installedProgram());
  const unlock = await takeLock(join(dataDir, 'lock'), { wait: false }).catch((error: unknown) => {
    if (error instanceof LockHeld) throw new Error(`The broker in ${dataDir} is in use by process ${error.pid}.`);
    throw error;
  });
  const names: { server?: ChildProcess } = {};
  const release = async () => {
    if (names.server?.pid) await stopProcess(names.server.pid, [['SIGKILL', 5_000]]);
    unlock();
  };
  try {
    await stopOrphanedRabbitMq(given);
    const { password, ports } = await keptSettings(dataDir);
    const [amqp, management, prometheus, distribution, epmd] = ports as [number, number, number, number, number];
    writeConfig(dataDir, { amqp, management, prometheus, password });
    names.server = startNameServer(dataDir, epmd);
    const child = launch(program, dataDir, { amqp, distribution, epmd }, env);
    await becomesReady(child, dataDir, amqp);
    const pid = readPid(dataDir, 'rabbitmq.pid')!;
    return {
      url: `amqp://switchboard:${password}@127.0.0.1:${amqp}`,
      managementUrl: `http://switchboard:${password}@127.0.0.1:${management}`,
      prometheusUrl: `http://127.0.0.1:${prometheus}/metrics`,
      pid,
      async stop() {
        await stopProcess(pid, cleanStop);
        await ended(child);
        await release();
      },
      async kill(signal) {
        if (signal !== 'SIGKILL' && signal !== 'SIGTERM') return void process.kill(pid, signal);
        await stopProcess(pid, [[signal, 30_000]]);
        await ended(child);
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Stops the node that still runs in `dataDir` after its launcher was killed. Call it only while nobody holds the folder. */
export async function stopOrphanedRabbitMq(given: string): Promise<void> {
  const dataDir = nodeFolder(given);
  await stopLeft('rabbitmq.pid', 'beam', cleanStop);
  await stopLeft('epmd.pid', 'epmd', [['SIGKILL', 5_000]]);

  async function stopLeft(file: string, program: string, steps: typeof cleanStop) {
    const pid = readPid(dataDir, file);
    if (pid && isRunning(pid) && runs(pid, program)) await stopProcess(pid, steps);
  }
}

/** Removes all that a stopped node has kept. */
export const removeRabbitMq = (dataDir: string) => rmSync(nodeFolder(dataDir), { recursive: true, force: true });

/** RabbitMQ 3.10 cannot start in a folder whose name is not ASCII (badarg in rabbit_mgmt_external_stats). */
function nodeFolder(dataDir: string): string {
  if (/^[\x20-\x7e]*$/.test(dataDir)) return dataDir;
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return join(tmpdir(), `switchboard-rabbitmq-${name}`);
}

async function installedProgram(): Promise<string> {
  const found = await findRabbitMq();
  if ('server' in found) return found.server;
  throw new Error('missing' in found ? found.missing : 'AMQP_URL names a running broker: use that one.');
}

async function keptSettings(dataDir: string): Promise<Kept> {
  const file = join(dataDir, 'settings.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : undefined;
  const ports = await freePorts(5, kept?.ports);
  const settings = { password: kept?.password ?? randomBytes(24).toString('hex'), ports };
  writeFileSync(file, JSON.stringify(settings), { mode: 0o600 });
  return settings;
}

function writeConfig(
  dataDir: string,
  {
    amqp,
    management,
    prometheus,
    password,
  }: Record<'amqp' | 'management' | 'prometheus', number> & { password: string },
) {
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${amqp}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${management}`,
    'prometheus.tcp.ip = 127.0.0.1',
    `prometheus.tcp.port = ${prometheus}`,
    'default_user = switchboard',
    `default_pass = ${password}`,
    // Below its limit the broker blocks every publisher; a nearly full laptop should still work.
    'disk_free_limit.absolute = 50MB',
  ];
  writeFileSync(join(dataDir, 'rabbitmq.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });
  writeFileSync(join(dataDir, 'enabled_plugins'), '[rabbitmq_management,rabbitmq_prometheus].\n');
}

/** Erlang would leave the one it starts behind; a child of ours can be stopped by its id. */
function startNameServer(dataDir: string, port: number): ChildProcess {
  const child = spawn('epmd', ['-port', String(port), '-address', '127.0.0.1'], { stdio: 'ignore', detached: true });
  // Without epmd on the PATH the node starts its own from the Erlang installation.
  child.once('error', () => undefined);
  child.unref();
  if (child.pid) writeFileSync(join(dataDir, 'epmd.pid'), String(child.pid));
  return child;
}

function launch(
  program: string,
  dataDir: string,
  ports: Record<'amqp' | 'distribution' | 'epmd', number>,
  env: Record<string, string> = {},
): ChildProcess {
  const descriptor = openSync(join(dataDir, 'rabbitmq.log'), 'w');
  const child = spawn(program, [], {
    // Ctrl-C in the terminal must reach the services first, and the broker only through stop().
    detached: true,
    stdio: ['ignore', descriptor, descriptor],
    cwd: dataDir,
    env: {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      HOME: dataDir,
      ERL_EPMD_PORT: String(ports.epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: 'switchboard@localhost',
      RABBITMQ_NODE_PORT: String(ports.amqp),
      RABBITMQ_DIST_PORT: String(ports.distribution),
      RABBITMQ_MNESIA_BASE: join(dataDir, 'mnesia'),
      RABBITMQ_LOG_BASE: dataDir,
      RABBITMQ_LOGS: '-',
      RABBITMQ_PID_FILE: join(dataDir, 'rabbitmq.pid'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(dataDir, 'enabled_plugins'),
      // The program adds `.conf`; the second file need not exist but must not be the machine's.
      RABBITMQ_CONFIG_FILE: join(dataDir, 'rabbitmq'),
      RABBITMQ_CONF_ENV_FILE: join(dataDir, 'rabbitmq-env.conf'),
      ...env,
    },
  });
  closeSync(descriptor);
  child.unref();
  return child;
}

async function becomesReady(child: ChildProcess, dataDir: string, port: number) {
  let over = false;
  child.once('error', () => (over = true));
  void ended(child).then(() => (over = true));
  const ready = await until(async () => over || (await greets(port)), startMs, 100);
  if (ready && !over) return;
  // A group of its own: the shell script, the Erlang machine and what that started.
  if (!over && child.pid) process.kill(-child.pid, 'SIGKILL');
  const log = readFileSync(join(dataDir, 'rabbitmq.log'), 'utf8').trim().split('\n').slice(-15).join('\n');
  throw new Error(`RabbitMQ did not start. The end of ${join(dataDir, 'rabbitmq.log')}:\n${log}`);
}

/** Whether the broker answers the AMQP 0-9-1 greeting, which it does from the last step of its start on. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1')));
    const answer = (greeted: boolean) => {
      socket.destroy();
      resolve(greeted);
    };
    socket.setTimeout(2_000, () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
    socket.once('data', (bytes: Buffer) => answer(bytes[0] === 1)); // 1: a method frame, Connection.Start
  });
}

function readPid(dataDir: string, file: string): number | undefined {
  const path = join(dataDir, file);
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) || undefined : undefined;
}

/** A process id may have been given to another program since; only Linux tells which one it is. */
function runs(pid: number, program: string): boolean {
  const file = `/proc/${pid}/cmdline`;
  return !existsSync(file) || readFileSync(file, 'utf8').includes(program);
}
