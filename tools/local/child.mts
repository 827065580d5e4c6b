import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ended, stopProcess, until } from './processes.mts';
import { root } from './workspace.mts';

export interface Child {
  readonly pid: number;
  /** Resolves with the exit code, or the signal, when it has ended for whatever reason. */
  readonly ended: Promise<number | string>;
  /** The last lines it printed. */
  tail(): string;
  stop(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export interface ChildOptions {
  /** The compiled entry, from the root of the checkout. */
  entry: string;
  env: Record<string, string | undefined>;
  logFile: string;
  /** Node's own arguments, for example for profiling. */
  nodeArgs?: string[];
  onLine?: (line: string) => void;
}

/** Node would keep 134 MB for young objects, which services do not need: their work is short. The images do the same. */
const HEAP = '--max-semi-space-size=16';
const preload = join(root, 'tools', 'local', 'leave-with-parent.cjs');
const TAIL_LINES = 40;
const PROBE_WITHIN_MS = 5000;

/** Starts one of our programs as a child that leaves when this process does, its output going to a file. */
export function startChild({ entry, env, logFile, nodeArgs = [], onLine }: ChildOptions): Child {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile, { flags: 'a' });
  const child = spawn(
    process.execPath,
    [HEAP, ...nodeArgs, '--enable-source-maps', '--require', preload, join(root, entry)],
    {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Ctrl-C in the terminal is for the launcher, which then stops its children in order.
      detached: true,
    },
  );
  const lines: string[] = [];
  for (const stream of [child.stdout!, child.stderr!]) {
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      log.write(chunk);
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop()!;
      for (const line of parts) {
        lines.push(line);
        if (lines.length > TAIL_LINES) lines.shift();
        onLine?.(line);
      }
    });
  }
  const over = ended(child as ChildProcess).then(() => child.exitCode ?? child.signalCode ?? 'gone');
  void over.then(() => log.end());
  return {
    pid: child.pid!,
    ended: over,
    tail: () => lines.join('\n'),
    stop: () =>
      stopProcess(child.pid!, [
        ['SIGTERM', 15_000],
        ['SIGKILL', 5_000],
      ]),
    kill: (signal) => void child.kill(signal),
  };
}

/**
 * Waits until every address answers 200. Throws when the process ends, time is up or `signal` fires, and stops it.
 * @param what names it in the error
 */
export async function untilReady(
  child: Child,
  what: string,
  urls: readonly string[],
  withinMs: number,
  signal?: AbortSignal,
): Promise<void> {
  let over = false;
  void child.ended.then(() => (over = true));
  const answers = async () => {
    const responses = await Promise.all(
      urls.map((url) => fetch(url, { signal: AbortSignal.timeout(PROBE_WITHIN_MS) }).catch(() => undefined)),
    );
    return responses.every((response) => response?.ok);
  };
  const inTime = await until(async () => over || signal?.aborted === true || (await answers()), withinMs, 50);
  if (inTime && !over && !signal?.aborted) return;
  await child.stop();
  signal?.throwIfAborted();
  throw new Error(`${what} did not start:\n${child.tail()}`);
}
