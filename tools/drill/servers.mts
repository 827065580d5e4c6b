import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Postgres, startPostgres } from '../local/postgres.mts';
import { isRunning, stopProcess } from '../local/processes.mts';
import { type RabbitMq, startRabbitMq } from '../local/rabbitmq.mts';
import { SmallDisk } from './small-disk.mts';

export type ServerName = 'postgres' | 'rabbitmq';

/** RabbitMQ 3.10 loses the leader of a quorum queue that is killed in its first second. */
const QUEUES_SETTLE_MS = 2500;

/** Database and broker of one drill: its own ones, which may be killed, or given ones, which are left alone. */
export class Servers {
  /** The disk of the database, where we may make one. */
  disk: SmallDisk | undefined;
  private postgres: Postgres | undefined;
  private rabbitmq: RabbitMq | undefined;
  private urls: Record<ServerName, string>;
  private readonly folder: string | undefined;
  /** Settles when the disk of the database has room. */
  private room: Promise<void> = Promise.resolve();
  /** One change at a time per server: two faults may meet. */
  private readonly turns: Record<ServerName, Promise<unknown>> = {
    postgres: Promise.resolve(),
    rabbitmq: Promise.resolve(),
  };

  private constructor(folder: string | undefined, urls: Record<ServerName, string>) {
    this.folder = folder;
    this.urls = urls;
  }

  static given(databaseUrl: string, amqpUrl: string): Servers {
    return new Servers(undefined, { postgres: databaseUrl, rabbitmq: amqpUrl });
  }

  static async start(folder: string, withSmallDisk: boolean): Promise<Servers> {
    const servers = new Servers(folder, { postgres: '', rabbitmq: '' });
    if (withSmallDisk) servers.disk = await SmallDisk.mount(join(folder, 'postgres'));
    try {
      await Promise.all([servers.up('postgres'), servers.up('rabbitmq')]);
      return servers;
    } catch (error) {
      await servers.stop();
      throw error;
    }
  }

  /** Whether they are this drill's own to kill. */
  get own(): boolean {
    return this.folder !== undefined;
  }

  url(name: ServerName): URL {
    return new URL(this.urls[name]);
  }

  port(name: ServerName): number {
    return Number(this.url(name).port);
  }

  /** Starts it unless it runs. */
  up(name: ServerName): Promise<void> {
    return this.inTurn(name, async () => {
      const current = this[name];
      if (current && isRunning(current.pid)) return;
      if (name === 'postgres') await this.room;
      await current?.stop(); // it ended by itself: gives its folder back
      const dataDir = join(this.folder!, name);
      const started =
        name === 'postgres'
          ? (this.postgres = await startPostgres({ dataDir, durable: true }))
          : (this.rabbitmq = await startRabbitMq({ dataDir }));
      this.urls[name] = started.url;
    });
  }

  /** kill -9 of the server, its children left to find out by themselves. */
  kill(name: ServerName): Promise<void> {
    return this.inTurn(name, async () => {
      const server = this[name];
      if (!server) return;
      if (name === 'rabbitmq') await this.rabbitmq!.kill('SIGKILL');
      else {
        await stopProcess(server.pid, [['SIGKILL', 5_000]]);
        await server.stop();
      }
      this[name] = undefined;
    });
  }

  shutDown(name: ServerName): Promise<void> {
    return this.inTurn(name, async () => {
      await this[name]?.stop();
      this[name] = undefined;
    });
  }

  /** Stops every process of the server with SIGSTOP, for a time. */
  freeze(name: ServerName, ms: number): Promise<void> {
    return this.inTurn(name, async () => {
      const pid = this[name]?.pid;
      if (!pid) return;
      const frozen = [pid, ...childrenOf(pid)];
      for (const each of frozen) signal(each, 'SIGSTOP');
      await sleep(ms);
      for (const each of frozen) signal(each, 'SIGCONT');
    });
  }

  /** The disk of the database has not one free page for a time. A start of it waits until then, because it would write. */
  fillDisk(ms: number): Promise<void> {
    const full = async () => {
      await this.disk!.fill();
      await sleep(ms);
      await this.disk!.empty();
    };
    return (this.room = full());
  }

  /** Lets the queues that were just declared become able to survive a kill. */
  async settle(): Promise<void> {
    if (this.own) await sleep(QUEUES_SETTLE_MS);
  }

  /** @param keep a folder to be read later; what lies on the small disk is copied into it */
  async stop({ keep = false } = {}): Promise<void> {
    await Promise.all([this.kill('rabbitmq'), this.shutDown('postgres')]);
    await this.disk?.unmount({ keep });
  }

  private inTurn(name: ServerName, work: () => Promise<void>): Promise<void> {
    const turn = this.turns[name].then(work);
    this.turns[name] = turn.catch(() => undefined);
    return turn;
  }
}

/** Linux only; elsewhere only the server's first process freezes. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // A backend may have ended between the look and the signal.
  }
}
