import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseEnv } from 'node:util';
import { Client } from 'pg';
import { definedServices, serviceNames } from '../services.mts';
import { startBalancer } from './balancer.mts';
import { type Child, startChild, untilReady } from './child.mts';
import { type Container, readCompose } from './compose.mts';
import { startPostgres } from './postgres.mts';
import { freePorts, quietPorts } from './processes.mts';
import { startRabbitMq } from './rabbitmq.mts';
import { freshKeys } from './secrets.mts';
import { prefixOf } from './variables.mts';
import { root } from './workspace.mts';

export interface ClusterOptions {
  /** Everything it keeps: database, broker, volumes, keys, logs. */
  folder: string;
  /** When it fires before everything is ready, what was started is stopped again and the start throws. */
  signal?: AbortSignal;
}

export interface Cluster {
  /** The public listener of the gateways. */
  gatewayUrl: string;
  sandboxUrl: string;
  /** Where each service answers the others: any of its processes does. */
  services: Record<string, string>;
  /** By which the first owner comes in, for as long as there is none. */
  ownersLink: string | undefined;
  /** Process ids, by service. */
  pids(): Record<string, number[]>;
  /** Of each schema, the database role to which it belongs. */
  schemas(): Promise<Record<string, string>>;
  /** kill -9 of the same one of the processes of every service; resolves when those that came in their places are ready. */
  killOneOfEach(number: number): Promise<void>;
  stop(): Promise<void>;
}

/** A container of compose with the ports that it has here. */
interface Placed {
  readonly container: Container;
  /** How its port is called inside, and where it answers here. */
  readonly host: string;
  readonly address: string;
  readonly publicAddress: string | undefined;
  readonly replicas: readonly { readonly port: number; readonly publicPort: number | undefined }[];
}

interface Process {
  readonly start: () => Child;
  readonly ready: (child: Child) => Promise<void>;
  child: Child;
}

/** Of each service. */
export const REPLICAS = 2;
const SANDBOX = 'sandbox';
const USUAL_PUBLIC_PORT = 4080;
const READY_WITHIN_MS = 180_000;
/** As the engine waits. */
const RESTART_AFTER_MS = 100;

/**
 * docker-compose.yml without an engine: each container of ours as processes of its own with the variables that it has there, on a
 * Postgres and a RabbitMQ of their own. Only hosts, ports and folders are others. Two processes of each service stand behind one
 * address, and what channels bring comes in by the gateway.
 */
export async function startCluster({ folder, signal }: ClusterOptions): Promise<Cluster> {
  mkdirSync(folder, { recursive: true });
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const servers = await startServers(folder, stops);
    signal?.throwIfAborted();
    const [publicPort] = await freePorts(1, [USUAL_PUBLIC_PORT]);
    const given: Record<string, string> = {
      ...keptValues(join(folder, '.env')),
      // Its user has the name that compose gives to it.
      RABBITMQ_PASSWORD: new URL(servers.rabbitUrl).password,
      GATEWAY_PUBLIC_URL: `http://localhost:${publicPort}`,
      BOT_ADAPTER_PUBLIC_URL: `http://localhost:${publicPort}/v1`,
    };
    const databaseUrl = await prepareDatabase(servers.postgresUrl, given['POSTGRES_PASSWORD']!);
    const placed = await place(readCompose(given), publicPort!, stops);
    const hosts = new Map([
      ['postgres:5432', new URL(servers.postgresUrl).host],
      ['rabbitmq:5672', new URL(servers.rabbitUrl).host],
      ...placed.map(({ host, address }) => [host, address] as const),
    ]);
    const processes = new Map<string, Process[]>();
    const stopAll = (names: readonly string[]) =>
      Promise.all(names.flatMap((name) => processes.get(name) ?? []).map(({ child }) => child.stop()));
    // Services have something to say to third parties until they have ended.
    stops.push(() => stopAll([SANDBOX]));
    stops.push(() => stopAll(serviceNames()));
    const links: string[] = [];
    const startContainer = async (each: Placed) => {
      const all = each.replicas.map((_, number) => processOf(each, number, { folder, hosts, links, signal }));
      processes.set(each.container.name, all);
      await Promise.all(all.map(({ ready, child }) => ready(child)));
    };
    await inOrder(placed, startContainer);
    const ofServices = () => [...processes].filter(([name]) => name !== SANDBOX);
    return {
      gatewayUrl: `http://localhost:${publicPort}`,
      sandboxUrl: `http://${hosts.get(placed.find(({ container }) => container.name === SANDBOX)!.host)}`,
      services: Object.fromEntries(
        placed
          .filter(({ container }) => container.name !== SANDBOX)
          .map(({ container, address }) => [container.name, `http://${address}`]),
      ),
      ownersLink: links.at(-1),
      pids: () => Object.fromEntries(ofServices().map(([name, all]) => [name, all.map(({ child }) => child.pid)])),
      schemas: () => ownersOfSchemas(databaseUrl),
      killOneOfEach: async (number) => {
        const killed = ofServices().map(([, all]) => all[number]!);
        for (const { child } of killed) child.kill('SIGKILL');
        await Promise.all(killed.map(({ child }) => child.ended));
        await pause(RESTART_AFTER_MS);
        for (const process of killed) process.child = process.start();
        await Promise.all(killed.map(({ ready, child }) => ready(child)));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startServers(folder: string, stops: (() => Promise<unknown>)[]) {
  const parts = [
    startPostgres({ dataDir: join(folder, 'postgres') }),
    startRabbitMq({ dataDir: join(folder, 'rabbitmq') }),
  ] as const;
  // Both have come to an end before either can fail: what is stopped then is all that was started.
  for (const part of await Promise.allSettled(parts))
    if (part.status === 'fulfilled') stops.push(() => part.value.stop());
  const [postgres, rabbit] = await Promise.all(parts);
  return { postgresUrl: postgres.url, rabbitUrl: rabbit.url };
}

/** As deploy/README.md has it for a stack without accounts: made once, because data is encrypted with it. */
function keptValues(file: string): Record<string, string> {
  if (!existsSync(file)) {
    const sandbox = readFileSync(join(root, 'deploy/docker/sandbox.env'), 'utf8');
    writeFileSync(file, `${freshKeys(serviceNames(), new Date())}\n${sandbox}`, { mode: 0o600 });
  }
  return parseEnv(readFileSync(file, 'utf8')) as Record<string, string>;
}

/** Makes the administrator and the database of compose, once. @returns its address */
async function prepareDatabase(url: string, password: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'switchboard'`);
    if (!rowCount) {
      await client.query(`CREATE ROLE postgres SUPERUSER LOGIN PASSWORD ${client.escapeLiteral(password)}`);
      await client.query('CREATE DATABASE switchboard OWNER postgres');
    }
  } finally {
    await client.end();
  }
  const ours = new URL(url);
  ours.pathname = '/switchboard';
  return ours.href;
}

async function ownersOfSchemas(url: string): Promise<Record<string, string>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ schema: string; owner: string }>(
      `SELECT nspname AS schema, pg_get_userbyid(nspowner) AS owner FROM pg_namespace
       WHERE nspname !~ '^pg_|^information_schema$|^public$|_jobs$' ORDER BY 1`,
    );
    return Object.fromEntries(rows.map(({ schema, owner }) => [schema, owner]));
  } finally {
    await client.end();
  }
}

/** Gives every container its ports, and every service an address in front of its processes. */
async function place(
  containers: readonly Container[],
  publicPort: number,
  stops: (() => Promise<unknown>)[],
): Promise<Placed[]> {
  const defined = await definedServices();
  const balance = async (port: number, ports: readonly number[]) => {
    const balancer = await startBalancer(port, ports);
    stops.push(() => balancer.close());
    return `127.0.0.1:${balancer.port}`;
  };
  return Promise.all(
    containers.map(async (container) => {
      const { name, environment } = container;
      const prefix = prefixOf(name);
      const isPublic = Boolean(
        environment[`${prefix}_PUBLIC_PORT`] ?? defined.find((service) => service.name === name)?.publicPort,
      );
      const count = name === SANDBOX ? 1 : REPLICAS;
      // Those that are started again must find their ports still free.
      const [front, publicFront, ...ports] = (await quietPorts(2 + 2 * count)) as [number, number, ...number[]];
      const replicas = Array.from({ length: count }, (_, number) => ({
        port: ports[2 * number]!,
        publicPort: isPublic ? ports[2 * number + 1]! : undefined,
      }));
      const privatePorts = replicas.map((replica) => replica.port);
      const address = await balance(front, privatePorts);
      const publicPorts = replicas.flatMap((replica) => replica.publicPort ?? []);
      const publicAddress = isPublic
        ? await balance(name === 'gateway' ? publicPort : publicFront, publicPorts)
        : undefined;
      return { container, host: `${name}:${environment[`${prefix}_PORT`]}`, address, publicAddress, replicas };
    }),
  );
}

interface Dependencies {
  readonly folder: string;
  readonly hosts: ReadonlyMap<string, string>;
  /** Where the log's links for the first owner are put. */
  readonly links: string[];
  readonly signal: AbortSignal | undefined;
}

function processOf(
  { container, replicas }: Placed,
  number: number,
  { folder, hosts, links, signal }: Dependencies,
): Process {
  const { name, environment } = container;
  const prefix = prefixOf(name);
  const { port, publicPort } = replicas[number]!;
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TMPDIR: process.env.TMPDIR,
    ...Object.fromEntries(
      Object.entries(environment).map(([variable, value]) => [variable, local(value, container, folder, hosts)]),
    ),
    HTTP_HOST: '127.0.0.1',
    SANDBOX_HOST: '127.0.0.1',
    [`${prefix}_PORT`]: String(port),
    ...(publicPort && { [`${prefix}_PUBLIC_PORT`]: String(publicPort) }),
  };
  const start = () =>
    startChild({
      entry: `apps/${name}/dist/src/main.js`,
      env,
      logFile: join(folder, 'logs', `${name}-${number + 1}.log`),
      onLine: (line) => {
        const link = /"link":"([^"]+)"/.exec(line)?.[1];
        if (link) links.push(link);
      },
    });
  const path = name === SANDBOX ? '/phone/api/people' : '/health/ready';
  const ready = (child: Child) =>
    untilReady(child, `${name} ${number + 1}`, [`http://127.0.0.1:${port}${path}`], READY_WITHIN_MS, signal);
  return { start, ready, child: start() };
}

/** A value of a container's variable as it is on this machine. */
function local(value: string, { volumes }: Container, folder: string, hosts: ReadonlyMap<string, string>): string {
  for (const [target, source] of volumes) {
    if (value !== target && !value.startsWith(`${target}/`)) continue;
    const isPath = source.startsWith('.') || isAbsolute(source);
    return (isPath ? join(root, source) : join(folder, 'volumes', source)) + value.slice(target.length);
  }
  let here = value;
  for (const [host, address] of hosts)
    here = here.replaceAll(`//${host}`, `//${address}`).replaceAll(`@${host}`, `@${address}`);
  return here;
}

/** Each as soon as those are ready on which it depends. */
async function inOrder(placed: readonly Placed[], start: (each: Placed) => Promise<void>): Promise<void> {
  const started = new Map<string, Promise<void>>();
  const startOnce = (each: Placed): Promise<void> => {
    const { name, dependsOn } = each.container;
    const known = started.get(name);
    if (known) return known;
    // The engine does not wait for the sandbox, but nothing here is to begin with a failure.
    const needed = placed.filter(
      ({ container }) => dependsOn.includes(container.name) || (container.name === SANDBOX && name !== SANDBOX),
    );
    const starting = Promise.all(needed.map(startOnce)).then(() => start(each));
    started.set(name, starting);
    return starting;
  };
  const ends = await Promise.allSettled(placed.map(startOnce));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
