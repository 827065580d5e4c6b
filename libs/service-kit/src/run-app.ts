import { MemoryTransport, RabbitTransport, type Transport, type TransportObserver } from '@switchboard/bus';
import { ConfigError, type Env, loadConfig, type SharedConfig, sharedConfig } from './config';
import { type AppDefinition, variablesOf } from './define-app';
import { ErrorReporter } from './error-reporter';
import { createLog } from './log';
import { Service } from './service';
import type { ServiceDirectory } from './http/service-client';
import { generateIdentityKeys, parseIdentityKeys } from './http/service-identity';

export interface RunningApps {
  services: readonly Service[];
  stop(): Promise<void>;
}

/** The argument with which a process brings the database into line and ends: a step of its own before a release is rolled out. */
const MIGRATE = 'migrate';

/** Runs one service as a process of its own. */
export const runApp = (app: AppDefinition): Promise<void> => runApps([app]);

/** Runs several services in one process, each as the Nest application it is anyway. */
export async function runApps(apps: readonly AppDefinition[]): Promise<void> {
  // Heard from the beginning: a service may be told to stop before it has quite started, and must not drop its work then.
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve());
  });
  try {
    const isToMigrate = process.argv[2] === MIGRATE;
    const running = await startApps(apps, process.env, { isToMigrate });
    if (!isToMigrate) await asked;
    await running.stop();
    process.exit(0);
  } catch (error) {
    // Before there is a log, and for mistakes that a person mends by reading them.
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

/**
 * Everything `runApps` does but end the process.
 * @param isToMigrate only the databases are prepared: nothing listens, nothing is done
 */
export async function startApps(
  apps: readonly AppDefinition[],
  env: Env,
  { isToMigrate = false }: { isToMigrate?: boolean } = {},
): Promise<RunningApps> {
  // With what each service asks for besides, so that the mistakes of all are told at once.
  const own = Object.assign({}, ...apps.map((app) => variablesOf(app).shape)) as object;
  const config = loadConfig(sharedConfig.extend(own), env);
  const reporter = config.SENTRY_DSN ? await ErrorReporter.open(config.SENTRY_DSN, config.NODE_ENV) : undefined;
  const log = createLog({ level: config.LOG_LEVEL, format: config.LOG_FORMAT, reporter });
  const names = apps.map((app) => app.name);
  // Services of one process know each other by keys made for its lifetime; one alone must be known to the others.
  const keys =
    apps.length === 1
      ? parseIdentityKeys(names[0]!, config.SERVICE_PRIVATE_KEY, config.SERVICE_PUBLIC_KEYS)
      : await generateIdentityKeys(names, config.SERVICE_PUBLIC_KEYS);
  const directory = directoryFrom(env);
  const services: Service[] = [];
  const transport = createTransport(config, names.join('+'), {
    problem: (message, error) => log.warn({ err: error }, message),
    unroutable: (type) =>
      services.find(({ name }) => type.startsWith(`${name}.`))?.bus.metrics.unroutable.inc({ type }),
  });
  const stop = async () => {
    await Promise.all(services.map((service) => service.stop()));
    await transport.close();
    await reporter?.close();
  };
  try {
    const prepared = await Promise.allSettled(
      apps.map((app, i) => Service.prepare(app, { env, log, transport, keys, directory, reportsProcess: i === 0 })),
    );
    services.push(...prepared.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
    const failures = prepared.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    if (failures.length > 0) {
      const mistakes = failures.flatMap((failure) => (failure instanceof ConfigError ? failure.mistakes : []));
      throw failures.length > 1 && mistakes.length > 0 ? ConfigError.of(mistakes) : failures[0];
    }
    if (isToMigrate) return { services, stop };
    // In three steps, so that nothing is said before everyone listens.
    for (const service of services) await service.listen();
    for (const service of services) await service.start();
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  for (const service of services) log.info({ service: service.name, url: service.url }, 'ready');
  return { services, stop };
}

function createTransport(config: SharedConfig, name: string, observer: TransportObserver): Transport {
  if (config.BUS === 'memory' || (!config.BUS && !config.AMQP_URL)) return new MemoryTransport(observer);
  if (!config.AMQP_URL) throw new ConfigError('BUS=rabbit needs AMQP_URL');
  return new RabbitTransport({ url: config.AMQP_URL, name, ...observer });
}

/** Where services that run elsewhere answer: `<SERVICE>_URL`. */
function directoryFrom(env: Env): ServiceDirectory {
  const directory: ServiceDirectory = new Map();
  for (const [name, value] of Object.entries(env)) {
    const service = /^([A-Z][A-Z_]*)_URL$/.exec(name)?.[1];
    if (service && value?.startsWith('http'))
      directory.set(service.toLowerCase().replaceAll('_', '-'), value.replace(/\/$/, ''));
  }
  return directory;
}
