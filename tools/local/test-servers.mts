import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { lockHolder, takeLock } from '../process-lock.mjs';
import { findChromium } from './chromium.mts';
import { findProgram, PROMETHEUS, REDIS } from './debian-program.mts';
import { startPostgres, stopOrphanedPostgres } from './postgres.mts';
import { removeRabbitMq, startRabbitMq, stopOrphanedRabbitMq } from './rabbitmq.mts';
import { findRabbitMq } from './rabbitmq-server.mts';
import { startRedis } from './redis.mts';
import { stateDir } from './workspace.mts';

const testsDir = join(stateDir, 'test');

/** Further variables of the servers, for example another clock. */
export interface ServerEnvironment {
  database?: Record<string, string>;
  broker?: Record<string, string>;
}

/** What the specs need besides themselves, in a folder of this run that goes with it. */
export class TestServers {
  /** One sentence for each thing that is not to be had here. */
  readonly missing: string[] = [];
  private readonly folder = join(testsDir, String(process.pid));
  private readonly stops: (() => void | Promise<void>)[] = [];
  private starting: Promise<unknown> | undefined;
  private stopping: Promise<void> | undefined;

  private readonly environment: ServerEnvironment;

  constructor(environment: ServerEnvironment = {}) {
    this.environment = environment;
  }

  /**
   * @returns environment of the specs: TEST_DATABASE_URL; AMQP_URL or AMQP_MISSING; CHROMIUM_PATH or CHROMIUM_MISSING;
   * PROMETHEUS_PATH or PROMETHEUS_MISSING; TEST_REDIS_URL or REDIS_MISSING, where the MISSING ones hold the sentence that says what to install
   */
  async start(): Promise<Record<string, string>> {
    await this.takeFolder();
    const parts = Promise.allSettled([this.database(), this.broker(), this.browser(), this.prometheus(), this.redis()]);
    this.starting = parts;
    const environment: Record<string, string> = {};
    for (const part of await parts) {
      if (part.status === 'rejected') throw part.reason;
      Object.assign(environment, part.value);
    }
    return environment;
  }

  /** Stops all that was started or is just starting; a second call waits for the first. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async stopAll() {
    await this.starting;
    await Promise.all(this.stops.map((stop) => stop()));
    removeRabbitMq(join(this.folder, 'rabbitmq'));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async takeFolder() {
    const release = await takeLock(join(testsDir, 'lock'));
    try {
      await sweep();
      this.stops.push(await takeLock(join(this.folder, 'lock')));
    } finally {
      release();
    }
  }

  private async database() {
    if (process.env.TEST_DATABASE_URL) return { TEST_DATABASE_URL: process.env.TEST_DATABASE_URL };
    const server = await startPostgres({
      dataDir: join(this.folder, 'postgres'),
      durable: false,
      env: this.environment.database,
    });
    this.stops.push(() => server.stop());
    return { TEST_DATABASE_URL: server.url };
  }

  private async broker() {
    const found = await findRabbitMq();
    if ('url' in found) return { AMQP_URL: found.url };
    if ('missing' in found) return this.lacks('AMQP_MISSING', found.missing);
    try {
      const broker = await startRabbitMq({
        dataDir: join(this.folder, 'rabbitmq'),
        server: found.server,
        env: this.environment.broker,
      });
      // A clean stop takes seconds and saves what is about to be deleted.
      this.stops.push(() => broker.kill('SIGKILL'));
      return { AMQP_URL: broker.url };
    } catch (error) {
      // Most specs need none, and those that do say why they cannot run.
      return this.lacks('AMQP_MISSING', (error as Error).message);
    }
  }

  private async browser() {
    const found = await findChromium();
    return 'path' in found ? { CHROMIUM_PATH: found.path } : this.lacks('CHROMIUM_MISSING', found.missing);
  }

  private async prometheus() {
    const found = await findProgram(PROMETHEUS);
    return 'path' in found ? { PROMETHEUS_PATH: found.path } : this.lacks('PROMETHEUS_MISSING', found.missing);
  }

  private async redis() {
    if (process.env.TEST_REDIS_URL) return { TEST_REDIS_URL: process.env.TEST_REDIS_URL };
    const found = await findProgram(REDIS);
    if ('missing' in found) return this.lacks('REDIS_MISSING', found.missing);
    const redis = await startRedis(found.path, join(this.folder, 'redis'));
    this.stops.push(() => redis.stop());
    return { TEST_REDIS_URL: redis.url };
  }

  private lacks(variable: string, sentence: string) {
    this.missing.push(sentence);
    return { [variable]: sentence };
  }
}

/** Removes what a run left that was killed before it could: its servers still run. */
async function sweep() {
  for (const name of readdirSync(testsDir).filter((entry) => entry !== 'lock')) {
    const folder = join(testsDir, name);
    if (lockHolder(join(folder, 'lock'))) continue;
    await stopOrphanedPostgres(join(folder, 'postgres'));
    await stopOrphanedRabbitMq(join(folder, 'rabbitmq'));
    removeRabbitMq(join(folder, 'rabbitmq'));
    rmSync(folder, { recursive: true, force: true });
  }
}
