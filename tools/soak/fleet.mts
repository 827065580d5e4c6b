import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'pg';
import { type Child, startChild, untilReady } from '../local/child.mts';
import { rssMb } from '../local/figures.mts';
import { AUTHENTICATORS, freshIdentities } from '../local/identities.mts';
import { type Postgres, startPostgres } from '../local/postgres.mts';
import { quietPorts } from '../local/processes.mts';
import { type RabbitMq, startRabbitMq } from '../local/rabbitmq.mts';
import { type LocalSecrets, localSecrets } from '../local/secrets.mts';
import { root } from '../local/workspace.mts';
import { serviceNames } from '../services.mts';

export interface FleetOptions {
  /** Everything it keeps. */
  folder: string;
  /** PERIODIC_TASKS_SPEED */
  speed: number;
}

/** One process of a service. */
export interface Replica {
  readonly service: string;
  readonly url: string;
  child: Child;
}

/** Counted by task, as `<service>/<task>`. */
export type Runs = Record<string, number>;

/** Counted by counter and its labels, such as `chat-ai turns_failed_total`. */
export type Failures = Record<string, number>;

const REPLICAS = 2;
const READY_WITHIN_MS = 180_000;
const SCRAPE_WITHIN_MS = 10_000;
/**
 * A job begins within a second of its time; one that is older and due is not taken. Its time says less: a scheduled run that waits gets
 * that of the next one.
 */
const JOB_WAITS_SECONDS = 5;
/** A busy machine may lose so much. */
const LATE_SECONDS = 15;

/**
 * Counters that kills leave at zero, each with the outcomes that are no failures. What became of deliveries whose outcome is unknown
 * people tell.
 */
const FAILURE_COUNTERS: Readonly<Record<string, readonly string[]>> = {
  bot_descriptions_rejected_total: [],
  bus_dead_lettered_total: [],
  bus_relay_failures_total: [],
  bus_retries_total: [],
  deliveries_total: ['sent'],
  encryption_key_missing_total: [],
  job_seconds_count: ['done', 'failed'],
  periodic_task_runs_total: ['done'],
  personal_values_unreadable_total: [],
  speech_budget_refusals_total: [],
  speech_fallbacks_total: [],
  speech_requests_total: ['made', 'reused'],
  transcriptions_total: ['completed'],
  turns_failed_total: [],
  webhook_attempts_total: ['delivered', 'failed', 'overtaken'],
};

export const LUMEN = {
  id: 7_000_000_001,
  token: '7000000001:sandbox-lumen',
  username: 'lumen_sandbox_bot',
  name: 'Lumen',
};

/** All ask the gateway for its bots, a thousand times as often as usual: while it is not there each time is a failure. */
const keeperFirst = <R extends { readonly service: string }>(replicas: readonly R[]): R[][] => [
  replicas.filter(({ service }) => service === 'gateway'),
  replicas.filter(({ service }) => service !== 'gateway'),
];

/** Two processes of each service on a RabbitMQ and a Postgres of their own, with the sandbox as the rest of the world. */
export class Fleet {
  readonly replicas: Replica[] = [];
  /** Of services, as they are defined. */
  readonly services: readonly string[];
  private readonly options: FleetOptions;
  private readonly servers: { postgres: Postgres; rabbit: RabbitMq; sandbox: Child };
  readonly sandboxUrl: string;
  private readonly secrets: LocalSecrets;
  private readonly identities: ReturnType<typeof freshIdentities>;
  private readonly sql: Pool;
  private aheadSeconds = 0;
  /** The last metrics of each process that there has been. */
  private readonly told = new Map<Child, string>();
  private readonly meantToEnd = new WeakSet<Child>();
  /** Lines of level error, and processes that ended by themselves, by how often. */
  readonly errors = new Map<string, number>();

  private constructor(
    options: FleetOptions,
    services: readonly string[],
    servers: Fleet['servers'],
    sandboxUrl: string,
    sql: Pool,
  ) {
    this.options = options;
    this.services = services;
    this.identities = freshIdentities([...services, ...AUTHENTICATORS]);
    this.servers = servers;
    this.sandboxUrl = sandboxUrl;
    this.sql = sql;
    this.secrets = localSecrets(options.folder);
  }

  /** Starts everything but the services. */
  static async prepare(options: FleetOptions): Promise<Fleet> {
    const { folder } = options;
    mkdirSync(join(folder, 'bots'), { recursive: true });
    writeBots(join(folder, 'bots'));
    const [port] = await quietPorts(1);
    const sandboxUrl = `http://127.0.0.1:${port}`;
    const sandbox = startChild({
      entry: 'apps/sandbox/dist/src/main.js',
      env: {
        ...process.env,
        SANDBOX_PORT: String(port),
        SANDBOX_BOTS: JSON.stringify([LUMEN].map(({ id: _, ...bot }) => bot)),
      },
      logFile: join(folder, 'sandbox.log'),
    });
    const parts = await Promise.allSettled([
      startPostgres({ dataDir: join(folder, 'postgres'), durable: false }),
      startRabbitMq({ dataDir: join(folder, 'rabbitmq') }),
      untilReady(sandbox, 'The sandbox', [`${sandboxUrl}/phone/api/people`], READY_WITHIN_MS),
    ]);
    const [postgres, rabbit] = parts;
    const failed = parts.find((part) => part.status === 'rejected');
    if (failed) {
      await sandbox.stop();
      for (const part of [postgres, rabbit]) if (part.status === 'fulfilled') await part.value.stop();
      throw failed.reason;
    }
    const servers = {
      postgres: (postgres as PromiseFulfilledResult<Postgres>).value,
      rabbit: (rabbit as PromiseFulfilledResult<RabbitMq>).value,
      sandbox,
    };
    const sql = new Pool({ connectionString: servers.postgres.url, max: 2 });
    sql.on('error', () => undefined); // told by the query that fails
    return new Fleet(options, serviceNames(), servers, sandboxUrl, sql);
  }

  /** @param aheadSeconds CLOCK_AHEAD_SECONDS */
  async startServices(aheadSeconds: number): Promise<void> {
    this.aheadSeconds = aheadSeconds;
    const ports = await quietPorts(this.services.length * REPLICAS);
    const urls = this.services.flatMap((service) =>
      Array.from({ length: REPLICAS }, () => ({ service, url: `http://127.0.0.1:${ports.pop()}` })),
    );
    this.replicas.length = 0;
    for (const group of keeperFirst(urls)) {
      const started = group.map((replica) => ({ ...replica, child: this.start(replica, urls) }));
      this.replicas.push(...started);
      await Promise.all(started.map((replica) => this.ready(replica)));
    }
  }

  async stopServices(): Promise<void> {
    for (const { child } of this.replicas) this.meantToEnd.add(child);
    for (const group of keeperFirst(this.replicas).reverse()) await Promise.all(group.map(({ child }) => child.stop()));
  }

  /** kill -9, and a new process in its place, as whatever supervises services would start one. */
  async killAndRestart(replica: Replica): Promise<void> {
    this.meantToEnd.add(replica.child);
    replica.child.kill('SIGKILL');
    await replica.child.ended;
    replica.child = this.start(replica, this.replicas);
    await this.ready(replica);
  }

  /**
   * The process of a service that leads most of what only one may do. Of the gateway the one that others do not ask: while their bots
   * cannot be read each time is a failure.
   */
  async leaderOf(service: string): Promise<Replica> {
    const replicas = this.replicas.filter((replica) => replica.service === service);
    if (service === 'gateway') return replicas[0]!;
    const leads = await Promise.all(
      replicas.map(async ({ url }) => {
        const metrics = await scrape(url);
        return (
          metrics.match(/^bus_relay_leader\{.*\} 1$|^periodic_task_interval_seconds\{task="poll-channels"/gm) ?? []
        ).length;
      }),
    );
    return replicas[leads[0]! >= leads[1]! ? 0 : 1]!;
  }

  /** How often each task was done, by all processes that there have been. */
  async runs(): Promise<Runs> {
    const samples = (await this.samples()).filter(
      ({ name, labels }) => name === 'periodic_task_runs_total' && labels.outcome === 'done',
    );
    return totals(samples, ({ labels }) => `${labels.service}/${labels.task}`);
  }

  /** Failures counted by all processes that there have been. */
  async failures(): Promise<Failures> {
    const samples = (await this.samples()).filter(
      ({ name, labels, value }) => FAILURE_COUNTERS[name]?.includes(labels.outcome ?? '') === false && value > 0,
    );
    return totals(samples, ({ name, labels: { service, ...labels } }) =>
      [service, name, ...Object.values(labels)].join(' '),
    );
  }

  /** Updates that the channel brought once more after they had been processed. */
  async repeatedUpdates(): Promise<number> {
    const samples = (await this.samples()).filter(
      ({ name, labels }) => name === 'updates_total' && labels.kind === 'duplicate',
    );
    return samples.reduce((sum, { value }) => sum + value, 0);
  }

  /** Tasks that should have been done again by now, by whichever process says so. */
  async late(): Promise<string[]> {
    const late = await Promise.all(
      this.replicas.map(async ({ service, url }) => {
        const samples = samplesIn(await scrape(url));
        const secondsOf = (wanted: string) =>
          new Map(samples.filter(({ name }) => name === wanted).map(({ labels, value }) => [labels.task!, value]));
        const intervals = secondsOf('periodic_task_interval_seconds');
        return [...secondsOf('periodic_task_late_seconds')].flatMap(([task, seconds]) =>
          seconds > Math.max(3 * intervals.get(task)!, LATE_SECONDS) ? [`${service}/${task}`] : [],
        );
      }),
    );
    return [...new Set(late.flat())];
  }

  /** Resident memory of each process that runs, by its id. */
  memory(): Map<number, number> {
    return new Map(this.replicas.map(({ child }) => [child.pid, rssMb(child.pid) ?? 0]));
  }

  /** Sessions of the services at their database, by what they are for. */
  async connections(): Promise<Record<string, number>> {
    const rows = await this.query<{ name: string; n: number }>(
      `SELECT usename || ' ' || application_name AS name, count(*)::int AS n FROM pg_stat_activity
       WHERE usename LIKE 'switchboard\\_%' GROUP BY 1 ORDER BY 1`,
    );
    return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
  }

  /** Jobs that are due and that nobody takes, and those that were given up. */
  async jobs(): Promise<{ waiting: number; givenUp: string[] }> {
    const states = await Promise.all(
      this.services.map((service) =>
        this.query<{ job: string; waits: boolean; given_up: boolean; error: string | null }>(
          `SELECT task.identifier AS job, attempts >= max_attempts AND locked_at IS NULL AS given_up, last_error AS error,
             is_available AND run_at <= now() AND job.created_at < now() - interval '${JOB_WAITS_SECONDS} seconds' AS waits
           FROM ${schemaOf(service)}_jobs._private_jobs job LEFT JOIN ${schemaOf(service)}_jobs._private_tasks task ON task.id = task_id`,
        ),
      ),
    );
    const jobs = states.flat();
    return {
      waiting: jobs.filter(({ waits }) => waits).length,
      // One without an error is a scheduled run that was killed after the next one had taken its place.
      givenUp: jobs
        .filter(({ given_up: isGivenUp, error }) => isGivenUp && error !== null)
        .map(({ job, error }) => `${job}: ${error}`),
    };
  }

  /** Answers that are on their way to a channel at this moment. */
  async sending(): Promise<number> {
    const [row] = await this.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM bot_adapter.deliveries WHERE state = 'sending'`,
    );
    return row!.n;
  }

  async stop(): Promise<void> {
    const { postgres, rabbit, sandbox } = this.servers;
    await this.stopServices();
    await Promise.all([sandbox.stop(), rabbit.kill('SIGKILL'), this.sql.end().then(() => postgres.stop())]);
  }

  private async samples(): Promise<Sample[]> {
    await Promise.all(
      this.replicas.map(async ({ url, child }) => {
        const metrics = await scrape(url).catch(() => ''); // one that starts just now
        if (metrics) this.told.set(child, metrics);
      }),
    );
    return [...this.told.values()].flatMap(samplesIn);
  }

  private note(error: string): void {
    this.errors.set(error, (this.errors.get(error) ?? 0) + 1);
  }

  get operatorKey(): string {
    return this.identities.privateKeys['OPERATOR_PRIVATE_KEY']!;
  }

  async query<Row extends object>(sql: string): Promise<Row[]> {
    return (await this.sql.query<Row>(sql)).rows;
  }

  private start(
    { service, url }: { service: string; url: string },
    all: readonly { service: string; url: string }[],
  ): Child {
    const { folder, speed } = this.options;
    // The others ask the last process of a service; nothing here balances load.
    const urls = Object.fromEntries(all.map((other) => [`${variableOf(other.service)}_URL`, other.url]));
    const models = `${this.sandboxUrl}/openai/v1`;
    const child = startChild({
      entry: `apps/${service}/dist/src/main.js`,
      env: {
        ...environment(),
        ...this.secrets,
        ...urls,
        NODE_ENV: 'development',
        DATABASE_URL: this.servers.postgres.url,
        AMQP_URL: this.servers.rabbit.url,
        SERVICE_PRIVATE_KEY: this.identities.privateKeys[`${variableOf(service)}_PRIVATE_KEY`],
        SERVICE_PUBLIC_KEYS: this.identities.SERVICE_PUBLIC_KEYS,
        [`${variableOf(service)}_PORT`]: new URL(url).port,
        // Of each of its processes another one.
        GATEWAY_PUBLIC_PORT: '0',
        VPN_PROVISIONER_PUBLIC_PORT: '0',
        GATEWAY_WEBHOOK_PRIVATE_NETWORKS: '127.0.0.0/8',
        BOTS_FOLDER: join(folder, 'bots'),
        MEDIA_FOLDER: join(folder, 'media'),
        BOT_ADAPTER_SANDBOX_API_ROOT: `${this.sandboxUrl}/telegram`,
        CHAT_AI_BASE_URL: models,
        CHAT_AI_API_KEY: 'sk-sandbox',
        CHAT_AI_MODEL: 'sandbox-model',
        TTS_WORKER_BASE_URL: models,
        TTS_WORKER_API_KEY: 'sk-sandbox',
        TTS_WORKER_SPEECH_ENGINE: 'openai',
        TTS_WORKER_SPEECH_MODEL: 'gpt-4o-mini-tts',
        TTS_WORKER_SPEECH_PRICE_USD: '0',
        TTS_WORKER_TRANSCRIPTION_PRICE_USD: '0',
        PERIODIC_TASKS_SPEED: String(speed),
        CLOCK_AHEAD_SECONDS: String(this.aheadSeconds),
      },
      logFile: join(folder, `${service}-${new URL(url).port}.log`),
      onLine: (line) => {
        const error = errorIn(line);
        if (error) this.note(`${service}: ${error}`);
      },
    });
    void child.ended.then((how) => {
      if (!this.meantToEnd.has(child)) this.note(`${service}: ended by itself (${how})`);
    });
    return child;
  }

  private ready({ service, url, child }: Replica): Promise<void> {
    return untilReady(child, service, [`${url}/health/ready`], READY_WITHIN_MS);
  }
}

/** What a process needs of this one's environment, and nothing that would configure a service. */
const environment = () => ({ PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR });

async function scrape(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(SCRAPE_WITHIN_MS) });
  return response.text();
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const samplesIn = (metrics: string): Sample[] =>
  [...metrics.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name, labels = '', value]) => ({
    name: name!,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key!, text!])),
    value: Number(value),
  }));

function totals(samples: readonly Sample[], nameOf: (sample: Sample) => string): Record<string, number> {
  const total: Record<string, number> = {};
  for (const sample of samples) total[nameOf(sample)] = (total[nameOf(sample)] ?? 0) + sample.value;
  return total;
}

/** What a line of a service's log says, when it is an error. */
function errorIn(line: string): string | undefined {
  if (!/"level":"(?:error|fatal)"/.test(line)) return undefined;
  const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
  return err?.message ? `${msg} (${err.message})` : String(msg);
}

/** The demo's bots, whose people here write fast and much. */
function writeBots(folder: string): void {
  const demo = join(root, 'deploy/demo');
  const bot = JSON.parse(readFileSync(join(demo, 'bots/lumen.json'), 'utf8')) as { assistant: object; channel: object };
  cpSync(join(demo, 'knowledge'), join(folder, '..', 'knowledge'), { recursive: true });
  writeFileSync(
    join(folder, 'lumen.json'),
    JSON.stringify({
      ...bot,
      assistant: { ...bot.assistant, knowledge: '../knowledge' },
      channel: { ...bot.channel, token: LUMEN.token, username: LUMEN.username },
      access: { flood: { burst: 10_000 } },
      budgets: {
        personPerDayUsd: 1_000_000,
        botPerMonthUsd: 1_000_000,
        speech: { personPerDayUsd: 1_000_000, botPerMonthUsd: 1_000_000 },
      },
    }),
  );
}

const schemaOf = (service: string) => service.replaceAll('-', '_');
const variableOf = (service: string) => schemaOf(service).toUpperCase();
