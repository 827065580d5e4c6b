import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Runs a command to its end; resolves with the exit code, and with what it printed when `stdio` is not inherited. */
export function run(command: string, args: string[], options: SpawnOptions = {}) {
  return new Promise<{ code: number; output: string }>((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Whether a process with this id runs; one that has died but was not yet collected by its parent does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true; // not Linux
  }
}

/** Waits until `condition` holds; false when `timeoutMs` passed first. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs: number, everyMs = 50) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() > deadline) return false;
    await pause(everyMs);
  }
}

/** Sends each signal in turn until the process is gone, giving it the stated time after each. */
export async function stopProcess(pid: number, steps: [signal: NodeJS.Signals, timeoutMs: number][]) {
  for (const [signal, timeoutMs] of steps) {
    if (!isRunning(pid)) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return;
      throw error;
    }
    if (await until(() => !isRunning(pid), timeoutMs)) return;
  }
  throw new Error(`Process ${pid} does not stop`);
}

/** Resolves when the child has ended, at once if it already has. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  child.ref(); // the wait alone would not keep this process alive
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** Ports of the loopback interface that are free now, `preferred` ones where they still are. All differ. */
export async function freePorts(count: number, preferred: number[] = []): Promise<number[]> {
  const held: Awaited<ReturnType<typeof listen>>[] = [];
  // All are held open until the last is found, so that none is given twice.
  for (let i = 0; i < count; i++) held.push((await listen(preferred[i] ?? 0)) ?? (await listen(0)));
  const ports = held.map((server) => (server?.address() as { port: number }).port);
  await Promise.all(held.map((server) => new Promise((resolve) => server?.close(resolve))));
  return ports;
}

/** Below those that systems give to clients: a process that is started again must find its own still free. */
export function quietPorts(count: number): Promise<number[]> {
  const first = 20_000 + Math.floor(Math.random() * 12_000);
  return freePorts(
    count,
    Array.from({ length: count }, (_, i) => first + i),
  );
}

async function listen(port: number) {
  const server = createServer();
  return new Promise<typeof server | undefined>((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
