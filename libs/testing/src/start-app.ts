import { MemoryTransport, type Transport } from '@switchboard/bus';
import { type Actor, type EventDefinition, events, routes, serviceOf, signals } from '@switchboard/contracts';
import {
  type AppDefinition,
  BlindIndex,
  createLog,
  EventEncryption,
  generateIdentityKeys,
  type IdentityKeys,
  type Log,
  KeyRing,
  prefixOf,
  Service,
  ServiceClient,
  type ServiceDirectory,
  ServiceIdentity,
} from '@switchboard/service-kit';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { BusProbe } from './bus-probe';
import { FakeClock } from './fake-clock';
import { createTestDatabase, type TestDatabase } from './test-database';

export interface TestApp {
  service: Service;
  probe: BusProbe;
  clock: FakeClock;
  database: TestDatabase;
  url: string;
  /** Of this service and all others. */
  keys: IdentityKeys;
  /** Authorization header of another service that asks this one, for itself or for somebody; of the gateway, for staff who may do everything. */
  as(service: string, actor?: Actor): Promise<{ authorization: string }>;
  /** Calls routes of this service as the gateway does, for staff who may do everything: `app.gateway.call(ReadUsage, { query })`. */
  gateway: ServiceClient;
  /** Ends it; `keepDatabase` leaves the rows for a second start. */
  stop(options?: { keepDatabase?: boolean }): Promise<void>;
}

export interface TestAppOptions {
  env?: Record<string, string>;
  transport?: Transport;
  clock?: FakeClock;
  /** Waits between tries of a failed event, in seconds. Default: tenths of a second. */
  retryAfterSeconds?: readonly number[];
  /** Events of a test's own, for the probe to hear beside those of the catalogue. */
  events?: readonly EventDefinition[];
  /** Where other services answer, by name. */
  directory?: ServiceDirectory;
  /** Where the service's lines go instead of nowhere. */
  log?: Log;
  /** The database of an earlier start. */
  database?: TestDatabase;
  /** Those of another app, so that the two believe each other. */
  keys?: IdentityKeys;
}

/**
 * Whom a test may speak as: every service that says or answers something by the contracts, or may ask for it; and two that
 * never may, for specs of services that are none of ours.
 */
const OTHERS = [
  'gateway',
  'operator',
  ...[...events, ...signals].map(({ type }) => type.split('.')[0]!),
  ...routes.flatMap((route) => [serviceOf(route), ...(route.callers ?? [])]),
  'payments',
  'analytics',
];

const ROOT: Actor = { kind: 'staff', id: 'root', roles: [], scopes: ['*'] };

class Gateway extends ServiceIdentity {
  override tokenFor(audience: string, { actor = ROOT, ...more }: { actor?: Actor; requestId?: string } = {}) {
    return super.tokenFor(audience, { actor, ...more });
  }
}

const LOOKUP_KEY = Buffer.alloc(32, 9).toString('base64');

/** By which a service under test finds what it has encrypted. */
export const testIndex = (service: string): BlindIndex => new BlindIndex(LOOKUP_KEY, service);

/** What each service's start needs, whoever starts it in a test. */
export const testEnv = (databaseUrl: string, mediaFolder: string): Record<string, string> => ({
  NODE_ENV: 'test',
  DATABASE_URL: databaseUrl,
  DATABASE_ROLE_SECRET: 'a role secret of the tests',
  DATABASE_POOL: '5',
  ENCRYPTION_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
  LOOKUP_KEY,
  LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'silent',
  MEDIA_FOLDER: mediaFolder,
});

/** Starts one service for real: its own fresh database, the bus in memory, a clock to move, and a probe on the bus. */
export async function startApp(app: AppDefinition, options: TestAppOptions = {}): Promise<TestApp> {
  const database = options.database ?? (await createTestDatabase());
  const mediaFolder = await mkdtemp(join(tmpdir(), 'switchboard-test-'));
  const env: Record<string, string> = {
    ...testEnv(database.url, mediaFolder),
    [`${prefixOf(app.name)}_PORT`]: '0',
    // Specs run side by side, so none may have the usual one.
    ...(app.publicPort !== undefined && { [`${prefixOf(app.name)}_PUBLIC_PORT`]: '0' }),
    // A service with channels has a bot, which in a test reaches no Telegram unless the test says which bots there are.
    ...(app.botSections?.['channel'] &&
      !options.env?.['BOTS_FOLDER'] && {
        TELEGRAM_BOT_TOKEN: '1:of-a-test',
        TELEGRAM_API_ROOT: 'http://127.0.0.1:9',
      }),
    ...options.env,
  };
  const transport = options.transport ?? new MemoryTransport({}, { gathers: false });
  const clock = options.clock ?? new FakeClock();
  const keys = options.keys ?? (await generateIdentityKeys([...new Set([app.name, ...OTHERS])]));
  const service = await Service.prepare(app, {
    env,
    log: options.log ?? createLog({ level: env['LOG_LEVEL']!, format: 'json' }),
    transport,
    keys,
    directory: options.directory ?? new Map(),
    clock,
    retryAfterSeconds: options.retryAfterSeconds ?? [0.1, 0.2],
  });
  const probe = new BusProbe(transport, new EventEncryption(new KeyRing(env['ENCRYPTION_KEYS']!)), () => clock.now());
  await service.listen();
  await probe.start([...events, ...(options.events ?? [])], signals);
  await service.start();
  return {
    service,
    probe,
    clock,
    database,
    url: service.url,
    keys,
    as: async (name, actor = name === 'gateway' ? ROOT : undefined) => {
      const token = await new ServiceIdentity(name, keys).tokenFor(app.name, actor && { actor });
      return { authorization: `Bearer ${token}` };
    },
    gateway: new ServiceClient(new Gateway('gateway', keys), new Map([[app.name, service.url]]), new Registry()),
    stop: async ({ keepDatabase = false } = {}) => {
      await service.stop();
      await probe.stop();
      if (!options.transport) await transport.close();
      await rm(mediaFolder, { recursive: true, force: true });
      if (!keepDatabase) await database.drop();
    },
  };
}
