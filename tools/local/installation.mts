import { mkdirSync, rmSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { DEMO_BOTS, followSandboxBots, type LocalBot, localBots, sandboxBots } from './bots.mts';
import { type Child, startChild, untilReady } from './child.mts';
import { startPostgres } from './postgres.mts';
import { freePorts } from './processes.mts';
import { definedServices } from '../services.mts';
import { connectSandbox } from './sandbox-client.mts';
import { localSecrets } from './secrets.mts';
import { prefixOf } from './variables.mts';
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
  /** Where those answer the outside that have a listener for it. */
  publicUrls: Record<string, string>;
  /** The folder in use, and who is in it. */
  botsFolder: string;
  bots: LocalBot[];
  /** Usual ports that somebody else holds, with the ones used in their place. */
  movedPorts: { name: string; usual: number; used: number }[];
  apps: Child;
  sandbox: Child;
  /** Starts the services again after they were killed. */
  restartApps(): Promise<void>;
  stop(): Promise<void>;
}

type Variables = Record<string, string | undefined>;

const USUAL_SANDBOX_PORT = 4500;
const READY_WITHIN_MS = 60_000;

/** Starts everything a company needs on this machine: database, sandbox and all services in one process. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const { stateDir, signal } = options;
  mkdirSync(stateDir, { recursive: true });
  const given = Object.fromEntries(Object.entries(options.env ?? {}).filter(([, value]) => value));
  const defined = await definedServices();
  const listeners = [
    ...defined.map(({ name, port }) => ({ name, port, variable: portOf(name) })),
    ...defined.flatMap(({ name, publicPort: port }) => (port ? [{ name, port, variable: publicPortOf(name) }] : [])),
  ];
  const usual = [USUAL_SANDBOX_PORT, ...listeners.map(({ port }) => port)];
  const [freeForSandbox, ...freed] = await freePorts(usual.length, options.ports === 'usual' ? usual : []);
  const sandboxPort = Number(given.SANDBOX_PORT ?? freeForSandbox);
  const ports = listeners.map(({ variable }, i) => [variable, Number(given[variable] ?? freed[i])] as const);
  const portBy = new Map(ports);
  const services = Object.fromEntries(
    defined.map(({ name }) => [name, `http://127.0.0.1:${portBy.get(portOf(name))}`]),
  );
  const publicUrls = Object.fromEntries(
    defined.flatMap(({ name }) => {
      const port = portBy.get(publicPortOf(name));
      // By name: browsers keep cookies of sessions for https and for localhost.
      return port ? [[name, given[`${prefixOf(name)}_PUBLIC_URL`] ?? `http://localhost:${port}`]] : [];
    }),
  );
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const movedPorts = options.ports === 'usual' ? moved([['SANDBOX_PORT', sandboxPort], ...ports], usual, given) : [];
  const botsFolder = given.BOTS_FOLDER ? fromRoot(given.BOTS_FOLDER) : DEMO_BOTS;
  const bots = await localBots(botsFolder, given);
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
      startSandbox(sandboxPort, { stateDir, logs, given, botsFolder }, signal).then(
        (part) => (started.push(part), part),
      ),
    ] as const;
    // Both have come to an end before either can fail: what is stopped then is all that was started.
    await Promise.allSettled(parts);
    const [postgres, sandbox] = await Promise.all(parts);
    signal?.throwIfAborted();
    const client = await connectSandbox(sandboxUrl);
    const addresses = await client.addresses();
    const unfollow = followSandboxBots(botsFolder, given, client);
    started.push({ stop: () => Promise.resolve(unfollow()) });
    const env = {
      ...process.env,
      NODE_ENV: 'development',
      DATABASE_URL: postgres.url,
      ...localSecrets(stateDir),
      MEDIA_FOLDER: join(stateDir, 'media'),
      BACKUP_FOLDER: join(stateDir, 'backups'),
      BOTS_FOLDER: botsFolder,
      // `<PARTY>_SANDBOX_URL` for each, so that a channel whose third party is played finds it.
      ...Object.fromEntries(Object.entries(addresses).map(([name, url]) => [`${prefixOf(name)}_SANDBOX_URL`, url])),
      BOT_ADAPTER_SANDBOX_API_ROOT: addresses['telegram'],
      // Only bots of the sandbox are answered by them, and only while no real server is connected.
      CHAT_AI_SANDBOX_BASE_URL: addresses['openai'],
      TTS_WORKER_SANDBOX_BASE_URL: addresses['openai'],
      PAYMENTS_SANDBOX_URL: sandboxUrl,
      VPN_PROVISIONER_CLOUDS_SANDBOX_URL: sandboxUrl,
      ...playedSignIn(given, addresses, await client.mailbox.smtpUrl()),
      ...Object.fromEntries(ports.map(([variable, port]) => [variable, String(port)])),
      ...Object.fromEntries(Object.entries(publicUrls).map(([name, url]) => [`${prefixOf(name)}_PUBLIC_URL`, url])),
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
      const urls = Object.values(services).map((url) => `${url}/health/ready`);
      await untilReady(apps, 'The services', urls, READY_WITHIN_MS, signal);
      return apps;
    };
    const installation: Installation = {
      sandboxUrl,
      services,
      publicUrls,
      botsFolder,
      bots,
      movedPorts,
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

async function startSandbox(
  port: number,
  { stateDir, logs, given, botsFolder }: Record<'stateDir' | 'logs' | 'botsFolder', string> & { given: Variables },
  signal?: AbortSignal,
): Promise<Child> {
  const bots = await sandboxBots(botsFolder, given);
  const sandbox = startChild({
    entry: 'apps/sandbox/dist/src/main.js',
    env: {
      ...process.env,
      SANDBOX_PORT: String(port),
      SANDBOX_DATA: join(stateDir, 'sandbox'),
      // Bots that are made in the console have tokens that nobody has told the sandbox of.
      SANDBOX_ACCEPT: given.SANDBOX_ACCEPT ?? 'tokens',
      SANDBOX_BOTS: JSON.stringify(bots.map(({ token, username, name }) => ({ token, username, name }))),
    },
    logFile: join(logs, 'sandbox.log'),
  });
  await untilReady(sandbox, 'The sandbox', [`http://127.0.0.1:${port}/phone/api/people`], READY_WITHIN_MS, signal);
  return sandbox;
}

/**
 * Ways to sign in of the sandbox, in place of each of which nothing is configured. Never half of one: a real client must not meet a
 * provider that is played.
 */
function playedSignIn(given: Variables, addresses: Record<string, string>, smtpUrl: string): Variables {
  const openid = addresses['openid']!;
  const elsewhere = { CLIENT_ID: 'sandbox', CLIENT_SECRET: 'sandbox-secret' };
  const played: Record<string, Record<string, string>> = {
    TELEGRAM: {
      CLIENT_ID: '7000000001',
      CLIENT_SECRET: 'sandbox-login-secret',
      ISSUER: addresses['telegram-login']!,
    },
    GOOGLE: { ...elsewhere, ISSUER: `${openid}/google` },
    YANDEX: { ...elsewhere, URL: `${openid}/yandex`, INFO_URL: `${openid}/yandex` },
    VK: { CLIENT_ID: 'sandbox', SERVICE_TOKEN: 'sandbox-secret', URL: `${openid}/vk` },
  };
  const staff: Record<string, string> = {
    ...elsewhere,
    ISSUER: `${openid}/company`,
    NAME: 'Sandbox company',
    SCOPE: 'openid profile email groups',
    DOMAINS: 'company.example',
    JOIN: 'anybody',
    // Nobody who could let others in: whoever reaches the sandbox chooses for themselves.
    ROLES: JSON.stringify({ developers: ['developer'], support: ['support'], analysts: ['analyst'] }),
  };
  const isGiven = (prefix: string) => Object.keys(given).some((name) => name.startsWith(prefix));
  const providers = Object.entries(played).flatMap(([provider, settings]) => {
    const prefix = `GATEWAY_SIGN_IN_${provider}_`;
    if (isGiven(prefix)) return [];
    return Object.entries(settings).map(([name, value]) => [prefix + name, value]);
  });
  const company = isGiven('GATEWAY_STAFF_SSO_')
    ? []
    : Object.entries(staff).map(([name, value]) => [`GATEWAY_STAFF_SSO_${name}`, value]);
  return {
    ...(isGiven('GATEWAY_SMTP_URL') ? {} : { GATEWAY_SMTP_URL: smtpUrl }),
    ...Object.fromEntries([...providers, ...company]),
  };
}

/** `DATABASE_URL` of `DATABASE_URL_FILE`. */
const givenAsFile = (given: Variables) =>
  Object.keys(given)
    .filter((name) => name.endsWith('_FILE'))
    .map((name) => name.slice(0, -'_FILE'.length))
    .filter((name) => !(name in given));

/** A port that a person has chosen is where they want it. */
const moved = (ports: (readonly [variable: string, used: number])[], usual: readonly number[], given: Variables) =>
  ports.flatMap(([variable, used], i) =>
    used === usual[i] || given[variable] ? [] : [{ name: nameIn(variable), usual: usual[i]!, used }],
  );

/** Children run there. */
const fromRoot = (path: string) => (isAbsolute(path) ? path : join(root, path));

const portOf = (service: string) => `${prefixOf(service)}_PORT`;
const publicPortOf = (service: string) => `${prefixOf(service)}_PUBLIC_PORT`;
/** `CHAT_AI_PORT` → `chat-ai` */
const nameIn = (variable: string) =>
  variable
    .replace(/(_PUBLIC)?_PORT$/, '')
    .toLowerCase()
    .replaceAll('_', '-');
