import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../local/figures.mts';
import { type DrillFolder, takeDrillFolder, VIOLATIONS } from './drill-folder.mts';
import { deal, type Fault, type FaultKind, LONG_RUN } from './faults.mts';
import { Fleet } from './fleet.mts';
import { Ledger, type Verdict } from './ledger.mts';
import { Random } from './service/random.mts';
import type { Settings } from './service/settings.mts';
import { Servers } from './servers.mts';

export interface DrillOptions {
  rounds: number;
  events: number;
  seed: number;
  /** Names of FAULTS; undefined for all, empty for none. */
  faults: string[] | undefined;
  brokenBuild: Settings['brokenBuild'];
  /** How long nothing may move after the last fault of a round, before what has not arrived counts as lost. */
  patienceSeconds: number;
  /** Running servers to use, which are then not attacked. */
  given: { databaseUrl: string; amqpUrl: string } | undefined;
}

export interface DrillReport extends Omit<Verdict, 'evidence'> {
  rounds: number;
  events: number;
  replayed: number;
  duplicatesAbsorbed: number;
  /** Processes that ended though nobody had killed them. */
  crashed: number;
  recoverySecondsP50: number | null;
  recoverySecondsMax: number | null;
  seed: number;
}

/** Faults of a round begin at random moments of this span. */
const BEGIN_WITHIN_MS = 1500;
const LOOK_EVERY_MS = 100;

/** One drill: servers, processes, rounds of faults, and the comparison after each. */
export class BusDrill {
  private readonly options: DrillOptions;
  private readonly random: Random;
  private readonly run = `drill-${process.pid}-${Date.now().toString(36)}`;
  private readonly recoveries: number[] = [];
  private servers!: Servers;
  private ledger: Ledger | undefined;
  private fleet: Fleet | undefined;
  private folder: DrillFolder | undefined;
  private replayed = 0;
  private crashed = 0;
  private keep = false;

  constructor(options: DrillOptions) {
    this.options = options;
    this.random = new Random(options.seed);
  }

  /** Runs all rounds, or up to the first violation. Call `stop` afterwards in any case. */
  async play(): Promise<DrillReport> {
    const { rounds, events, seed, faults, given, brokenBuild } = this.options;
    const { path } = (this.folder = await takeDrillFolder());
    this.servers = given
      ? Servers.given(given.databaseUrl, given.amqpUrl)
      : await Servers.start(path, rounds >= LONG_RUN || faults?.includes('disk-full') === true);
    if (faults?.includes('disk-full') && !this.servers.disk)
      throw new Error('disk-full needs a small disk for the database, which only root on Linux may mount');
    if (rounds >= LONG_RUN && !this.servers.disk)
      console.log(
        'SKIPPED: the disk of the database cannot be filled, because only root on Linux may mount a small one.',
      );
    const ledger = (this.ledger = await Ledger.open(this.servers, this.run));
    const fleet = (this.fleet = await Fleet.muster(this.servers, {
      run: this.run,
      seed,
      database: ledger.database,
      brokenBuild,
      // The faults of a round take about five seconds, in which its share is to be written by 8 lanes, 6 events at a time.
      pauseMs: Math.round(Math.min(1000, (8 * 6 * 5000) / (events / rounds))),
      logs: join(path, 'logs'),
      crashed: (line) => {
        this.crashed++;
        console.log(`         ${line}`);
      },
    }));
    fleet.restore();
    await fleet.ready();
    await this.servers.settle();

    const dealt = deal({ rounds, random: this.random, servers: this.servers, only: faults });
    let verdict: Verdict | undefined;
    let played = 0;
    for (const kinds of dealt) {
      played++;
      // The dead letters of the round before are replayed while the next faults strike.
      this.replayed += await ledger.replayDeadLetters();
      verdict = await this.round(played, kinds, Math.ceil((events * played) / rounds));
      if (this.violated(verdict)) break;
    }
    if (verdict && !this.violated(verdict)) {
      this.replayed += await ledger.replayDeadLetters();
      verdict = await this.settled();
      this.violated(verdict);
    }
    const { evidence: _, ...counts } = verdict!;
    return {
      rounds: played,
      events: (await ledger.written()).count,
      ...counts,
      replayed: this.replayed,
      duplicatesAbsorbed: fleet.duplicates,
      crashed: this.crashed,
      recoverySecondsP50: percentile(this.recoveries, 0.5),
      recoverySecondsMax: percentile(this.recoveries, 1),
      seed,
    };
  }

  async stop(): Promise<void> {
    await this.fleet?.dismiss();
    if (this.servers?.own) await this.servers.stop({ keep: this.keep });
    else if (!this.keep) await this.ledger?.drop();
    this.folder?.release({ keep: this.keep });
  }

  private async round(number: number, kinds: FaultKind[], target: number): Promise<Verdict> {
    const { servers, random } = this;
    const fleet = this.fleet!;
    const ledger = this.ledger!;
    const before = (await ledger.written()).count;
    for (const writer of fleet.of('writer')) writer.write();
    const faults = kinds.map((kind) => kind({ fleet, servers, random, ledger }));
    await Promise.all(faults.map((fault) => this.strikeSomeTime(fault)));

    if (servers.own) await Promise.all([servers.up('postgres'), servers.up('rabbitmq')]);
    fleet.restore();
    const mended = Date.now();
    const { last } = await ledger.written();
    await fleet.ready();
    const share = async () => Math.max(0, target - (await ledger.written()).count);
    // Those that were killed have forgotten that they were writing.
    const writers = fleet.of('writer');
    if ((await share()) > 0) for (const writer of writers) writer.write();
    else await Promise.all(writers.map((writer) => writer.rest()));
    const recovered = await this.reachesZero(() => ledger.owed(last));
    const recovery = (Date.now() - mended) / 1000;
    if (recovered) this.recoveries.push(recovery);
    await this.reachesZero(share);
    const verdict = await this.settled();
    const count = (await ledger.written()).count - before;
    const words = faults.map((fault) => fault.words).join(', ') || 'calm';
    const end = recovered ? `recovered in ${recovery.toFixed(1)} s` : 'not recovered';
    console.log(`round ${String(number).padStart(3)}: ${words} · ${count} events · ${end}`);
    return verdict;
  }

  private async strikeSomeTime(fault: Fault): Promise<void> {
    await sleep(this.random.int(0, BEGIN_WITHIN_MS));
    await fault.strike();
  }

  /** Lets the writers rest, waits until nothing is on its way, and compares. */
  private async settled(): Promise<Verdict> {
    const ledger = this.ledger!;
    await Promise.all(this.fleet!.of('writer').map((writer) => writer.rest()));
    const { last } = await ledger.written();
    await this.reachesZero(async () => (await ledger.owed(last)) + (await ledger.moving()));
    return ledger.check();
  }

  /** Waits while the number moves; false when it stands still above zero for longer than our patience. */
  private async reachesZero(count: () => Promise<number>): Promise<boolean> {
    let before: number | undefined;
    let movedAt = Date.now();
    for (;;) {
      const now = await count();
      if (now === 0) return true;
      if (now !== before) movedAt = Date.now();
      if (Date.now() - movedAt > this.options.patienceSeconds * 1000) return false;
      before = now;
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Keeps what can explain a violation. */
  private violated({ evidence }: Verdict): boolean {
    if (Object.keys(evidence).length === 0) return false;
    if (!this.keep) {
      this.keep = true;
      const text = JSON.stringify(evidence, null, 2);
      writeFileSync(join(this.folder!.path, VIOLATIONS), text);
      console.log(`VIOLATED, the first events of each kind (all is kept in ${this.folder!.path}):\n${text}`);
    }
    return true;
  }
}
