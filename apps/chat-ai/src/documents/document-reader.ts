import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeText } from './decode-text';
import { LIMITS, ReadResult } from './read-result';

// Under Jest this file runs from src/, where the process exists in TypeScript only: then the built one is used.
const PROCESS_FILE = __filename.endsWith('.ts')
  ? resolve(__dirname, '../../../dist/src/knowledge/documents/document.process.js')
  : resolve(__dirname, 'document.process.js');

const HEAP_MB = 384;
const MEMORY_CHECK_MS = 50;
/** Linux tells the memory of a process in pages. */
const PAGE_BYTES = 4096;

export interface ReadingLimits {
  readonly readingMs: number;
  readonly memoryBytes: number;
}

/**
 * Reads files into Markdown, one after the other. Plain text is read here; everything else in a process of its own,
 * which is killed when it takes too long or too much memory, and of which the next file gets a new one.
 */
export class DocumentReader {
  private child: ChildProcess | undefined;

  constructor(private readonly limits: ReadingLimits = LIMITS) {}

  async read(file: string, size: number): Promise<ReadResult> {
    if (size === 0) return { problem: 'file_empty' };
    if (size > LIMITS.fileBytes) return { problem: 'file_too_large' };
    const result = await this.readAs(await formatOf(file), file);
    if ('problem' in result) return result;
    // Neither zeros nor halves of characters can be stored as text.
    const text = result.text.slice(0, LIMITS.textCharacters).replaceAll('\u0000', '').toWellFormed();
    if (text.trim() === '') return { problem: 'file_empty' };
    const notes = result.text.length > LIMITS.textCharacters ? [...result.notes, 'text_cut' as const] : result.notes;
    return { text, notes };
  }

  /** Ends the process, if there is one. */
  async close(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  private async readAs(format: 'text' | 'binary' | 'csv' | 'html', file: string): Promise<ReadResult> {
    if (format === 'text') return { text: decodeText(await readFile(file)), notes: [] };
    const child = (this.child ??= this.start());
    const over = new AbortController();
    const { signal } = over;
    try {
      child.send({ file, format });
      const outcome = await Promise.race([
        once(child, 'message', { signal }).then(([answer]) => ReadResult.parse(answer)),
        // Its heap is limited as well: then it ends by itself.
        once(child, 'exit', { signal }).then(() => ({ problem: 'file_too_complex' as const })),
        sleep(this.limits.readingMs, { problem: 'file_too_complex' as const }, { signal }),
        this.tooMuchMemory(child, signal),
      ]);
      if ('problem' in outcome && outcome.problem === 'file_too_complex') await this.replace(child);
      return outcome;
    } finally {
      over.abort();
    }
  }

  private start(): ChildProcess {
    const child = fork(PROCESS_FILE, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      // It may read files and do nothing else: no writing, no programs, no native code.
      execArgv: [`--max-old-space-size=${HEAP_MB}`, '--permission', '--allow-fs-read=*'],
      // The service's environment holds secrets; Windows cannot start a process without its root.
      env: { SystemRoot: process.env['SystemRoot'] },
    });
    child.on('error', () => undefined); // seen as its exit
    return child;
  }

  private async replace(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    if (this.child === child) this.child = undefined;
  }

  /** Buffers lie outside of the heap, so Node's own limit does not count them. Elsewhere than on Linux only time limits them. */
  private async tooMuchMemory(child: ChildProcess, signal: AbortSignal): Promise<ReadResult> {
    for (;;) {
      await sleep(MEMORY_CHECK_MS, undefined, { signal });
      if (residentBytes(child.pid!) > this.limits.memoryBytes) return { problem: 'file_too_complex' };
    }
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
async function formatOf(file: string): Promise<'text' | 'binary' | 'csv' | 'html'> {
  const start = await firstBytes(file);
  const latin = start.toString('latin1');
  if (MAGIC.test(latin)) return 'binary';
  const text = decodeText(start);
  if (text.includes('\u0000')) return 'binary';
  const extension = extname(file).toLowerCase();
  if (extension === '.csv' || extension === '.tsv') return 'csv';
  if (/^\.x?html?$/.test(extension) || /^\s*(?:<!doctype html|<html[\s>])/i.test(text)) return 'html';
  return 'text';
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
