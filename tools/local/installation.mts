import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild } from './child.mts';
import { startPostgres } from './postgres.mts';
import { freePorts, until } from './processes.mts';
import { localSecrets } from './secrets.mts';
import { root } from './workspace.mts';

export interface InstallationOptions {
  /** Everything it keeps: database, files, secrets, logs. */
  stateDir: string;
  /** `usual` ports where they are free, or any `free` ones. */
  ports: 'usual' | 'free';
  /** Variables that override those made here, for example of a real bot. */
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
const SERVICES = { 'bot-adapter': 4101, 'chat-ai': 4102, 'tts-worker': 4103 } as const;
const READY_WITHIN_MS = 60_000;

/** Starts everything a company needs on this machine: database, sandbox and all services in one process. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { stateDir, signal } = options;
  mkdirSync(stateDir, { recursive: true });
  const names = Object.keys(SERVICES) as (keyof typeof SERVICES)[];
  const usual = options.ports === 'usual' ? [USUAL_SANDBOX_PORT, ...names.map((name) => SERVICES[name])] : [];
  const [sandboxPort, ...servicePorts] = await freePorts(names.length + 1, usual);
  const services = Object.fromEntries(names.map((name, i) => [name, `http://127.0.0.1:${servicePorts[i]}`]));
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const logs = join(stateDir, 'logs');
  rmSync(logs, { recursive: true, force: true });

  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const part of started.splice(0).reverse()) await part.stop();
  };
  try {
    const parts = [
      startPostgres({ dataDir: join(stateDir, 'postgres') }).then((part) => (started.unshift(part), part)),
      startSandbox(sandboxPort!, stateDir, logs, signal).then((part) => (started.push(part), part)),
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
      BOT_ADAPTER_BOTS_FILE: join(root, 'deploy/demo/bots.json'),
      BOT_ADAPTER_SANDBOX_API_ROOT: `${sandboxUrl}/telegram`,
      ...modelEnv(options.env ?? process.env, `${sandboxUrl}/openai/v1`),
      ...Object.fromEntries(names.map((name, i) => [`${prefix(name)}_PORT`, String(servicePorts[i])])),
      ...options.env,
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

/** A real key means the real models; without one the sandbox plays them. */
function modelEnv(env: Record<string, string | undefined>, sandboxModels: string): Record<string, string> {
  if (env.OPENAI_API_KEY || env.CHAT_AI_API_KEY || env.CHAT_AI_BASE_URL) return {};
  return {
    CHAT_AI_BASE_URL: sandboxModels,
    CHAT_AI_API_KEY: 'sk-sandbox',
    CHAT_AI_MODEL: 'sandbox-model',
    TTS_WORKER_BASE_URL: sandboxModels,
    TTS_WORKER_API_KEY: 'sk-sandbox',
    // Speech is made here for real; the sandbox could only hum.
    TTS_WORKER_SPEECH_ENGINE: 'espeak',
  };
}

async function startSandbox(port: number, stateDir: string, logs: string, signal?: AbortSignal): Promise<Child> {
  const bots = JSON.parse(readFileSync(join(root, 'deploy/demo/bots.json'), 'utf8')) as {
    token: string;
    username?: string;
    name: string;
  }[];
  const sandbox = startChild({
    entry: 'apps/sandbox/dist/src/main.js',
    env: {
      ...process.env,
      SANDBOX_PORT: String(port),
      SANDBOX_DATA: join(stateDir, 'sandbox'),
      SANDBOX_BOTS: JSON.stringify(bots.map(({ token, username, name }) => ({ token, username, name }))),
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

const prefix = (service: string) => service.replaceAll('-', '_').toUpperCase();
