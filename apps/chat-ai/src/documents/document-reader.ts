import { decodeText } from '@switchboard/tables';
import { bulkhead } from 'cockatiel';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FileFormat, LIMITS, ReadResult, storable } from './read-result';

// Under Jest this file runs from src/, where the process exists in TypeScript only: then the built one is used.
const PROCESS_FILE = __filename.endsWith('.ts')
  ? resolve(__dirname, '../../dist/src/documents/document.process.js')
  : resolve(__dirname, 'document.process.js');

const HEAP_MB = 256;
const MEMORY_CHECK_MS = 50;
/** On a busy machine; before the file is begun, and so no fault of it. */
const STARTING_MS = 30_000;
/** Linux tells the memory of a process in pages. */
const PAGE_BYTES = 4096;
/** Decoded in milliseconds, less than a process takes to start. */
const SHORT_TEXT_BYTES = 64 * 1024;
/** One kill may have any reason: that the service needed memory for something else, or an operator. */
const KILLS_BLAMED_ON_THE_FILE = 2;
const MOST_WAITING = 10_000;

/**
 * What the reading process may do: read its own code, and start the thread that watches it. It gets the bytes of a file over its
 * channel and opens no file; it writes none, starts no programs and loads no native code. Node 24 has no permission for the
 * network, so it could open connections; from Node 25 on `--permission` refuses them as well. It may send signals, as its user may.
 */
export const READING_RIGHTS: readonly string[] = [
  `--max-old-space-size=${HEAP_MB}`,
  '--permission',
  '--allow-worker',
  ...codeFolders(PROCESS_FILE).map((folder) => `--allow-fs-read=${folder}`),
];

export interface ReadingLimits {
  readonly readingMs: number;
  readonly memoryBytes: number;
}

/** The process that read a file has ended for a reason that need not lie in the file: it may be tried again. */
export class ReaderLost extends Error {
  override readonly name: string = 'ReaderLost';
}

/** Killed while it read, and not by us: mostly by a system that is short of memory. */
class ReaderKilled extends ReaderLost {
  override readonly name = 'ReaderKilled';
}

/** The memory of the service is limited as a whole, so there is one reader at a time, whatever it reads for. */
const places = bulkhead(1, MOST_WAITING);

/**
 * Lends out a reader when no other is in use, and closes it afterwards, or when `signal` fires.
 * @throws TaskCancelledError when `signal` fires before its turn has come
 */
export function withReader<T>(signal: AbortSignal, work: (reader: DocumentReader) => Promise<T>): Promise<T> {
  return places.execute(async () => {
    const reader = new DocumentReader();
    const stop = () => void reader.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      signal.throwIfAborted();
      return await work(reader);
    } finally {
      signal.removeEventListener('abort', stop);
      await reader.close();
    }
  }, signal);
}

/** Whether somebody waits for a reader: who has many files to read gives way between two of them. */
export const isReaderWanted = (): boolean => places.queueSlots < MOST_WAITING;

/**
 * Reads files into Markdown, one after the other. A short text is read here; everything else in a process of its own,
 * which is killed when it takes too long or too much memory, and of which the next file gets a new one.
 */
export class DocumentReader {
  private child: ChildProcess | undefined;
  private closed = false;

  constructor(private readonly limits: ReadingLimits = LIMITS) {}

  /**
   * @param name of the file; only its extension counts, and only where the content does not tell the format
   * @throws ReaderLost
   */
  async read(name: string, bytes: Buffer): Promise<ReadResult> {
    if (bytes.length === 0) return { problem: 'file_empty' };
    if (bytes.length > LIMITS.fileBytes) return { problem: 'file_too_large' };
    const format = formatOf(name, bytes);
    if (format === 'text' && bytes.length <= SHORT_TEXT_BYTES) return storable({ text: decodeText(bytes), notes: [] });
    return this.readElsewhere(format, bytes);
  }

  /** Ends the process, if there is one; the file that it reads is lost to it. No other is begun. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.child) await this.end(this.child);
  }

  private async readElsewhere(format: FileFormat, bytes: Buffer): Promise<ReadResult> {
    for (let killed = 0; killed < KILLS_BLAMED_ON_THE_FILE; killed += 1) {
      const child = this.child ?? (await this.start());
      try {
        return await this.readIn(child, format, bytes);
      } catch (error) {
        if (!(error instanceof ReaderKilled) || this.closed) throw error;
      }
    }
    return { problem: 'file_too_complex' };
  }

  private async readIn(child: ChildProcess, format: FileFormat, bytes: Buffer): Promise<ReadResult> {
    try {
      const outcome = await this.orLost(child, this.limits.readingMs, (signal) => {
        child.send({ bytes, format }, () => undefined);
        return Promise.race([
          once(child, 'message', { signal }).then(([answer]) => ReadResult.parse(answer)),
          this.tooMuchMemory(child, signal),
        ]);
      });
      if (outcome && !('problem' in outcome && outcome.problem === 'file_too_complex')) return outcome;
      await this.end(child);
      return { problem: 'file_too_complex' };
    } catch (error) {
      await this.end(child);
      throw error;
    }
  }

  private async start(): Promise<ChildProcess> {
    if (this.closed) throw new ReaderLost('the reader was closed');
    const child = fork(PROCESS_FILE, [String(process.pid)], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [...READING_RIGHTS],
      // The service's environment holds secrets; Windows cannot start a process without its root.
      env: { SystemRoot: process.env['SystemRoot'] },
    });
    this.child = child;
    offerToTheSystem(child);
    child.on('error', () => undefined); // heard where it is waited for
    child.once('exit', () => {
      if (this.child === child) this.child = undefined;
    });
    try {
      const ready = await this.orLost(child, STARTING_MS, (signal) => once(child, 'message', { signal }));
      if (!ready) throw new ReaderLost('the reading process does not start');
      return child;
    } catch (error) {
      await this.end(child);
      throw error;
    }
  }

  /** Undefined when the process needs too long, or has ended itself for want of memory. */
  private async orLost<T>(
    child: ChildProcess,
    withinMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const over = new AbortController();
    const { signal } = over;
    try {
      return await Promise.race([
        work(signal),
        once(child, 'exit', { signal }).then(([code, by]) => {
          if (isOutOfMemory(code as number | null, by as string | null)) return undefined;
          const ended = `the reading process ended by ${String(by ?? code)}`;
          throw by === 'SIGKILL' ? new ReaderKilled(ended) : new ReaderLost(ended);
        }),
        sleep(withinMs, undefined, { signal }),
      ]);
    } catch (error) {
      if (error instanceof ReaderLost) throw error;
      throw new ReaderLost('the reading process cannot be reached', { cause: error });
    } finally {
      over.abort();
    }
  }

  private async end(child: ChildProcess): Promise<void> {
    if (this.child === child) this.child = undefined;
    // Without an id it has never run.
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** Buffers lie outside of the heap, so Node's own limit does not count them. Elsewhere than on Linux only time limits them. */
  private async tooMuchMemory(child: ChildProcess, signal: AbortSignal): Promise<ReadResult> {
    for (;;) {
      await sleep(MEMORY_CHECK_MS, undefined, { signal });
      if (residentBytes(child.pid!) > this.limits.memoryBytes) return { problem: 'file_too_complex' };
    }
  }
}

/** V8 ends a process whose heap is full by SIGABRT; on Windows it is seen as this code. */
const isOutOfMemory = (code: number | null, signal: string | null) => signal === 'SIGABRT' || code === 134;

/** Its own folder, what describes the packages it belongs to, and every package it may load. */
function codeFolders(file: string): string[] {
  const own = dirname(file);
  const parents: string[] = [];
  for (let at = own; !parents.includes(at); at = dirname(at)) parents.push(at);
  const others = parents.flatMap((parent) => [join(parent, 'node_modules'), join(parent, 'package.json')]);
  // A library of ours lies beside the services, and only a link to it among the packages.
  const tables = parents.map((parent) => join(parent, 'node_modules', '@switchboard', 'tables')).find(existsSync);
  return [own, ...others.filter((path) => existsSync(path)), ...(tables ? [realpathSync(tables)] : [])];
}

/** A system short of memory then ends the reader, and not the service. */
function offerToTheSystem({ pid }: ChildProcess): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
  } catch {
    // There is no such thing outside of Linux.
  }
}

function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

const MAGIC = /^(?:[\s\S]{0,1020}%PDF-|PK\u0003\u0004|\u00D0\u00CF\u0011\u00E0)/;

/** By content where it can be told: Markdown and tables are plain text and go by their names. */
function formatOf(name: string, bytes: Buffer): FileFormat {
  const start = bytes.subarray(0, 4096);
  if (MAGIC.test(start.toString('latin1'))) return 'binary';
  const text = decodeText(start);
  if (text.includes('\u0000')) return 'binary';
  const extension = extname(name).toLowerCase();
  if (extension === '.csv' || extension === '.tsv') return 'csv';
  if (/^\.x?html?$/.test(extension) || /^\s*(?:<!doctype html|<html[\s>])/i.test(text)) return 'html';
  return 'text';
}
