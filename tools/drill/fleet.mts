import { type ChildProcess, fork } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ended, until } from '../local/processes.mts';
import { root } from '../local/workspace.mts';
import { Link } from './link.mts';
import type { Order, Report, Role, Settings } from './service/settings.mts';
import type { ServerName, Servers } from './servers.mts';

export interface FleetOptions {
  run: string;
  seed: number;
  database: string;
  brokenBuild: Settings['brokenBuild'];
  pauseMs: number;
  logs: string;
  /** Told of processes that end without having been asked to. */
  crashed(line: string): void;
}

const entry = join(root, 'tools/drill/dist/process.js');
const preload = join(root, 'tools/local/leave-with-parent.cjs');
const CREW: Record<Role, number> = { writer: 2, relay: 2, consumer: 2 };
const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 20_000;
const REST_WITHIN_MS = 20_000;
/** Enough of an error to know where it came from. */
const LAST_WORDS = 1000;

/** One process of the drill, with its own line to each server. It is started again as often as needed. */
export class Member {
  readonly name: string;
  readonly role: Role;
  readonly links: Record<ServerName, Link>;
  /** How often it was started. */
  starts = 0;
  private readonly options: FleetOptions;
  private readonly servers: Servers;
  private child: ChildProcess | undefined;
  private ready = false;
  private resting = true;
  private duplicatesBefore = 0;
  private duplicatesNow = 0;

  constructor(name: string, role: Role, links: Record<ServerName, Link>, servers: Servers, options: FleetOptions) {
    this.name = name;
    this.role = role;
    this.links = links;
    this.servers = servers;
    this.options = options;
  }

  get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  get isReady(): boolean {
    return this.running && this.ready;
  }

  get duplicates(): number {
    return this.duplicatesBefore + this.duplicatesNow;
  }

  start(): void {
    if (this.running) return;
    const { run, seed, database, brokenBuild, pauseMs, logs, crashed } = this.options;
    const through = (server: ServerName) => {
      const url = this.servers.url(server);
      url.port = String(this.links[server].port);
      return url;
    };
    const databaseUrl = through('postgres');
    databaseUrl.pathname = database;
    const settings: Settings = {
      name: this.name,
      role: this.role,
      run,
      databaseUrl: databaseUrl.href,
      amqpUrl: through('rabbitmq').href,
      seed: seed * 1000 + this.starts++,
      brokenBuild,
      pauseMs,
    };
    this.ready = false;
    this.resting = true;
    this.duplicatesBefore += this.duplicatesNow;
    this.duplicatesNow = 0;
    const child = fork(entry, [], {
      execArgv: ['--enable-source-maps', '--require', preload],
      env: { PATH: process.env.PATH, DRILL_PROCESS: JSON.stringify(settings) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // Ctrl-C in the terminal is for the drill, which then stops its processes in order.
      detached: true,
    });
    this.child = child;
    const log = createWriteStream(join(logs, `${this.name}.log`), { flags: 'a' });
    child.stdout!.pipe(log, { end: false });
    child.stderr!.pipe(log, { end: false });
    let lastWords = '';
    child.stderr!.on('data', (chunk: Buffer) => (lastWords = chunk.toString()));
    child.on('message', (report) => this.hear(report as Report));
    child.once('close', (code) => {
      log.end();
      if (code) crashed(`${this.name} ended by itself with code ${code}: ${lastWords.trim().slice(0, LAST_WORDS)}`);
    });
  }

  order(order: Order): void {
    if (this.running) this.child!.send(order, () => undefined); // it may be gone by now
  }

  /** Asks a writer to write; harmless when it does already. */
  write(): void {
    this.resting = false;
    this.order({ kind: 'write' });
  }

  /** Resolves when it writes nothing more; one that cannot end its transactions is killed. */
  async rest(): Promise<void> {
    this.order({ kind: 'rest' });
    if (!(await until(() => this.resting || !this.running, REST_WITHIN_MS, 10))) await this.kill();
  }

  async kill(): Promise<void> {
    if (!this.running) return;
    this.child!.kill('SIGKILL');
    await ended(this.child!);
  }

  async freeze(ms: number): Promise<void> {
    const child = this.child;
    child?.kill('SIGSTOP');
    await sleep(ms);
    child?.kill('SIGCONT');
  }

  /** As an orchestrator rolls out a new version: SIGTERM, some time, SIGKILL. */
  async shutDown(): Promise<void> {
    if (!this.running) return;
    this.child!.kill('SIGTERM');
    if (!(await until(() => !this.running, STOP_WITHIN_MS, 20))) await this.kill();
  }

  private hear(report: Report): void {
    if (report.kind === 'ready') this.ready = true;
    else if (report.kind === 'resting') this.resting = true;
    else this.duplicatesNow = report.count;
  }
}

/** All processes of the drill: two of each role, so that every one has another to take over. */
export class Fleet {
  readonly members: readonly Member[];

  private constructor(members: Member[]) {
    this.members = members;
  }

  static async muster(servers: Servers, options: FleetOptions): Promise<Fleet> {
    mkdirSync(options.logs, { recursive: true });
    const members: Member[] = [];
    for (const [role, count] of Object.entries(CREW) as [Role, number][]) {
      for (let i = 1; i <= count; i++) {
        const links = {
          postgres: await Link.to(() => servers.port('postgres')),
          rabbitmq: await Link.to(() => servers.port('rabbitmq')),
        };
        members.push(new Member(`${role}-${i}`, role, links, servers, options));
      }
    }
    return new Fleet(members);
  }

  of(role: Role): Member[] {
    return this.members.filter((member) => member.role === role);
  }

  get duplicates(): number {
    return this.members.reduce((sum, member) => sum + member.duplicates, 0);
  }

  /** Mends every link, starts whoever is dead, and puts every clock right. */
  restore(): void {
    for (const member of this.members) {
      for (const link of Object.values(member.links)) link.heal();
      member.start();
      member.order({ kind: 'clock', offsetMs: 0 });
    }
  }

  async ready(): Promise<void> {
    if (await until(() => this.members.every((member) => member.isReady), READY_WITHIN_MS, 20)) return;
    const late = this.members.filter((member) => !member.isReady).map((member) => member.name);
    throw new Error(`${late.join(', ')} did not become ready in ${READY_WITHIN_MS / 1000} s: see their logs`);
  }

  async dismiss(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await Promise.all(this.members.flatMap((member) => Object.values(member.links).map((link) => link.close())));
  }
}
