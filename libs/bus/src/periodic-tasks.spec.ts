import { until } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { type PeriodicTask, PeriodicTasks } from './periodic-tasks';

const Sweep: PeriodicTask = { name: 'sweep', everyMs: 3_600_000, purpose: 'Sweeps the paths.' };
const Poll: PeriodicTask = { name: 'poll', everyMs: 10, purpose: 'Asks for news.' };

describe('a periodic task', () => {
  let registry: Registry;
  let warnings: string[];
  const tasks = (speed?: number) => new PeriodicTasks({ registry, warn: (message) => warnings.push(message), speed });
  const values = async (name: string) =>
    Object.fromEntries(
      (await registry.getSingleMetric(name)!.get()).values.map(({ labels, value }) => [
        Object.values(labels).join(' '),
        value,
      ]),
    );
  const lateSeconds = async (task: string) => (await values('periodic_task_late_seconds'))[task]!;

  beforeEach(() => {
    registry = new Registry();
    warnings = [];
  });

  it('runs again and again, one run at a time', async () => {
    let [runs, atOnce, mostAtOnce] = [0, 0, 0];
    const task = tasks().start(Sweep, {
      everyMs: 1,
      async run() {
        mostAtOnce = Math.max(mostAtOnce, ++atOnce);
        await new Promise(setImmediate);
        atOnce -= 1;
        runs += 1;
      },
    });
    await until(() => runs >= 5, { what: 'five runs' });
    await task.stop();
    expect([mostAtOnce, atOnce]).toEqual([1, 0]);
    expect(await values('periodic_task_runs_total')).toEqual({ 'sweep done': runs, 'sweep failed': 0 });
  });

  it('goes on after an error, which is logged at first and then now and again', async () => {
    let runs = 0;
    const task = tasks().start(Sweep, {
      everyMs: 1,
      run() {
        runs += 1;
        if (runs <= 11) throw new Error('no broom');
      },
    });
    await until(() => runs >= 13, { what: 'runs after the errors' });
    await task.stop();
    expect(warnings).toEqual(['the periodic task sweep failed', 'the periodic task sweep failed']);
    expect(await values('periodic_task_runs_total')).toMatchObject({ 'sweep done': runs - 11, 'sweep failed': 11 });
  });

  it('tells when it has succeeded last, and for how long it has been late, until it is stopped', async () => {
    let isBroken = false;
    const task = tasks().start(Sweep, {
      everyMs: 10,
      run() {
        if (isBroken) throw new Error('no broom');
      },
    });
    const succeeded = async () => (await values('periodic_task_last_success_timestamp_seconds'))['sweep']!;
    await until(async () => (await succeeded()) > 0, { what: 'a success' });
    isBroken = true;
    await until(async () => (await lateSeconds('sweep')) > 0.05, { what: 'lateness' });
    const before = await succeeded();
    expect(Math.abs(Date.now() / 1000 - before)).toBeLessThan(60);
    isBroken = false;
    await until(async () => (await succeeded()) > before, { what: 'another success' });
    await until(async () => (await lateSeconds('sweep')) === 0, { what: 'the end of lateness' });
    expect(await values('periodic_task_interval_seconds')).toEqual({ sweep: 0.01 });
    await task.stop();
    expect(await values('periodic_task_late_seconds')).toEqual({});
    expect(await values('periodic_task_interval_seconds')).toEqual({});
  });

  it('runs at once when it is woken, and once more when that happens during a run', async () => {
    const begun: PromiseWithResolvers<void>[] = [];
    const task = tasks().start(Sweep, {
      everyMs: 3_600_000,
      firstAfterMs: 3_600_000,
      run() {
        const run = Promise.withResolvers<void>();
        begun.push(run);
        return run.promise;
      },
    });
    task.wake();
    await until(() => begun.length === 1, { what: 'the woken run' });
    task.wake();
    begun[0]!.resolve();
    await until(() => begun.length === 2, { what: 'the run after it' });
    begun[1]!.resolve();
    await task.stop();
    expect(begun).toHaveLength(2);
  });

  it('runs sooner when a run says so, and no later than its interval', async () => {
    let runs = 0;
    const task = tasks().start(Sweep, { everyMs: 1, run: () => (++runs < 3 ? 0 : 86_400_000) });
    await until(() => runs >= 5, { what: 'runs' });
    await task.stop();
  });

  it('runs faster where days are to pass in minutes: each at least every minute at a thousandfold, none all the time', () => {
    const [usual, fast, faster] = [undefined, 1000, 4000].map((speed) => {
      registry = new Registry();
      return tasks(speed);
    });
    const [second, hour, day, month] = [1000, 3_600_000, 86_400_000, 2_592_000_000];
    expect([second, hour, day, month].map((ms) => usual!.paced(ms!))).toEqual([second, hour, day, month]);
    expect([second, hour, day, month].map((ms) => fast!.paced(ms!))).toEqual([100, 3600, 60_000, 60_000]);
    expect([10, second, hour, month].map((ms) => faster!.paced(ms!))).toEqual([10, 100, 900, 15_000]);
  });

  it('is told to end when it is stopped, and waited for', async () => {
    let ended = false;
    const began = Promise.withResolvers<void>();
    const task = tasks().start(Sweep, {
      everyMs: 1,
      async run(signal) {
        began.resolve();
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        await new Promise(setImmediate);
        ended = true;
      },
    });
    await began.promise;
    await task.stop();
    expect(ended).toBe(true);
  });

  it('may be a loop of its own that says when it ran; of several with one name the latest counts', async () => {
    const all = tasks();
    const [one, two] = [all.watch(Poll), all.watch(Poll)];
    await until(
      async () => {
        one.done();
        return (await lateSeconds('poll')) > 0.03;
      },
      { what: 'the idle one to be seen' },
    );
    two.end();
    one.done();
    expect(await lateSeconds('poll')).toBeLessThan(0.03);
  });

  it('may be run elsewhere, and is told of in the same way', async () => {
    const all = tasks();
    all.report(() =>
      Promise.resolve([
        { task: 'prune', everyMs: 60_000, succeededAt: 1_800_000_000_000, lateMs: 5000, timeoutMs: 90_000 },
      ]),
    );
    all.count('prune', 'timed_out');
    expect(await lateSeconds('prune')).toBe(5);
    expect(await values('periodic_task_last_success_timestamp_seconds')).toEqual({ prune: 1_800_000_000 });
    expect(await values('periodic_task_runs_total')).toEqual({ 'prune timed_out': 1 });
  });
});
