import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { EngineTimedOut, EngineUnavailable } from './engine-errors';

export interface WarmProcessLimits {
  /** For one answer, from the moment it is this question's turn. */
  deadlineMs: number;
  /** After so many answers the process is replaced, which bounds what it may leak. */
  recycleAfter: number;
}

/**
 * A Node process that is kept for the next question. It answers one question at a time, in order; it is started on the
 * first question, and again after a crash, a missed deadline or an aborted question (there is no other way to stop
 * work that blocks).
 */
export class WarmProcess {
  private child: ChildProcess | undefined;
  private answered = 0;
  private queue: Promise<unknown> = Promise.resolve();
  private closed = false;

  constructor(
    private readonly name: string,
    private readonly file: string,
    private readonly limits: WarmProcessLimits,
  ) {}

  /** The running process, for those who watch over it. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** @throws EngineUnavailable, EngineTimedOut, or the signal's reason, at once even while waiting for its turn. */
  ask(question: object, signal: AbortSignal): Promise<unknown> {
    const answer = this.queue.then(() => this.exchange(question, signal));
    this.queue = answer.catch(() => undefined);
    return raced(answer, signal);
  }

  /** Ends the process; questions asked or waiting are answered with EngineUnavailable. */
  async close(): Promise<void> {
    this.closed = true;
    const { child } = this;
    if (!child) return;
    const exit = once(child, 'exit');
    this.stop(child);
    await exit;
  }

  private exchange(question: object, signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    if (this.closed) throw new EngineUnavailable(`${this.name} is closed`);
    const child = (this.child ??= this.start());
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(deadline);
        signal.removeEventListener('abort', onAbort);
        child.removeAllListeners('message').off('exit', onExit).off('error', onError);
        finish();
      };
      const giveUp = (reason: unknown) => {
        this.stop(child);
        settle(() => reject(reason));
      };
      const onAbort = () => giveUp(signal.reason);
      const onError = (cause: Error) => giveUp(new EngineUnavailable(`${this.name} cannot run`, { cause }));
      const onExit = (code: number | null, by: string | null) =>
        giveUp(new EngineUnavailable(`${this.name} stopped in the middle of its work (${by ?? `code ${code}`})`));
      const deadline = setTimeout(
        () => giveUp(new EngineTimedOut(this.name, this.limits.deadlineMs)),
        this.limits.deadlineMs,
      );
      signal.addEventListener('abort', onAbort, { once: true });
      child.once('exit', onExit).once('error', onError);
      child.once('message', (answer) => {
        this.answered += 1;
        if (this.answered >= this.limits.recycleAfter) this.stop(child);
        settle(() => resolve(answer));
      });
      child.send(question, (error) => error && onError(error));
    });
  }

  private start(): ChildProcess {
    this.answered = 0;
    const child = fork(this.file, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
      // The service's environment holds secrets this process has no use for; Windows cannot start a process without its root.
      env: { SystemRoot: process.env['SystemRoot'] },
    });
    child.once('exit', () => this.forget(child));
    // Between questions it must not keep the service from ending; during one the deadline's timer holds the service.
    child.unref();
    child.channel?.unref();
    return child;
  }

  private stop(child: ChildProcess): void {
    this.forget(child);
    child.kill('SIGKILL');
  }

  private forget(child: ChildProcess): void {
    if (this.child === child) this.child = undefined;
  }
}

/** Settles with the work or with the signal, whichever is first. */
function raced<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
