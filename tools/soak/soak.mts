import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../local/processes.mts';
import { connectSandbox } from '../local/sandbox-client.mts';
import { root } from '../local/workspace.mts';
import { definedServices } from '../services.mts';
import { type Failures, Fleet, type Runs } from './fleet.mts';
import { People, type Verdict } from './people.mts';
import { Traffic } from './traffic.mts';

export interface SoakOptions {
  folder: string;
  minutes: number;
}

export interface SoakReport extends Verdict {
  ok: boolean;
  periodic: Runs;
  rssGrowthMb: number;
  connectionsGrowth: number;
  waitingJobs: number;
  /** Lines of level error in the services' logs. A kill costs warnings, and never an error. */
  errorLines: number;
  failures: Failures;
  repeatedUpdates: number;
  /** Calls of staff and their programs that were answered. */
  traffic: Record<string, number>;
}

/** Everything periodic at a thousandth; in a shorter run faster still, or what is daily would not be done twice. */
const SPEED = 1000;
const LONG_ENOUGH_MINUTES = 3;
const TIMES = 2;
const SAMPLE_EVERY_MS = 1500;
/** Parts of the time in which people talk. */
const MIDNIGHT = 0.4;
const KILLS: readonly (readonly [number, string])[] = [
  [0.25, 'bot-adapter'],
  [0.35, 'gateway'],
  [0.5, 'chat-ai'],
  [0.6, 'analytics'],
  [0.7, 'tts-worker'],
];
/** First guess of how long the services take to start; midnight must come after that. */
const START_TAKES_MS = 12_000;
/** More sessions that both pools of a kind may have by chance; one that leaks is at its limit soon. Sessions of locks have one each. */
const POOL_SLACK = 4;
/** A poller that is killed leaves one batch of getUpdates unconfirmed. One that confirms nothing is brought the same again and again. */
const MOST_REPEATED_UPDATES = 100;
const SETTLES_WITHIN_MS = 120_000;
/** Of one process: its heap is not collected at the moment at which we look. A leak that matters in days shows in much less. */
const MOST_GROWTH_MB = 80;

/** People talk for minutes in which days pass: everything periodic runs, processes are killed, and `Clock` passes midnight. */
export class Soak {
  private readonly options: SoakOptions;
  private readonly complaints: string[] = [];
  private fleet: Fleet | undefined;
  private midnightAt = 0;
  /** The most that there were of each kind before half of the time was over. */
  private readonly connectionsBefore = new Map<string, number>();
  /** The least that was seen when nobody talked any more: a pool takes one more now and then, a leak does not go away. */
  private connectionsGrown: Record<string, number> | undefined;
  /** The least, likewise: one that is due is taken in a moment. */
  private waitingJobs = Infinity;
  private late: string[] = [];
  private runs: Runs = {};

  constructor(options: SoakOptions) {
    this.options = options;
  }

  async play(): Promise<SoakReport> {
    const { folder, minutes } = this.options;
    const speed = Math.max(SPEED, (SPEED * LONG_ENOUGH_MINUTES) / minutes);
    for (const line of askedOfPostgres()) console.log(line);
    const fleet = (this.fleet = await Fleet.prepare({ folder, speed }));
    await this.startBeforeMidnight(fleet);
    const people = await People.arrive(await connectSandbox(fleet.sandboxUrl));
    // Now, while each poller knows the ids of before: one that begins after a kill could not be confused by lower ones.
    if (!(await people.beSilentForAWeek())) this.complaints.push('updates were not taken for ten seconds');
    const traffic = await Traffic.begin(fleet);
    const { memoryBefore } = await this.talk(fleet, people);
    await traffic.end();
    await this.settle(fleet, traffic);
    traffic.stop();
    this.complaints.push(...(await traffic.complaints()));
    const report = {
      periodic: await this.periodic(fleet),
      ...(await people.verdict()),
      rssGrowthMb: this.growth(fleet, memoryBefore),
      connectionsGrowth: sum(this.connectionsGrown ?? {}),
      waitingJobs: this.waitingJobs,
      errorLines: sum(Object.fromEntries(fleet.errors)),
      failures: await fleet.failures(),
      repeatedUpdates: await fleet.repeatedUpdates(),
      traffic: traffic.answered,
    };
    this.judge(report);
    for (const task of this.late) this.complaints.push(`${task} is not done any more`);
    for (const [name, more] of Object.entries(this.connectionsGrown ?? {}))
      this.complaints.push(`${more} more sessions than at first: ${name}`);
    for (const [line, times] of fleet.errors) this.complaints.push(`logged as an error: ${line} (${times} times)`);
    this.complaints.push(...people.complaints, ...(await fleet.jobs()).givenUp.map((job) => `given up: ${job}`));
    for (const complaint of this.complaints) console.log(`✗ ${complaint}`);
    return { ok: this.complaints.length === 0, ...report };
  }

  async stop(): Promise<void> {
    await this.fleet?.stop();
  }

  /** Starts the services so that their midnight comes while people talk, also on a machine that is slower than was thought. */
  private async startBeforeMidnight(fleet: Fleet): Promise<void> {
    const talkMs = this.options.minutes * 60_000;
    for (let takesMs = START_TAKES_MS; ; takesMs *= 2) {
      this.midnightAt = Date.now() + takesMs + MIDNIGHT * talkMs;
      const began = Date.now();
      await fleet.startServices(Math.round((nextMidnight(this.midnightAt) - this.midnightAt) / 1000));
      console.log(`${fleet.replicas.length} processes started in ${seconds(Date.now() - began)}`);
      if (Date.now() < this.midnightAt - talkMs * 0.1) return;
      console.log('that took too long: midnight would have passed already; once more');
      await fleet.stopServices();
    }
  }

  private async talk(fleet: Fleet, people: People): Promise<{ memoryBefore: Map<number, number> }> {
    const began = Date.now();
    const part = () => (Date.now() - began) / (this.options.minutes * 60_000);
    const kills = [...KILLS];
    // A slow machine may not have come to midnight and back to rest, nor have killed all.
    const isOver = () => part() >= 1 && Date.now() > this.midnightAt + 5000 && kills.length === 0;
    let memoryBefore = new Map<number, number>();
    const talking = people.talk(isOver);
    const watching = (async () => {
      let midnightTold = false;
      while (!isOver()) {
        this.runs = await fleet.runs();
        if (part() < 0.5)
          for (const [name, count] of Object.entries(await fleet.connections()))
            this.connectionsBefore.set(name, Math.max(count, this.connectionsBefore.get(name) ?? 0));
        if (memoryBefore.size === 0 && part() > 0.2) memoryBefore = fleet.memory();
        if (!midnightTold && Date.now() > this.midnightAt) {
          midnightTold = true;
          console.log(`after ${seconds(Date.now() - began)}: midnight by the services' clock`);
        }
        const [next] = kills;
        if (next && part() > next[0]) {
          kills.shift();
          await this.kill(fleet, next[1], began);
        }
        await pause(SAMPLE_EVERY_MS);
      }
    })();
    await Promise.all([talking, watching]);
    console.log(`after ${seconds(Date.now() - began)}: ${people.questions} questions`);
    return { memoryBefore };
  }

  /**
   * kill -9 of the process that leads. Not while a message is on its way to Telegram, which has no idempotency key: there an answer may
   * come twice (docs/reliability.md), and how often is measured elsewhere.
   */
  private async kill(fleet: Fleet, service: string, began: number): Promise<void> {
    const replica = await fleet.leaderOf(service);
    if (!(await until(async () => (await fleet.sending()) === 0, 10_000, 5)))
      this.complaints.push('messages were on their way to Telegram for ten seconds');
    console.log(`after ${seconds(Date.now() - began)}: kill -9 of ${service} ${replica.url}`);
    await fleet.killAndRestart(replica);
  }

  /** Waits until nothing is left to do, and until what is done seldom has been done often enough. */
  private async settle(fleet: Fleet, traffic: Traffic): Promise<void> {
    const listed = await listedTasks();
    const settled = async () => {
      this.runs = await fleet.runs();
      this.waitingJobs = Math.min(this.waitingJobs, (await fleet.jobs()).waiting);
      this.late = await fleet.late();
      const grown = await this.grownConnections(fleet);
      if (!this.connectionsGrown || sum(grown) < sum(this.connectionsGrown)) this.connectionsGrown = grown;
      const isQuiet = (await traffic.unfinished()) === 0;
      const isDone = listed.every((task) => (this.runs[task] ?? 0) >= TIMES);
      return isQuiet && this.waitingJobs === 0 && this.late.length === 0 && isDone && sum(this.connectionsGrown) === 0;
    };
    const began = Date.now();
    await until(settled, SETTLES_WITHIN_MS, 500);
    console.log(`settled after ${seconds(Date.now() - began)}`);
  }

  private async periodic(fleet: Fleet): Promise<Runs> {
    this.runs = await fleet.runs();
    const listed = await listedTasks();
    const more = Object.keys(this.runs).filter((task) => !listed.includes(task));
    if (more.length > 0) this.complaints.push(`not listed by npm run schedules: ${more.join(', ')}`);
    return Object.fromEntries([...listed, ...more].sort().map((task) => [task, this.runs[task] ?? 0]));
  }

  /** Pools open and close connections as they need them; what is left in the end must not be more than what was needed at first. */
  private async grownConnections(fleet: Fleet): Promise<Record<string, number>> {
    const grown = Object.entries(await fleet.connections()).map(
      ([name, count]) =>
        [name, count - (this.connectionsBefore.get(name) ?? 0) - (isPool(name) ? POOL_SLACK : 0)] as const,
    );
    return Object.fromEntries(grown.filter(([, more]) => more > 0));
  }

  /** Of the processes that have run from the beginning to the end. */
  private growth(fleet: Fleet, before: ReadonlyMap<number, number>): number {
    const grown = [...fleet.memory()].flatMap(([pid, mb]) => (before.has(pid) ? [mb - before.get(pid)!] : []));
    const most = Math.max(0, ...grown);
    if (most > MOST_GROWTH_MB) this.complaints.push(`a process has grown by ${most} MB`);
    return grown.reduce((sum, mb) => sum + mb, 0);
  }

  private judge(report: Omit<SoakReport, 'ok'>): void {
    const seldom = Object.entries(report.periodic).filter(([, times]) => times < TIMES);
    for (const [task, times] of seldom) this.complaints.push(`${task} was done ${times} times`);
    for (const [counter, times] of Object.entries(report.failures))
      this.complaints.push(`failures: ${counter}: ${times}`);
    if (report.repeatedUpdates > MOST_REPEATED_UPDATES)
      this.complaints.push(`${report.repeatedUpdates} updates came once more`);
    for (const fact of ['unanswered', 'doubled', 'overwritten', 'waitingJobs'] as const)
      if (report[fact] > 0) this.complaints.push(`${fact}: ${report[fact]}`);
  }
}

/** All that is periodic, as `npm run schedules` lists it. */
async function listedTasks(): Promise<string[]> {
  const { periodicTasksOf, schedulesOf } = await import('@switchboard/service-kit');
  return (await definedServices()).flatMap((app) => [
    ...periodicTasksOf(app).map(({ name }) => `${app.name}/${name}`),
    ...schedulesOf(app).map(({ job }) => `${app.name}/${job.name}`),
  ]);
}

/** What takes its time from the database, which has the real one. */
function askedOfPostgres(): string[] {
  const files = globSync('{libs,apps}/*/src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.spec.ts'));
  const found = files.sort().flatMap((file) => {
    const times =
      readFileSync(join(root, file), 'utf8').match(/(?<![.\w])(?:now|clock_timestamp)\(\)(?![:.])/g)?.length ?? 0;
    return times > 0 ? [`  ${file} (${times})`] : [];
  });
  return ['The clock of Postgres is not moved; these ask for it:', ...found];
}

/** The first midnight UTC after a time. */
const nextMidnight = (time: number) => (Math.floor(time / 86_400_000) + 1) * 86_400_000;

const isPool = (name: string) => !/ (?:leases|leaders|relay \w+)$/.test(name);

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((total, count) => total + count, 0);

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
