import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import kit from '@switchboard/service-kit';
import pg from 'pg';
import { Pool } from 'undici';
import { z } from 'zod';
import { freshIdentities } from '../local/identities.mts';
import { startPostgres } from '../local/postgres.mts';
import { freePorts, run, until } from '../local/processes.mts';
import { freshEncryptionKey } from '../local/secrets.mts';
import { onShutdown } from '../local/shutdown.mts';
import { root } from '../local/workspace.mts';
import { median, optionsFrom, rounded, table } from './bus.report.mts';

export const about = 'requests through the gateway, beside a bare fastify with @fastify/http-proxy';
export const usage = '[--seconds 8] [--repetitions 3] [--connections 32] [--rate 200]';

const Options = z.object({
  seconds: z.coerce.number().positive().default(8),
  repetitions: z.coerce.number().int().positive().default(3),
  connections: z.coerce.number().int().positive().default(32),
  rate: z.coerce.number().positive().default(200),
});

/** Of the bare proxy's requests per second at least so much, and at most so many milliseconds more than without any. */
const AIMS = { ratio: 0.5, addedP99Ms: 10, firstByteAddedMs: 5 };

const PATH = '/usage?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z';
/** Each has 3,000 calls a minute: the limits are on, and none is reached. */
const KEYS = 400;
const READY_WITHIN_MS = 30_000;

interface Target {
  readonly pool: Pool;
  readonly path: string;
  headers(i: number): Record<string, string>;
}

/** In turns, in one run: the gateway with authentication, limits and access log on, the bare proxy, and the upstream itself. */
export async function main(args: string[]): Promise<number> {
  const options = optionsFrom(Options, args);
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-gateway-'));
  await prepareRivals();
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false });
  const children: { kill(): void }[] = [];
  const clear = async () => {
    for (const child of children) child.kill();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  onShutdown((exitCode) => void clear().finally(() => process.exit(exitCode)));
  try {
    const [upstreamPort, proxyPort, privatePort, publicPort] = (await freePorts(4)) as [number, number, number, number];
    const upstream = `http://127.0.0.1:${upstreamPort}`;
    const start = (script: string, env: Record<string, string>) => {
      // Access logs are written, as in production; nobody has to keep them here.
      const child = spawn(process.execPath, [join(root, script)], { env: { ...process.env, ...env }, stdio: 'ignore' });
      children.push(child);
    };
    const lookupKey = randomBytes(32).toString('base64');
    const { privateKeys, SERVICE_PUBLIC_KEYS } = freshIdentities(['gateway', 'chat-ai']);
    start('tools/bench/gateway.upstream.mts', { PORT: String(upstreamPort) });
    start('tools/bench/rivals/fastify-http-proxy.mts', { PORT: String(proxyPort), UPSTREAM: upstream });
    start('apps/gateway/dist/src/main.js', {
      NODE_ENV: 'production',
      DATABASE_URL: postgres.url,
      DATABASE_ROLE_SECRET: randomBytes(16).toString('hex'),
      ENCRYPTION_KEYS: freshEncryptionKey('bench'),
      LOOKUP_KEY: lookupKey,
      SERVICE_PRIVATE_KEY: privateKeys['GATEWAY_PRIVATE_KEY']!,
      SERVICE_PUBLIC_KEYS,
      BUS: 'memory',
      TELEGRAM_BOT_TOKEN: '1:bench',
      MEDIA_FOLDER: join(folder, 'media'),
      GATEWAY_PORT: String(privatePort),
      GATEWAY_PUBLIC_PORT: String(publicPort),
      CHAT_AI_URL: upstream,
    });
    const isUp = (url: string) =>
      fetch(url).then(
        ({ ok }) => ok,
        () => false,
      );
    const urls = [upstream, `http://127.0.0.1:${proxyPort}/v1${PATH}`, `http://127.0.0.1:${privatePort}/health/ready`];
    for (const url of urls)
      if (!(await until(() => isUp(url), READY_WITHIN_MS))) throw new Error(`${url} does not answer`);
    const keys = await makeKeys(postgres.url, lookupKey);
    const target = (port: number, path: string, headers: Target['headers'] = () => ({})): Target => ({
      pool: new Pool(`http://127.0.0.1:${port}`, { connections: options.connections, pipelining: 1 }),
      path,
      headers,
    });
    const byKey = (i: number) => ({ authorization: `Bearer ${keys[i % keys.length]}` });
    const targets = {
      direct: target(upstreamPort, PATH),
      proxy: target(proxyPort, `/v1${PATH}`),
      gateway: target(publicPort, `/v1${PATH}`, byKey),
    };
    const streams = {
      direct: { ...targets.direct, path: `${PATH}&stream=1` },
      gateway: { ...targets.gateway, path: `/v1${PATH}&stream=1` },
    };
    const report = await measure(targets, streams, options);
    for (const [what, aim] of Object.entries(AIMS)) {
      const found = report[what as keyof typeof AIMS];
      // Compared with nothing that could be measured, it is missed.
      const met = found !== null && (what === 'ratio' ? found >= aim : found <= aim);
      console.log(`${met ? 'met   ' : 'missed'} ${what} ${found}, aim ${aim}`);
    }
    console.log(JSON.stringify(report));
    for (const { pool } of Object.values(targets)) await pool.destroy();
    return 0;
  } finally {
    await clear();
  }
}

type Targets = Record<'direct' | 'proxy' | 'gateway', Target>;

async function measure(
  targets: Targets,
  streams: Record<'direct' | 'gateway', Target>,
  { seconds, repetitions, connections, rate }: z.output<typeof Options>,
) {
  const names = ['direct', 'proxy', 'gateway'] as const;
  const perSecond: Record<string, number[]> = { direct: [], proxy: [], gateway: [] };
  const latencies: Record<string, number[]> = { direct: [], proxy: [], gateway: [] };
  const firstBytes: Record<string, number[]> = { direct: [], gateway: [] };
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    console.log(repetition === 0 ? 'Warming up' : `Repetition ${repetition} of ${repetitions}`);
    for (const name of names) {
      const speed = await atFullSpeed(targets[name], connections, repetition === 0 ? seconds / 2 : seconds);
      const times = await atRate(targets[name], rate, repetition === 0 ? 1 : seconds);
      if (repetition === 0) continue;
      perSecond[name]!.push(speed);
      latencies[name]!.push(...times);
    }
    for (const name of ['direct', 'gateway'] as const) {
      for (let i = 0; i < 100; i++) {
        const took = await firstByte(streams[name], i);
        if (repetition > 0) firstBytes[name]!.push(took);
      }
    }
  }
  const of = (name: string) => ({ p50: quantile(latencies[name]!, 0.5), p99: quantile(latencies[name]!, 0.99) });
  table(
    ['', 'requests/s', `p50 at ${rate}/s`, 'p99, ms'],
    names.map((name) => [name, rounded(median(perSecond[name])), rounded(of(name).p50, 2), rounded(of(name).p99, 2)]),
  );
  return {
    ratio: rounded(median(perSecond['gateway'])! / median(perSecond['proxy'])!, 2),
    addedP50Ms: rounded(of('gateway').p50 - of('direct').p50, 2),
    addedP99Ms: rounded(of('gateway').p99 - of('direct').p99, 2),
    firstByteAddedMs: rounded(median(firstBytes['gateway'])! - median(firstBytes['direct'])!, 2),
    requestsPerS: Object.fromEntries(names.map((name) => [name, rounded(median(perSecond[name]))])),
  };
}

/** Requests in a second, so many side by side. */
async function atFullSpeed(target: Target, connections: number, seconds: number): Promise<number> {
  let done = 0;
  const end = performance.now() + seconds * 1000;
  const began = performance.now();
  const work = async () => {
    while (performance.now() < end) {
      await ask(target, done);
      done++;
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
  return (done * 1000) / (performance.now() - began);
}

/** Milliseconds of each, begun at its time whatever became of those before. */
async function atRate(target: Target, rate: number, seconds: number): Promise<number[]> {
  const began = performance.now();
  const asked = Array.from({ length: Math.round(rate * seconds) }, async (_, i) => {
    const due = began + (i * 1000) / rate;
    await sleep(Math.max(0, due - performance.now()));
    const from = performance.now();
    await ask(target, i);
    return performance.now() - from;
  });
  return Promise.all(asked);
}

async function ask({ pool, path, headers }: Target, i: number): Promise<void> {
  const { statusCode, body } = await pool.request({ path, method: 'GET', headers: headers(i) });
  await body.text();
  if (statusCode !== 200) throw new Error(`${path} was answered with ${statusCode}`);
}

async function firstByte({ pool, path, headers }: Target, i: number): Promise<number> {
  const began = performance.now();
  const { body } = await pool.request({ path, method: 'GET', headers: headers(i) });
  let took = 0;
  for await (const _ of body) took ||= performance.now() - began;
  return took;
}

/** As the gateway would have made them. */
async function makeKeys(databaseUrl: string, lookupKey: string): Promise<string[]> {
  const { newKey } = (await import(join(root, 'apps/gateway/dist/src/api-keys/key-format.js'))) as {
    newKey(environment: 'live'): { key: string; id: string; secret: string };
  };
  const index = new kit.BlindIndex(lookupKey, 'gateway');
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const keys: string[] = [];
  // A key may do no more than whoever has made it.
  const maker = randomUUID();
  await client.query(
    `INSERT INTO gateway.staff (id, state, email_hash, email, name, created_at) VALUES ($1::uuid, 'active', $1::text, '', '', now())`,
    [maker],
  );
  await client.query(
    `INSERT INTO gateway.grants (id, staff_id, role, granted_at) VALUES (gen_random_uuid(), $1, 'developer', now())`,
    [maker],
  );
  for (let i = 0; i < KEYS; i++) {
    const { key, id, secret } = newKey('live');
    await client.query(
      `INSERT INTO gateway.api_keys (id, secret_hash, name, team, scopes, networks, rate, created_by, created_at, expires_at)
       VALUES ($1, $2, 'bench', 'bench', '{usage:read}', '{}', 'high', $3, now(), now() + interval '1 day')`,
      [id, index.hash('api key', id, secret), maker],
    );
    keys.push(key);
  }
  await client.end();
  return keys;
}

/** Installs what stands in `rivals`: nobody else needs those packages. */
async function prepareRivals(): Promise<void> {
  const cwd = join(root, 'tools/bench/rivals');
  if (existsSync(join(cwd, 'node_modules', 'fastify'))) return;
  const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await run('npm', install, { cwd });
  if (code !== 0) throw new Error(`What the gateway is compared with could not be installed:\n${output.trim()}`);
}

function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))]!;
}
