import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '@switchboard/testing';

const root = join(__dirname, '..', '..', '..');
/** Ends the program when the test run is killed, even with -9. */
const leaveWithParent = join(root, 'tools', 'local', 'leave-with-parent.cjs');

/** A compiled program of ours in a process of its own. */
export class Program {
  readonly lines: string[] = [];
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  private readonly child: ChildProcess;
  private isOver = false;

  /** @param entry the compiled file, from the root of the checkout */
  constructor(entry: string, env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, ['--require', leaveWithParent, join(root, entry)], {
      env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      createInterface(stream).on('line', (line) => this.lines.push(line));
    }
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      this.isOver = true;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null };
    });
  }

  /** Waits for so many lines of its output that fit; fails with all it said when it ends before. */
  said(fits: (line: string) => boolean, { times = 1 } = {}): Promise<string[]> {
    const what = `${times} line(s) of a program`;
    return until(
      () => {
        const found = this.lines.filter(fits);
        if (found.length >= times) return found;
        if (this.isOver) throw new Error(`the program ended:\n${this.lines.join('\n')}`);
        return undefined;
      },
      { what, timeoutMs: 30_000 },
    );
  }

  kill(signal: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    this.child.kill(signal);
    return this.ended;
  }
}
