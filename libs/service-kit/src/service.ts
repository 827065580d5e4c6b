import { type DynamicModule, type INestApplication, StandardSchemaValidationPipe } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Bus, BusExceptionFilter, type Transport } from '@switchboard/bus';
import helmet from 'helmet';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { Clock } from './clock';
import { type Env, loadConfig, sharedConfig } from './config';
import { createDataSource, databaseAccess, openDatabase, untilDatabaseAnswers } from './database';
import { type AppDefinition, prefixOf, variablesOf } from './define-app';
import { EventEncryption } from './event-encryption';
import { FieldCipher } from './field-cipher';
import type { HealthCheck } from './health.controller';
import { httpMetrics } from './http-metrics';
import { Jobs } from './jobs';
import { rotateKeys } from './key-rotation';
import { PersonalData } from './personal-data';
import { KeyRing } from './key-ring';
import { KitModule } from './kit.module';
import { type Log, NestLog } from './log';
import { ProblemFilter } from './problem.filter';
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
    private readonly jobs: Jobs,
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

    const access = await untilDatabaseAnswers(log, () =>
      databaseAccess(app.name, config, config[`${prefix}_DATABASE_URL`]),
    );
    const db = createDataSource(app, access, config.DATABASE_POOL);
    const jobs = new Jobs(access, config[`${prefix}_JOB_CONCURRENCY`]!, registry, log);
    const warn = (message: string, error?: unknown) => log.warn({ err: error }, message);
    const ring = new KeyRing(config.ENCRYPTION_KEYS, reportMissingKeys(registry, log));
    const bus = new Bus({
      service: app.name,
      schema: access.schema,
      db,
      connection: { connectionString: access.url },
      transport,
      cipher: new EventEncryption(ring),
      registry,
      now: () => clock.now(),
      retryAfterSeconds: surroundings.retryAfterSeconds,
      warn,
    });
    const cipher = new FieldCipher(ring);
    const personal = new PersonalData(db, ring, registry, log);
    const rotate = (signal: AbortSignal) => rotateKeys({ db, bus, ring, cipher, personal, log }, app.encrypted, signal);
    const letGo = async () => {
      await jobs.stop();
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
      cipher,
      personal,
      identity,
      client: new ServiceClient(identity, directory, registry),
      media: createStorage(mediaConfigOf(config, app.name)),
      checks,
    });
    try {
      await openDatabase(db, log, () => jobs.migrate());
      await bus.prepare();
      const nest = await buildNest(app, kit, { bus, log, registry });
      return new Service(
        app.name,
        nest,
        db,
        bus,
        jobs,
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
    await this.rotating;
    await this.jobs.stop();
    await this.bus.stop();
    await this.nest.close();
    await this.db.destroy();
  }
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
