import { type DynamicModule, type INestApplication, StandardSchemaValidationPipe } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Bus, BusExceptionFilter, type Transport } from '@switchboard/bus';
import helmet from 'helmet';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { BotsFolder, OnlyBot } from './bots-folder';
import { BotsRegistry } from './bots-registry';
import { Clock } from './clock';
import { type Env, loadConfig, sharedConfig } from './config';
import { createDataSource, databaseAccess, openDatabase, untilDatabaseAnswers } from './database';
import { type AppDefinition, prefixOf, variablesOf } from './define-app';
import { FieldCipher } from './field-cipher';
import type { HealthCheck } from './health.controller';
import { httpMetrics } from './http-metrics';
import { JobRunner } from './job-runner';
import { Jobs } from './jobs';
import { rotateKeys } from './key-rotation';
import { KitModule } from './kit.module';
import { type Log, NestLog } from './log';
import { ProblemFilter } from './problem.filter';
import { Schedules } from './schedules';
import { ServiceClient, type ServiceDirectory } from './service-client';
import { type IdentityKeys, ServiceIdentity } from './service-identity';
import { mediaConfigOf } from './media';
import { createStorage } from './storage/create-storage';

/** What services of one process share. */
export interface Surroundings {
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

const BODY_LIMIT = '1mb';

/** One service, from its definition to a running process and back. */
export class Service {
  private constructor(
    readonly name: string,
    readonly nest: INestApplication,
    readonly db: DataSource,
    readonly bus: Bus,
    private readonly jobs: JobRunner,
    private readonly bots: BotsRegistry,
    private readonly port: number,
    private readonly host: string,
    private readonly directory: ServiceDirectory,
    private readonly log: Log,
    private readonly rotate: (signal: AbortSignal) => Promise<void>,
  ) {}

  /** Parses configuration, opens and migrates the database and builds the Nest application. Nothing listens yet. */
  static async prepare(app: AppDefinition, surroundings: Surroundings): Promise<Service> {
    const { env, transport, keys, directory } = surroundings;
    const prefix = prefixOf(app.name);
    const config = loadConfig(sharedConfig.extend(variablesOf(app).shape), env) as z.output<typeof sharedConfig> &
      Record<string, never>;
    const log = surroundings.log.child({ service: app.name });
    const clock = surroundings.clock ?? new Clock();
    const registry = new Registry();
    registry.setDefaultLabels({ service: app.name });
    if (surroundings.reportsProcess) collectDefaultMetrics({ register: registry });

    const bots = await BotsRegistry.open({
      source: config.BOTS_FOLDER ? new BotsFolder({ folder: config.BOTS_FOLDER, env }) : new OnlyBot(env),
      sections: app.botSections,
      registry,
      log,
    });

    const access = await untilDatabaseAnswers(log, () =>
      databaseAccess(app.name, config, config[`${prefix}_DATABASE_URL`]),
    );
    const db = createDataSource(app, access, config.DATABASE_POOL);
    const jobs = new Jobs(access);
    const schedules = new Schedules(db, jobs, log, registry);
    const runner = new JobRunner(access, config[`${prefix}_JOB_CONCURRENCY`]!, schedules, registry, log);
    const warn = (message: string, error?: unknown) => log.warn({ err: error }, message);
    const bus = new Bus({
      service: app.name,
      schema: access.schema,
      db,
      connection: { connectionString: access.url },
      transport,
      registry,
      now: () => clock.now(),
      retryAfterSeconds: surroundings.retryAfterSeconds,
      warn,
    });
    const cipher = new FieldCipher(config.ENCRYPTION_KEYS);
    const rotate = async (signal: AbortSignal) => {
      if (!cipher.isRotating || !app.encrypted?.length) return;
      const values = await rotateKeys(db, cipher, app.encrypted, signal);
      if (!signal.aborted) log.info({ values }, 'nothing is encrypted with an older key any more');
    };
    const letGo = async () => {
      await runner.stop();
      if (db.isInitialized) await db.destroy();
    };

    const identity = new ServiceIdentity(app.name, keys);
    const checks: HealthCheck[] = [
      { name: 'database', check: async () => ((await db.query('SELECT 1')) as unknown[]).length === 1 },
      { name: 'broker', check: () => transport.ready() },
      { name: 'migrations', check: async () => !(await db.showMigrations()) },
    ];
    const kit = KitModule.with({
      config,
      log,
      clock,
      registry,
      db,
      bus,
      jobs,
      schedules,
      bots,
      cipher,
      identity,
      client: new ServiceClient(identity, directory, registry),
      media: createStorage(mediaConfigOf(config, app.name)),
      checks,
    });
    try {
      await openDatabase(db, log, () => runner.migrate());
      await bus.prepare();
      const nest = await buildNest(app, kit, { bus, log, registry });
      return new Service(
        app.name,
        nest,
        db,
        bus,
        runner,
        bots,
        config[`${prefix}_PORT`]!,
        config.HTTP_HOST,
        directory,
        log,
        rotate,
      );
    } catch (error) {
      await letGo().catch(() => undefined);
      throw error;
    }
  }

  /** Answers HTTP and hears events. */
  async listen(): Promise<void> {
    await this.nest.listen(this.port, this.host);
    this.directory.set(this.name, this.url);
    await this.nest.startAllMicroservices();
  }

  private readonly stopping = new AbortController();
  private rotating: Promise<void> | undefined;

  /** Begins to say what is in the outbox and to do jobs; to be called when every service of the process listens. */
  async start(): Promise<void> {
    this.bus.start();
    this.bots.follow();
    // A key that is missing or a database that leaves must not end a service that works otherwise.
    this.rotating = this.rotate(this.stopping.signal).catch((error: unknown) => {
      this.log.error({ err: error }, 'values of older keys were not all written anew');
    });
    await this.jobs.start(
      this.nest.get(DiscoveryService, { strict: false }),
      this.nest.get(MetadataScanner, { strict: false }),
    );
  }

  get url(): string {
    const { address, port, family } = this.nest.getHttpServer().address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  }

  /** Stops taking work, finishes what was begun, and lets go of everything. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.bots.close();
    await this.rotating;
    await this.jobs.stop();
    await this.bus.stop();
    await this.nest.close();
    await this.db.destroy();
  }
}

/** The Nest application: our errors, our checks of what comes in, and the bus beside HTTP. */
async function buildNest(
  app: AppDefinition,
  kit: DynamicModule,
  { bus, log, registry }: { bus: Bus; log: Log; registry: Registry },
): Promise<INestApplication> {
  class Root {}
  const nest = await NestFactory.create<NestExpressApplication>(
    { module: Root, imports: [kit, app.module] },
    { logger: new NestLog(log), abortOnError: false },
  );
  nest.useBodyParser('json', { limit: BODY_LIMIT });
  nest.use(helmet());
  nest.use(httpMetrics(registry));
  nest.useGlobalPipes(new StandardSchemaValidationPipe());
  nest.useGlobalFilters(new ProblemFilter(log));
  // Deferred, because an initialised microservice takes no filters any more.
  nest
    .connectMicroservice({ strategy: bus.server }, { deferInitialization: true })
    .useGlobalFilters(new BusExceptionFilter());
  return nest;
}
