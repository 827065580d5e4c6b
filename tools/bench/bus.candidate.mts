import { type ChildProcess, fork } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { busMigrations } from '@switchboard/bus';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { cpuMs, rssMb, serverCpuMs } from '../local/figures.mts';
import { ended, until } from '../local/processes.mts';
import { root } from '../local/workspace.mts';
import type { Order, Report, Settings } from './service/part.mts';

export interface BenchServers {
  postgres: { url: string; pid: number };
  rabbitmq: { url: string; pid: number };
  folder: string;
  /** Where CPU profiles of the processes go. */
  profile?: string | undefined;
}

export type Who = 'sender' | 'receivers' | 'postgres' | 'rabbitmq';

export interface Setup {
  name: string;
  candidate: Settings['candidate'];
  handler: Settings['handler'];
  shards?: number;
  /** Whether the text of the events is personal, and so encrypted on its way. */
  personal?: boolean;
  /** How many processes receive; 0: one process does everything. */
  receivers: number;
}

/** One pass over a backlog. */
export interface Drain {
  perSecond: number;
  /** Processor time per event in microseconds, by who used it. */
  cpuUs: Record<Who, number>;
  /** Resident memory in MB. */
  rssMb: { sender: number; receivers: number };
}

export interface Latency {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

const entry = join(root, 'tools/bench/dist/service/process.js');
const preload = join(root, 'tools/local/leave-with-parent.cjs');
const REST_MS = 2000;
/** A candidate that applies nothing for so long has failed. */
const STALLED_AFTER_MS = 60_000;

/** What is compared: processes and a database of their own. */
export class Candidate {
  readonly setup: Setup;
  private readonly servers: BenchServers;
  private readonly database: string;
  private readonly processes: BenchProcess[] = [];
  private readonly client: Client;
  private handledBefore = 0;

  private constructor(setup: Setup, servers: BenchServers) {
    this.setup = setup;
    this.servers = servers;
    this.database = `bench_${setup.name}`.replaceAll('-', '_');
    this.client = new Client({ connectionString: this.databaseUrl });
  }

  static async start(setup: Setup, servers: BenchServers): Promise<Candidate> {
    const candidate = new Candidate(setup, servers);
    try {
      await candidate.prepare();
      return candidate;
    } catch (error) {
      await candidate.stop();
      throw error;
    }
  }

  private get databaseUrl(): string {
    const url = new URL(this.servers.postgres.url);
    url.pathname = this.database;
    return url.href;
  }

  private get sender(): BenchProcess {
    return this.processes[0]!;
  }

  private async prepare(): Promise<void> {
    const admin = new Client({ connectionString: this.servers.postgres.url });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${this.database}`);
    await admin.end();
    await this.client.connect();
    await this.client.query(`
      CREATE SCHEMA shop; CREATE TABLE shop.orders (event_id uuid NOT NULL);
      CREATE SCHEMA warehouse; CREATE TABLE warehouse.applied (event_id uuid NOT NULL, n int NOT NULL)`);
    if (this.setup.candidate === 'ours') for (const schema of ['shop', 'warehouse']) await this.migrate(schema);
    const { receivers } = this.setup;
    const roles = receivers === 0 ? (['both'] as const) : (['sender', ...Array(receivers).fill('receiver')] as const);
    const { name, candidate, handler, shards = 0, personal = false } = this.setup;
    for (const [index, role] of roles.entries()) {
      const settings: Settings = {
        candidate,
        name,
        role: role as Settings['role'],
        handler,
        shards,
        personal,
        databaseUrl: this.databaseUrl,
        amqpUrl: this.servers.rabbitmq.url,
      };
      this.processes.push(new BenchProcess(settings, `${name}-${index}`, this.servers));
    }
    await Promise.all(this.processes.map((process) => process.ready()));
  }

  private async migrate(schema: string): Promise<void> {
    const db = new DataSource({
      type: 'postgres',
      url: this.databaseUrl,
      schema,
      migrations: [...busMigrations],
      extra: { options: `-c search_path=${schema}` },
    });
    await db.initialize();
    await db.runMigrations();
    await db.destroy();
  }

  /** Commits a backlog while nothing is carried, and measures how fast it is carried and applied. */
  async drain(events: number): Promise<Drain> {
    await this.clear();
    await this.fill(events);
    await this.cleanUp();
    const cpuBefore = this.cpu();
    const began = performance.now();
    const carrying = this.sender.ask({ kind: 'carry', events });
    await this.arrival(events);
    const seconds = (performance.now() - began) / 1000;
    const cpuAfter = this.cpu();
    await carrying;
    await this.halt();
    const used = Object.entries(cpuAfter).map(([who, ms]) => [who, (1000 * (ms - cpuBefore[who as Who])) / events]);
    return { perSecond: events / seconds, cpuUs: Object.fromEntries(used) as Drain['cpuUs'], rssMb: this.memory() };
  }

  /** Forgets what was measured before. */
  async clear(): Promise<void> {
    await this.client.query('TRUNCATE shop.orders, warehouse.applied');
    this.handledBefore = this.handled();
  }

  async fill(events: number): Promise<void> {
    await this.sender.ask({ kind: 'fill', events });
  }

  async carry(): Promise<void> {
    await this.sender.ask({ kind: 'carry', events: 0 });
  }

  async halt(): Promise<void> {
    await this.sender.ask({ kind: 'halt' });
  }

  /** Commits events one by one; returns how many. */
  async write(order: { seconds: number; perSecond?: number }): Promise<number> {
    return (await this.sender.ask({ kind: 'write', ...order }))!;
  }

  /** Everybody begins with tables that are clean and a log that is written. */
  async cleanUp(): Promise<void> {
    await this.client.query('VACUUM ANALYZE');
    await this.client.query('CHECKPOINT');
    await sleep(REST_MS); // the disk goes on with what the one before has left
  }

  /** Commits as fast as can be while events are carried; events applied per second until none is left. */
  async sustain(seconds: number): Promise<number> {
    await this.clear();
    await this.cleanUp();
    await this.carry();
    const began = performance.now();
    const events = await this.write({ seconds });
    await this.arrival(events);
    const perSecond = (events * 1000) / (performance.now() - began);
    await this.halt();
    return perSecond;
  }

  /**
   * From the commit of the order to the commit of what it led to, by the database's own clock (`track_commit_timestamp`).
   * It takes the time just before it writes a commit to the disk, so the first flush is part of the figure and the second is not.
   */
  async latency(perSecond: number, seconds: number): Promise<Latency> {
    await this.clear();
    await this.cleanUp();
    await this.carry();
    const events = await this.write({ perSecond, seconds });
    await this.arrival(events);
    await this.halt();
    const { rows } = await this.client.query<Latency>(`
      SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS "p50Ms",
        percentile_cont(0.99) WITHIN GROUP (ORDER BY ms) AS "p99Ms", max(ms) AS "maxMs"
      FROM (SELECT 1000 * extract(epoch FROM pg_xact_commit_timestamp(a.xmin) - pg_xact_commit_timestamp(o.xmin))::float8 AS ms
        FROM shop.orders o JOIN warehouse.applied a USING (event_id)) measured`);
    return rows[0]!;
  }

  /** Transactions in its database so far, our own looks included. */
  async transactions(): Promise<number> {
    const { rows } = await this.client.query<{ n: string }>(
      'SELECT xact_commit + xact_rollback AS n FROM pg_stat_database WHERE datname = current_database()',
    );
    return Number(rows[0]!.n);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
    await this.client.end().catch(() => undefined);
  }

  /** Events handled since the processes began. */
  private handled(): number {
    return this.processes.reduce((sum, process) => sum + process.applied, 0);
  }

  /** Waits until so many events have had their effect since `clear`, and no more than that. */
  async arrival(events: number): Promise<void> {
    const { name, candidate } = this.setup;
    let seen = 0;
    let movedAt = performance.now();
    while (seen < events) {
      await sleep(2);
      if (this.processes.some((process) => !process.running))
        throw new Error(`A process of ${name} has ended: see its log in ${this.servers.folder}`);
      const now = this.handled() - this.handledBefore;
      if (now !== seen) movedAt = performance.now();
      else if (performance.now() - movedAt > STALLED_AFTER_MS)
        throw new Error(`${name} has handled ${seen} of ${events} events and does nothing more`);
      seen = now;
    }
    if (candidate === 'raw') return;
    // A handler is called before its transaction commits.
    let effects = 0;
    const all = async () => {
      const { rows } = await this.client.query<{ n: string }>('SELECT count(*) AS n FROM warehouse.applied');
      return (effects = Number(rows[0]!.n)) >= events;
    };
    await until(all, STALLED_AFTER_MS, 2);
    if (effects !== events) throw new Error(`${name}: ${events} events had ${effects} effects`);
  }

  /** Processor time used so far, in ms. */
  cpu(): Record<Who, number> {
    const [sender, ...receivers] = this.processes.map(({ pid }) => cpuMs(pid));
    const { postgres, rabbitmq } = this.servers;
    return {
      sender: sender!,
      receivers: receivers.reduce((sum, ms) => sum + ms, 0),
      postgres: serverCpuMs(postgres.pid),
      rabbitmq: cpuMs(rabbitmq.pid),
    };
  }

  memory(): Drain['rssMb'] {
    const [sender, ...receivers] = this.processes.map(({ pid }) => rssMb(pid) ?? 0);
    return { sender: sender!, receivers: Math.max(0, ...receivers) };
  }
}

/** A process that obeys orders; see service/part.mts. */
class BenchProcess {
  /** Events it has handled since it began. */
  applied = 0;
  private readonly child: ChildProcess;
  private readonly profiled: boolean;
  private hear: ((report: Report) => void)[] = [];

  constructor(settings: Settings, name: string, { folder, profile }: BenchServers) {
    const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`] : [];
    this.profiled = profile !== undefined;
    this.child = fork(entry, [], {
      execArgv: [...profiling, '--enable-source-maps', '--require', preload],
      env: { PATH: process.env.PATH, NODE_ENV: 'production', BENCH_PROCESS: JSON.stringify(settings) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true, // Ctrl-C is for the benchmark
    });
    const log = createWriteStream(join(folder, `${name}.log`), { flags: 'a' });
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.pipe(log, { end: false });
    this.child.on('message', (message) => {
      const report = message as Report;
      if (report.kind === 'applied') this.applied = report.count;
      else this.hear.shift()?.(report);
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  ready(): Promise<number | undefined> {
    return this.answer();
  }

  /** Resolves when the order was carried out, with how many events were committed where it says so. */
  ask(order: Order): Promise<number | undefined> {
    const answer = this.answer();
    this.child.send(order);
    return answer;
  }

  async stop(): Promise<void> {
    // A profile is written at the exit.
    if (this.profiled && this.running) this.child.disconnect();
    else this.child.kill('SIGKILL');
    await ended(this.child);
  }

  private answer(): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const gone = () => reject(new Error(`a process of the benchmark has ended: see the logs`));
      this.child.once('close', gone);
      this.hear.push((report) => {
        this.child.off('close', gone);
        resolve(report.kind === 'done' ? report.events : undefined);
      });
    });
  }
}
