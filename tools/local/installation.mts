import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Child, startChild } from './child.mts';
import { startPostgres } from './postgres.mts';
import { freePorts, until } from './processes.mts';
import { definedServices } from '../services.mts';
import { localSecrets } from './secrets.mts';
import { root } from './workspace.mts';

export interface InstallationOptions {
  /** Everything it keeps: database, files, secrets, logs. */
  stateDir: string;
  /** `usual` ports where they are free, or any `free` ones. */
  ports: 'usual' | 'free';
  /** Variables that a person has set; they always win over those made here. With a DATABASE_URL no database is started. */
  env?: Record<string, string | undefined>;
  /** Passed to the services' Node. */
  nodeArgs?: string[];
  /** When it fires before everything is ready, what was started is stopped again and the start throws. */
  signal?: AbortSignal;
}

export interface Installation {
  /** The phone in the browser, and the sandbox's control API. */
  sandboxUrl: string;
  /** Where each service answers, by name. */
  services: Record<string, string>;
  apps: Child;
  sandbox: Child;
  /** Starts the services again after they were killed. */
  restartApps(): Promise<void>;
  stop(): Promise<void>;
}

const USUAL_SANDBOX_PORT = 4500;
const READY_WITHIN_MS = 60_000;

/** Starts everything a company needs on this machine: database, sandbox and all services in one process. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { stateDir, signal } = options;
  mkdirSync(stateDir, { recursive: true });
  const given = Object.fromEntries(Object.entries(options.env ?? {}).filter(([, value]) => value));
  const defined = await definedServices();
  const usual = [USUAL_SANDBOX_PORT, ...defined.map(({ port }) => port)];
  const [sandboxPort, ...freed] = await freePorts(usual.length, options.ports === 'usual' ? usual : []);
  const ports = defined.map(({ name }, i) => [name, Number(given[portOf(name)] ?? freed[i])] as const);
  const services = Object.fromEntries(ports.map(([name, port]) => [name, `http://127.0.0.1:${port}`]));
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const logs = join(stateDir, 'logs');
  rmSync(logs, { recursive: true, force: true });

  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const parts = [
      given.DATABASE_URL || given.DATABASE_URL_FILE
        ? { url: given.DATABASE_URL }
        : startPostgres({ dataDir: join(stateDir, 'postgres') }).then((part) => (started.unshift(part), part)),
      startSandbox(sandboxPort!, stateDir, logs, given, signal).then((part) => (started.push(part), part)),
    ] as const;
    // Both have come to an end before either can fail: what is stopped then is all that was started.
    await Promise.allSettled(parts);
    const [postgres, sandbox] = await Promise.all(parts);
    signal?.throwIfAborted();
    const env = {
      ...process.env,
      NODE_ENV: 'development',
      DATABASE_URL: postgres.url,
      ...localSecrets(stateDir),
      MEDIA_FOLDER: join(stateDir, 'media'),
      BOTS_FOLDER: join(root, 'deploy/demo/bots'),
      BOT_ADAPTER_SANDBOX_API_ROOT: `${sandboxUrl}/telegram`,
      // Only bots of the sandbox are answered by them, and only while no real server is connected.
      CHAT_AI_SANDBOX_BASE_URL: `${sandboxUrl}/openai/v1`,
      TTS_WORKER_SANDBOX_BASE_URL: `${sandboxUrl}/openai/v1`,
      ...Object.fromEntries(ports.map(([name, port]) => [portOf(name), String(port)])),
      ...given,
      // What is given as a file must not stand beside the value that was made here.
      ...Object.fromEntries(givenAsFile(given).map((name) => [name, undefined])),
    };
    const startApps = async () => {
      const apps = startChild({
        entry: 'apps/all-in-one/dist/src/main.js',
        env,
        logFile: join(logs, 'services.log'),
        nodeArgs: options.nodeArgs,
      });
      await ready(
        apps,
        'The services',
        Object.values(services).map((url) => `${url}/health/ready`),
        signal,
      );
      return apps;
    };
    const installation: Installation = {
      sandboxUrl,
      services,
      sandbox,
      apps: await startApps(),
      restartApps: async () => {
        await installation.apps.ended;
        installation.apps = await startApps();
      },
      stop,
    };
    started.push({ stop: () => installation.apps.stop() });
    return installation;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The bots of the demo company, as the sandbox has to know them. */
export function demoBots(): { id: string; token: string; username?: string; name: string }[] {
  const folder = join(root, 'deploy/demo/bots');
  return readdirSync(folder).map((file) => {
    const { name, channel } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      name: string;
      channel: { token: string; username?: string };
    };
    return { id: basename(file, '.json'), name, token: channel.token, username: channel.username };
  });
}

async function startSandbox(
  port: number,
  stateDir: string,
  logs: string,
  given: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<Child> {
  const sandbox = startChild({
    entry: 'apps/sandbox/dist/src/main.js',
    env: {
      ...process.env,
      SANDBOX_PORT: String(port),
      SANDBOX_DATA: join(stateDir, 'sandbox'),
      // A company of one's own has bots that the sandbox has not heard of.
      SANDBOX_ACCEPT: given.SANDBOX_ACCEPT ?? '',
      SANDBOX_BOTS: JSON.stringify(demoBots().map(({ token, username, name }) => ({ token, username, name }))),
    },
    logFile: join(logs, 'sandbox.log'),
  });
  await ready(sandbox, 'The sandbox', [`http://127.0.0.1:${port}/phone/api/people`], signal);
  return sandbox;
}

/** Waits until every address answers 200. Throws when the process ends, time is up or `signal` fires, and stops it. */
async function ready(child: Child, what: string, urls: string[], signal?: AbortSignal): Promise<void> {
  let over = false;
  void child.ended.then(() => (over = true));
  const answers = async () => {
    const responses = await Promise.all(
      urls.map((url) => fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)),
    );
    return responses.every((response) => response?.ok);
  };
  const inTime = await until(async () => over || signal?.aborted === true || (await answers()), READY_WITHIN_MS, 50);
  if (inTime && !over && !signal?.aborted) return;
  await child.stop();
  signal?.throwIfAborted();
  throw new Error(`${what} did not start:\n${child.tail()}`);
}

/** `DATABASE_URL` of `DATABASE_URL_FILE`. */
const givenAsFile = (given: Record<string, string | undefined>) =>
  Object.keys(given)
    .filter((name) => name.endsWith('_FILE'))
    .map((name) => name.slice(0, -'_FILE'.length))
    .filter((name) => !(name in given));

const portOf = (service: string) => `${service.replaceAll('-', '_').toUpperCase()}_PORT`;
