import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Postgres, startPostgres } from '../local/postgres.mts';
import { run } from '../local/processes.mts';
import { type RabbitMq, startRabbitMq } from '../local/rabbitmq.mts';
import { onShutdown } from '../local/shutdown.mts';
import { root } from '../local/workspace.mts';
import { build } from '../verbs/build.mts';
import type { Candidate, Setup } from './bus.candidate.mts';

/** Private servers of one run, and what is measured on them. */
export class Stage {
  readonly folder: string;
  readonly profile: string | undefined;
  readonly postgres: Postgres;
  rabbitmq: RabbitMq;
  private readonly candidates: Candidate[] = [];
  private closing: Promise<void> | undefined;

  private constructor(folder: string, postgres: Postgres, rabbitmq: RabbitMq, profile: string | undefined) {
    this.folder = folder;
    this.postgres = postgres;
    this.rabbitmq = rabbitmq;
    this.profile = profile;
  }

  /** Builds what changed, and starts a Postgres with `fsync` on and a RabbitMQ for `work`. */
  static async set(work: (stage: Stage) => Promise<void>, { profile }: { profile?: string } = {}): Promise<void> {
    await build();
    // The processes use decorators, which Node cannot run as they are.
    const { code, output } = await run('tsc', ['-b', 'tools/bench'], { cwd: root });
    if (code !== 0) throw new Error(`The processes of the benchmark could not be built:\n${output.trim()}`);
    const folder = mkdtempSync(join(tmpdir(), 'switchboard-bench-'));
    const postgres = await startPostgres({
      dataDir: join(folder, 'postgres'),
      settings: { track_commit_timestamp: 'on' },
    });
    const rabbitmq = await startRabbitMq({ dataDir: join(folder, 'rabbitmq') });
    const stage = new Stage(folder, postgres, rabbitmq, profile && resolve(profile));
    onShutdown((exitCode) => void stage.clear().finally(() => process.exit(exitCode)));
    try {
      await work(stage);
    } finally {
      await stage.clear();
    }
  }

  async start(setup: Setup): Promise<Candidate> {
    const { Candidate } = await import('./bus.candidate.mts'); // needs the build of libs/bus
    const candidate = await Candidate.start(setup, this);
    this.candidates.push(candidate);
    return candidate;
  }

  /** Takes the broker away while `work` is done; what it had to keep it keeps. */
  async withoutBroker<Found>(work: () => Promise<Found>): Promise<Found> {
    await this.rabbitmq.stop();
    const found = await work();
    this.rabbitmq = await startRabbitMq({ dataDir: join(this.folder, 'rabbitmq') });
    return found;
  }

  private clear(): Promise<void> {
    return (this.closing ??= (async () => {
      for (const candidate of this.candidates) await candidate.stop();
      await Promise.all([this.postgres.stop(), this.rabbitmq.stop()]);
      rmSync(this.folder, { recursive: true, force: true });
    })());
  }
}
