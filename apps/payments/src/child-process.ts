import { bulkhead } from 'cockatiel';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEAP_MB = 384;
const MEMORY_BYTES = 512 * 1024 * 1024;
const MEMORY_CHECK_MS = 50;
/** With the start of the process, on a busy machine. */
const TIMEOUT_MS = 30_000;
/** Linux tells the memory of a process in pages. */
const PAGE_BYTES = 4096;
const MOST_WAITING = 100;

/** It needed too much time or memory, or has ended by itself: the service is none the worse for it. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';
}

/** The memory of the service is limited as a whole: one of them runs at a time. */
const places = bulkhead(1, MOST_WAITING);

/**
 * Has something done in a process of its own, which is killed when it takes too long or too much memory: what strangers send, and
 * what is laid out in pages, can be made to take any. It may read its own code and packages, and nothing else; it writes nothing, starts
 * no programs and gets no secrets.
 * @param name of the file beside `folder`, without its ending: it gets one message, and answers with one
 * @throws ChildFailed
 */
export function runInChild(folder: string, name: string, message: object): Promise<unknown> {
  return places.execute(async () => {
    const file = processFile(folder, name);
    const child = fork(file, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [
        `--max-old-space-size=${HEAP_MB}`,
        '--permission',
        ...readable(file).map((path) => `--allow-fs-read=${path}`),
      ],
      // The service's environment holds secrets; Windows cannot start a process without its root.
      env: { SystemRoot: process.env['SystemRoot'] },
    });
    child.on('error', () => undefined); // heard where it is waited for
    const over = new AbortController();
    const { signal } = over;
    const failed = (why: string) => {
      throw new ChildFailed(`${name} ${why}`);
    };
    try {
      const answer = once(child, 'message', { signal }).then(([said]: unknown[]) => said);
      child.send(message, () => undefined);
      return await Promise.race([
        answer,
        once(child, 'exit', { signal }).then(([code, by]: unknown[]) => failed(`ended by ${String(by ?? code)}`)),
        sleep(TIMEOUT_MS, undefined, { signal }).then(() => failed('takes too long')),
        tooMuchMemory(child, signal).then(() => failed('takes too much memory')),
      ]);
    } finally {
      over.abort();
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    }
  });
}

// Under Jest this file runs from src/, where the process exists in TypeScript only: then the built one is used.
function processFile(folder: string, name: string): string {
  const built = __filename.endsWith('.ts') ? folder.replace(__dirname, resolve(__dirname, '../dist/src')) : folder;
  return resolve(built, `${name}.js`);
}

/** The code of the service, every package it may load, and the library of ours to which there is only a link among them. */
function readable(file: string): string[] {
  const own = resolve(dirname(file), '..');
  const parents: string[] = [];
  for (let at = own; !parents.includes(at); at = dirname(at)) parents.push(at);
  const packages = parents.flatMap((parent) => [join(parent, 'node_modules'), join(parent, 'package.json')]);
  const tables = parents.map((parent) => join(parent, 'node_modules', '@switchboard', 'tables')).find(existsSync);
  return [own, ...packages.filter((path) => existsSync(path)), ...(tables ? [realpathSync(tables)] : [])];
}

/** Buffers lie outside of the heap, so Node's own limit does not count them. Elsewhere than on Linux only time limits them. */
async function tooMuchMemory({ pid }: ChildProcess, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(MEMORY_CHECK_MS, undefined, { signal });
    if (residentBytes(pid) > MEMORY_BYTES) return;
  }
}

function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}
