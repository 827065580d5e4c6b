import type { DynamicModule, INestApplication } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Bus, BusExceptionFilter, PeriodicTasks, type Transport } from '@switchboard/bus';
import { BOT_SECTION_READERS, openApi } from '@switchboard/contracts';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { BackupParts } from './backup/backup-parts';
import { BackupStore } from './backup/backup-store';
import { BlindIndex } from './blind-index';
import { BotsFolder, OnlyBot } from './bots-folder';
import { BotsRegistry } from './bots-registry';
import { Clock } from './clock';
import { reportClockSkew } from './clock-skew';
import { ConfigError, type Env, loadConfig, sharedConfig } from './config';
import { createDataSource, databaseAccess, openDatabase, untilDatabaseAnswers } from './database';
import { type AppDefinition, prefixOf, variablesOf } from './define-app';
import { Entitlements } from './entitlements';
import { Erasure } from './erasure';
import { assertErasesPersons } from './erasure.module';
import { EventEncryption } from './event-encryption';
import { Experiments } from './experiments';
import { FieldCipher } from './field-cipher';
import { BOTS_KEEPER, GatewayBots, KEPT_ANSWER } from './gateway-bots';
import { Approvals } from './http/approvals';
import { Cursors } from './http/cursors';
import type { HealthCheck } from './http/health.controller';
import { HttpEdge } from './http/http-edge';
import { ANSWER_PLACE, Idempotency } from './http/idempotency';
import { ServiceClient, type ServiceDirectory } from './http/service-client';
import { type IdentityKeys, ServiceIdentity } from './http/service-identity';
import { JobRunner } from './job-runner';
import { Jobs } from './jobs';
import { requireKnownKeys } from './key-checks';
import { KeyRing } from './key-ring';
import { KeyRotation } from './key-rotation';
import { KitModule } from './kit.module';
import { LeaderElection } from './leader-election';
import { type Log, NestLog } from './log';
import { backupsConfigOf, mediaConfigOf } from './media';
import { withoutWords } from './openai-errors';
import { PersonalData } from './personal-data';
import { Schedules } from './schedules';
import { createStorage } from './storage/create-storage';

/** What services of one process share. */
export interface ServiceDependencies {
  env: Env;
  log: Log;
  transport: Transport;
  keys: IdentityKeys;
  directory: ServiceDirectory;
  clock?: Clock;
  retryAfterSeconds?: readonly number[];
  /** True in the one service that reports the process itself (memory, event loop). */
  reportsProcess?: boolean;
}

/** What a service consists of once it is prepared. */
interface Parts {
  readonly name: string;
  readonly nest: INestApplication;
  readonly edge: HttpEdge;
  readonly listeners: { readonly host: string; readonly port: number; readonly publicPort: number | undefined };
  readonly directory: ServiceDirectory;
  readonly db: DataSource;
  readonly bus: Bus;
  readonly bots: BotsRegistry;
  readonly rotation: KeyRotation;
  readonly election: LeaderElection;
  readonly runner: JobRunner;
}

/** One service, from its definition to a running process and back. */
export class Service {
  readonly name: string;
  readonly nest: INestApplication;
  readonly db: DataSource;
  readonly bus: Bus;

  private constructor(private readonly parts: Parts) {
    ({ name: this.name, nest: this.nest, db: this.db, bus: this.bus } = parts);
  }

  /** Parses configuration, opens and migrates the database and builds the Nest application. Nothing listens yet. */
  static async prepare(app: AppDefinition, dependencies: ServiceDependencies): Promise<Service> {
    const { env, transport, keys, directory } = dependencies;
    const prefix = prefixOf(app.name);
    const config = loadConfig(sharedConfig.extend(variablesOf(app).shape), env) as z.output<typeof sharedConfig> &
      Record<string, never>;
    const log = dependencies.log.child({ service: app.name });
    refuseTestTimes(config);
    const clock = dependencies.clock ?? new Clock(config.CLOCK_AHEAD_SECONDS * 1000);
    const registry = new Registry();
    registry.setDefaultLabels({ service: app.name });
    if (dependencies.reportsProcess) collectDefaultMetrics({ register: registry });

    const warn = (message: string, error?: unknown) => log.warn({ err: error }, message);
    const tasks = new PeriodicTasks({ registry, warn, speed: config.PERIODIC_TASKS_SPEED });
    requireOwnSections(app);
    const ring = new KeyRing(config.ENCRYPTION_KEYS, reportMissingKeys(registry, log));
    const cipher = new FieldCipher(ring);
    const identity = new ServiceIdentity(app.name, keys);
    const client = new ServiceClient(identity, directory, registry);
    const folder = config.BOTS_FOLDER;
    const gatewayBots = app.name === BOTS_KEEPER ? undefined : new GatewayBots({ client, cipher, tasks, log, folder });
    const bots = await BotsRegistry.open({
      // The gateway's go before those of files.
      sources: [
        folder ? new BotsFolder({ folder, env, tasks }) : new OnlyBot(env),
        ...(gatewayBots ? [gatewayBots] : []),
      ],
      sections: app.botSections,
      moreToCome: gatewayBots !== undefined,
      registry,
      log,
    });

    const access = await untilDatabaseAnswers(log, () =>
      databaseAccess(app.name, config, config[`${prefix}_DATABASE_URL`]),
    );
    const db = createDataSource(app, access, config.DATABASE_POOL);
    reportClockSkew(registry, db);
    const jobs = new Jobs(access);
    const schedules = new Schedules(db, jobs, tasks);
    const election = new LeaderElection(access, tasks, log);
    const runner = new JobRunner(access, config[`${prefix}_JOB_CONCURRENCY`]!, schedules, tasks, registry, log);
    const bus = new Bus({
      service: app.name,
      schema: access.schema,
      db,
      connection: { connectionString: access.url },
      transport,
      cipher: new EventEncryption(ring),
      registry,
      tasks,
      now: () => clock.now(),
      retryAfterSeconds: dependencies.retryAfterSeconds,
      warn,
      error: (message, error) => log.error({ err: error }, message),
      asRecorded: withoutWords,
    });
    const personal = new PersonalData(db, ring, registry, log);
    const rotation = new KeyRotation({ db, bus, ring, cipher, personal, clock, registry, log }, [
      ...(app.encrypted ?? []),
      ANSWER_PLACE,
      KEPT_ANSWER,
    ]);
    const dispose = async () => {
      await runner.stop();
      if (db.isInitialized) await db.destroy();
    };

    const checks: HealthCheck[] = [
      { name: 'database', check: async () => ((await db.query('SELECT 1')) as unknown[]).length === 1 },
      { name: 'broker', check: () => transport.ready() },
      { name: 'migrations', check: async () => !(await db.showMigrations()) },
    ];
    const index = new BlindIndex(config.LOOKUP_KEY, app.name);
    const idempotency = new Idempotency(db, cipher, clock);
    const approvals = new Approvals(client);
    const media = createStorage(mediaConfigOf(config, app.name));
    const store = config.BACKUP_KEY
      ? new BackupStore(createStorage(backupsConfigOf(config)), new KeyRing(config.BACKUP_KEY))
      : undefined;
    // Known when the controllers are, and asked for after that.
    let edge: HttpEdge;
    const kit = KitModule.with({
      config,
      log,
      clock,
      registry,
      db,
      bus,
      jobs,
      schedules,
      tasks,
      bots,
      gatewayBots,
      election,
      cipher,
      personal,
      rotation,
      index,
      erasure: new Erasure(app.dataMap ?? {}, db, personal, jobs, clock),
      experiments: new Experiments(client, db, clock, log),
      entitlements: new Entitlements(client, bots, clock, log),
      identity,
      client,
      media,
      backups: new BackupParts({ app, config, access, db, jobs, clock, media, store, log }),
      checks,
      cursors: new Cursors(cipher, clock),
      idempotency,
      approvals,
      openApi: () => openApi(app.name, edge.routes),
    });
    try {
      await openDatabase(db, access, log, async () => {
        await requireKnownKeys(db, ring, index);
        await runner.migrate();
      });
      if (gatewayBots) {
        await gatewayBots.open(db);
        await bots.reopen();
      }
      await bus.prepare();
      const nest = await buildNest(app, kit, bus, log);
      assertErasesPersons(app, nest);
      const front = app.publicFront && nest.get(app.publicFront, { strict: false });
      edge = new HttpEdge(nest, { service: app.name, config, log, registry, identity, idempotency, approvals, front });
      const listeners = {
        host: config.HTTP_HOST,
        port: config[`${prefix}_PORT`]!,
        publicPort: config[`${prefix}_PUBLIC_PORT`],
      };
      const { name } = app;
      return new Service({ name, nest, edge, listeners, directory, db, bus, bots, rotation, election, runner });
    } catch (error) {
      await dispose().catch(() => undefined);
      throw error;
    }
  }

  /** Answers HTTP and hears events. */
  async listen(): Promise<void> {
    const { edge, listeners, directory } = this.parts;
    await edge.listen(listeners.host, listeners.port, listeners.publicPort);
    directory.set(this.name, this.url);
    await this.nest.startAllMicroservices();
  }

  /** Begins to say what is in the outbox and to do jobs; to be called when every service of the process listens. */
  async start(): Promise<void> {
    const { bus, bots, rotation, runner, election } = this.parts;
    bus.start();
    bots.follow();
    rotation.start();
    await runner.start(
      this.nest.get(DiscoveryService, { strict: false }),
      this.nest.get(MetadataScanner, { strict: false }),
    );
    election.start();
  }

  /** Of the private listener. */
  get url(): string {
    return this.parts.edge.url;
  }

  /** Of the public listener, where there is one. */
  get publicUrl(): string | undefined {
    return this.parts.edge.publicUrl;
  }

  /** Stops taking work, finishes what was begun, and lets go of everything. */
  async stop(): Promise<void> {
    const { bots, rotation, election, runner, bus, edge, nest, db } = this.parts;
    await bots.close();
    await rotation.stop();
    await election.stop();
    await runner.stop();
    await bus.stop();
    await edge.stop();
    await nest.close();
    await db.destroy();
  }
}

/** What a section's secrets are given to is said in the contracts, for the gateway to read. */
function requireOwnSections({ name, botSections = {} }: AppDefinition): void {
  const strange = Object.keys(botSections).filter((section) => !BOT_SECTION_READERS[section]?.includes(name));
  if (strange.length > 0) {
    throw new Error(`${name} reads the sections ${strange.join(', ')} of bots: add it to BOT_SECTION_READERS`);
  }
}

/** Another time would make people pay, wait and be forgotten at the wrong one. */
function refuseTestTimes(config: z.output<typeof sharedConfig>): void {
  if (config.NODE_ENV !== 'production') return;
  const set = [
    config.CLOCK_AHEAD_SECONDS !== 0 && 'CLOCK_AHEAD_SECONDS',
    config.PERIODIC_TASKS_SPEED !== 1 && 'PERIODIC_TASKS_SPEED',
  ];
  const mistakes = set.flatMap((name) => (name ? [`${name}: is for tests, and this is production`] : []));
  if (mistakes.length > 0) throw ConfigError.of(mistakes);
}

/** A value whose key is not configured here is counted each time it is asked for, and said once. */
function reportMissingKeys(registry: Registry, log: Log): (id: string) => void {
  const missing = new Counter({
    name: 'encryption_key_missing_total',
    help: 'Values that could not be decrypted because their key is not in ENCRYPTION_KEYS.',
    labelNames: ['key'],
    registers: [registry],
  });
  const said = new Set<string>();
  return (key) => {
    missing.inc({ key });
    if (said.has(key)) return;
    said.add(key);
    log.error({ key }, 'there are values of a key that is not in ENCRYPTION_KEYS');
  };
}

/** The Nest application, with the bus beside HTTP. */
async function buildNest(app: AppDefinition, kit: DynamicModule, bus: Bus, log: Log): Promise<NestExpressApplication> {
  class Root {}
  const nest = await NestFactory.create<NestExpressApplication>(
    { module: Root, imports: [kit, app.module] },
    // Bodies are read behind the guard, as their route says.
    { logger: new NestLog(log), abortOnError: false, bodyParser: false },
  );
  // Deferred, because an initialised microservice takes no filters any more.
  const microservice = nest.connectMicroservice({ strategy: bus.server }, { deferInitialization: true });
  microservice.useGlobalFilters(new BusExceptionFilter());
  // A deferred one would tell every feature a second time that it begins.
  (microservice as NestMicroservice).setIsInitHookCalled(true);
  return nest;
}
