import { setTimeout as sleep } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Something that a process does again and again for as long as it runs. */
export interface PeriodicTask {
  readonly name: string;
  readonly everyMs: number;
  /** Told by the list of all tasks. */
  readonly purpose: string;
}

export interface PeriodicTasksOptions {
  registry: Registry;
  warn(message: string, error?: unknown): void;
  /** How many times faster than in production, for tests over days; see `paced`. Default: 1. */
  speed?: number;
}

export interface PeriodicWork {
  /** In place of the task's own: from the end of a run to the beginning of the next. */
  everyMs?: number;
  /** Default: as after a success. */
  afterFailureMs?: number;
  /** Default: at once. */
  firstAfterMs?: number;
  /**
   * One run. It may say that the next one is due in less than `everyMs`.
   * @param signal aborted when the task is stopped
   */
  run(signal: AbortSignal): Promise<number | void> | number | void;
}

export interface RunningTask {
  /** Runs as soon as it can: at once, or once more after the run that is under way. */
  wake(): void;
  /** Resolves when the run that is under way has ended; there will be no other. */
  stop(): Promise<void>;
}

/** Of a loop that goes round by itself: it says when it has. */
export interface WatchedLoop {
  /** How often it should. */
  readonly everyMs: number;
  done(): void;
  failed(): void;
  /** It ended as it should, and is expected to run no more. */
  end(): void;
}

/** What is told of a task at a scrape. */
export interface PeriodicTaskState {
  readonly task: string;
  readonly everyMs: number;
  /** Milliseconds since 1970; undefined when there was no success yet. */
  readonly succeededAt: number | undefined;
  /** For how long a run has been overdue; 0 when none is. */
  readonly lateMs: number;
  /** How long a run may take before it counts as failed; 0 when that is not limited. */
  readonly timeoutMs: number;
}

export type PeriodicOutcome = 'done' | 'failed' | 'timed_out';

/** Of a task that goes on failing, one failure in so many is logged. */
const LOGGED_FAILURES = 10;

/** With a speed: a task that runs more seldom than this counts as one that runs so often, and none more often than that. */
const LONGEST_MS = 60_000_000;
const SHORTEST_MS = 100;

/**
 * Where everything periodic of a service is run or watched, so that all of it is counted, listed and alarmed in one way
 * (`PeriodicTaskStalled`). What the service does once per slot of a calendar, in whichever process, reports here too: `Schedules`
 * of service-kit.
 */
export class PeriodicTasks {
  private readonly loops = new Set<Loop>();
  private readonly reports: (() => Promise<readonly PeriodicTaskState[]>)[] = [];
  private readonly runs: Counter<'task' | 'outcome'>;
  private reading: Promise<PeriodicTaskState[]> | undefined;

  constructor(private readonly options: PeriodicTasksOptions) {
    const registers = [options.registry];
    this.runs = new Counter({
      name: 'periodic_task_runs_total',
      help: 'Runs of periodic tasks in this process and how they ended.',
      labelNames: ['task', 'outcome'],
      registers,
    });
    this.gauge('periodic_task_interval_seconds', 'How often a periodic task should run.', ({ everyMs }) => everyMs);
    this.gauge(
      'periodic_task_last_success_timestamp_seconds',
      'When a run of a periodic task has succeeded last; 0 when none has.',
      ({ succeededAt }) => succeededAt ?? 0,
    );
    this.gauge(
      'periodic_task_late_seconds',
      'For how long a run of a periodic task has been overdue; 0 when none is.',
      ({ lateMs }) => lateMs,
    );
    this.gauge(
      'periodic_task_timeout_seconds',
      'How long a run of a periodic task may take; 0 when that is not limited.',
      ({ timeoutMs }) => timeoutMs,
    );
  }

  /**
   * What `everyMs` is at the speed of this installation. At 1000 an hour takes 3.6 s, and nothing takes longer than a minute; a
   * process that looked at its database every few milliseconds would do nothing else, so nothing is done more than ten times a second.
   */
  paced(everyMs: number): number {
    const { speed = 1 } = this.options;
    if (speed === 1) return everyMs;
    return Math.min(everyMs, Math.max(Math.min(everyMs, LONGEST_MS) / speed, SHORTEST_MS));
  }

  /** Runs now and then again and again, one run at a time. A failure is logged and ends nothing. */
  start(task: PeriodicTask, work: PeriodicWork): RunningTask {
    const { everyMs = task.everyMs, run } = work;
    const afterFailureMs = this.paced(work.afterFailureMs ?? everyMs);
    const loop = this.watch(task, everyMs);
    const stopping = new AbortController();
    let nap = new AbortController();
    let failures = 0;
    const runOnce = async (): Promise<number | undefined> => {
      try {
        const soonerMs = await run(stopping.signal);
        failures = 0;
        loop.done();
        return Math.min(soonerMs ?? Infinity, loop.everyMs);
      } catch (error) {
        // What it was told to leave is no failure.
        if (stopping.signal.aborted) return 0;
        loop.failed();
        if (failures++ % LOGGED_FAILURES === 0) this.options.warn(`the periodic task ${task.name} failed`, error);
        return afterFailureMs;
      }
    };
    const running = (async () => {
      for (let waitMs = work.firstAfterMs && this.paced(work.firstAfterMs); ; waitMs = await runOnce()) {
        if (waitMs !== undefined && !stopping.signal.aborted)
          await sleep(waitMs, undefined, { signal: nap.signal }).catch(() => undefined);
        if (stopping.signal.aborted) break;
        // What wakes it from now on may have come too late for this run.
        nap = new AbortController();
      }
      loop.end();
    })();
    return {
      wake: () => nap.abort(),
      stop: () => {
        stopping.abort();
        nap.abort();
        return running;
      },
    };
  }

  /** Counts the runs of a loop that goes round by itself. Of several with one name, the one that is latest counts. */
  watch(task: PeriodicTask, everyMs = task.everyMs): WatchedLoop {
    const loop: Loop = {
      task: task.name,
      everyMs: this.paced(everyMs),
      beganAt: performance.now(),
      succeededAt: undefined,
    };
    this.loops.add(loop);
    for (const outcome of ['done', 'failed'] as const) this.count(task.name, outcome, 0);
    return {
      everyMs: loop.everyMs,
      done: () => {
        loop.succeededAt = performance.now();
        this.count(task.name, 'done');
      },
      failed: () => this.count(task.name, 'failed'),
      end: () => void this.loops.delete(loop),
    };
  }

  /** For whatever runs elsewhere, or in one process for all: `states` is asked at each scrape. */
  report(states: () => Promise<readonly PeriodicTaskState[]>): void {
    this.reports.push(states);
  }

  count(task: string, outcome: PeriodicOutcome, runs = 1): void {
    this.runs.inc({ task, outcome }, runs);
  }

  private gauge(name: string, help: string, milliseconds: (state: PeriodicTaskState) => number): void {
    const states = () => this.states();
    new Gauge({
      name,
      help,
      labelNames: ['task'],
      registers: [this.options.registry],
      async collect() {
        const all = await states();
        this.reset();
        for (const state of all) this.set({ task: state.task }, milliseconds(state) / 1000);
      },
    });
  }

  /** Read once for the gauges of one scrape, which ask at the same time. The latest of those with one name comes last. */
  private states(): Promise<PeriodicTaskState[]> {
    this.reading ??= (async () => {
      const reported = await Promise.all(this.reports.map((states) => states()));
      return [...[...this.loops].map(stateOf), ...reported.flat()].sort((a, b) => a.lateMs - b.lateMs);
    })().finally(() => (this.reading = undefined));
    return this.reading;
  }
}

interface Loop {
  readonly task: string;
  readonly everyMs: number;
  /** By the monotonic clock: the other one may be set. */
  readonly beganAt: number;
  succeededAt: number | undefined;
}

function stateOf({ task, everyMs, beganAt, succeededAt }: Loop): PeriodicTaskState {
  const idleMs = performance.now() - (succeededAt ?? beganAt);
  return {
    task,
    everyMs,
    succeededAt: succeededAt === undefined ? undefined : Date.now() - idleMs,
    lateMs: Math.max(0, idleMs - everyMs),
    timeoutMs: 0,
  };
}
