import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import kit from '@switchboard/service-kit';
import { Pool } from 'undici';
import { z } from 'zod';
import { freshIdentities } from '../local/identities.mts';
import { startPostgres } from '../local/postgres.mts';
import { freePorts, run, until } from '../local/processes.mts';
import { freshEncryptionKey } from '../local/secrets.mts';
import { onShutdown } from '../local/shutdown.mts';
import { root } from '../local/workspace.mts';
import { median, optionsFrom, rounded, table } from './bus.report.mts';

export const about = 'addresses for VPN apps, beside a bare fastify that answers the same bytes';
export const usage = '[--seconds 8] [--repetitions 3] [--connections 32] [--rate 500] [--people 500]';

const Options = z.object({
  seconds: z.coerce.number().positive().default(8),
  repetitions: z.coerce.number().int().positive().default(3),
  connections: z.coerce.number().int().positive().default(32),
  rate: z.coerce.number().positive().default(500),
  people: z.coerce.number().int().positive().default(500),
});
type Options = z.output<typeof Options>;

const AIMS = { requestsPerS: 3000, p99Ms: 10, ratio: 0.6 };
const READY_WITHIN_MS = 30_000;
const NOTICED_WITHIN_MS = 1500;

interface Target {
  readonly pid: number;
  readonly pool: Pool;
  readonly paths: readonly string[];
}

export interface LinksReport {
  readonly requestsPerS: number;
  readonly p99Ms: number;
  readonly ratio: number;
  readonly cpuRatio: number | null;
}

export async function main(args: string[]): Promise<number> {
  const report = await measureLinks(optionsFrom(Options, args));
  const met = {
    requestsPerS: report.requestsPerS >= AIMS.requestsPerS,
    p99Ms: report.p99Ms <= AIMS.p99Ms,
    ratio: report.ratio >= AIMS.ratio,
  };
  for (const [what, isMet] of Object.entries(met)) {
    const name = what as keyof typeof AIMS;
    console.log(`${isMet ? 'met   ' : 'missed'} ${what} ${report[name]}, aim ${AIMS[name]}`);
  }
  console.log(JSON.stringify(report));
  return 0;
}

/** In turns, in one run: each request is another person's, from memory and with the device that is known of them. */
export async function measureLinks(options: Options): Promise<LinksReport> {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-links-'));
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
    const [rivalPort, privatePort, publicPort] = (await freePorts(3)) as [number, number, number];
    const { privateKeys, SERVICE_PUBLIC_KEYS } = freshIdentities(['vpn-provisioner', 'gateway']);
    const env = {
      NODE_ENV: 'production',
      DATABASE_URL: postgres.url,
      DATABASE_ROLE_SECRET: randomBytes(16).toString('hex'),
      ENCRYPTION_KEYS: freshEncryptionKey('bench'),
      LOOKUP_KEY: randomBytes(32).toString('base64'),
      SERVICE_PRIVATE_KEY: privateKeys['VPN_PROVISIONER_PRIVATE_KEY']!,
      SERVICE_PUBLIC_KEYS,
      BUS: 'memory',
      LOG_LEVEL: 'warn',
      TELEGRAM_BOT_TOKEN: '1:bench',
      MEDIA_FOLDER: join(folder, 'media'),
      VPN_PROVISIONER_PORT: String(privatePort),
      VPN_PROVISIONER_PUBLIC_PORT: String(publicPort),
      // What is measured is a server that answers and none that refuses.
      VPN_PROVISIONER_LINK_REQUESTS_PER_MINUTE: '10000000',
      VPN_PROVISIONER_NETWORK_REQUESTS_PER_MINUTE: '10000000',
    };
    const paths = await seed(env, options.people);
    const start = (script: string, more: Record<string, string>) => {
      const child = spawn(process.execPath, [join(root, script)], {
        env: { ...process.env, ...more },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      children.push(child);
      return child.pid!;
    };
    const oursPid = start('apps/vpn-provisioner/dist/src/main.js', env);
    const isUp = (url: string) =>
      fetch(url).then(
        ({ ok }) => ok,
        () => false,
      );
    const ours = `http://127.0.0.1:${publicPort}`;
    if (!(await until(() => isUp(ours + paths[0]), READY_WITHIN_MS))) throw new Error(`${ours} does not answer`);
    const answer = await fetch(ours + paths[0], { headers: HEADERS });
    const {
      date: _,
      connection: __,
      'keep-alive': ___,
      'content-length': ____,
      ...headers
    } = Object.fromEntries(answer.headers);
    const rivalPid = start('tools/bench/rivals/fastify-answers.mts', {
      PORT: String(rivalPort),
      ANSWER: JSON.stringify({ headers, body: await answer.text() }),
    });
    const rival = `http://127.0.0.1:${rivalPort}`;
    if (!(await until(() => isUp(rival + paths[0]), READY_WITHIN_MS))) throw new Error(`${rival} does not answer`);
    const target = (url: string, pid: number): Target => ({
      pid,
      pool: new Pool(url, { connections: options.connections, pipelining: 1 }),
      paths,
    });
    const targets = { fastify: target(rival, rivalPid), links: target(ours, oursPid) };
    // Devices are noted once, and what has changed by that is read once.
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < paths.length; i++) await ask(targets.links, i);
      await sleep(NOTICED_WITHIN_MS);
    }
    const report = await measure(targets, options);
    for (const { pool } of Object.values(targets)) await pool.destroy();
    return report;
  } finally {
    await clear();
  }
}

const HEADERS = { 'user-agent': 'Happ/3.8.1', 'x-hwid': 'bench-device-0001' };

async function measure(
  targets: Record<'fastify' | 'links', Target>,
  { seconds, repetitions, connections, rate }: Options,
): Promise<LinksReport> {
  const names = ['fastify', 'links'] as const;
  const perSecond: Record<string, number[]> = { fastify: [], links: [] };
  const latencies: Record<string, number[]> = { fastify: [], links: [] };
  const cpu: Record<string, number[]> = { fastify: [], links: [] };
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    console.log(repetition === 0 ? 'Warming up' : `Repetition ${repetition} of ${repetitions}`);
    for (const name of names) {
      const before = cpuSeconds(targets[name].pid);
      const { done, perSecond: speed } = await atFullSpeed(
        targets[name],
        connections,
        repetition === 0 ? seconds / 2 : seconds,
      );
      const microsEach = ((cpuSeconds(targets[name].pid) - before) * 1e6) / done;
      const times = await atRate(targets[name], rate, repetition === 0 ? 1 : seconds);
      if (repetition === 0) continue;
      perSecond[name]!.push(speed);
      cpu[name]!.push(microsEach);
      latencies[name]!.push(...times);
    }
  }
  const of = (name: string) => ({ p50: quantile(latencies[name]!, 0.5), p99: quantile(latencies[name]!, 0.99) });
  table(
    ['', 'requests/s', 'µs of a processor', `p50 at ${rate}/s`, 'p99, ms'],
    names.map((name) => [
      ...[name, rounded(median(perSecond[name])), rounded(median(cpu[name]))],
      ...[rounded(of(name).p50, 2), rounded(of(name).p99, 2)],
    ]),
  );
  return {
    requestsPerS: rounded(median(perSecond['links']))!,
    p99Ms: rounded(of('links').p99, 2)!,
    ratio: rounded(median(perSecond['links'])! / median(perSecond['fastify'])!, 2)!,
    cpuRatio: rounded(median(cpu['fastify'])! / median(cpu['links'])!, 2),
  };
}

async function atFullSpeed(target: Target, connections: number, seconds: number) {
  let done = 0;
  const began = performance.now();
  const end = began + seconds * 1000;
  const work = async () => {
    while (performance.now() < end) await ask(target, done++);
  };
  await Promise.all(Array.from({ length: connections }, work));
  return { done, perSecond: (done * 1000) / (performance.now() - began) };
}

/** What a process has used of processors: it says the same however busy the machine is. */
function cpuSeconds(pid: number): number {
  if (!existsSync(`/proc/${pid}/stat`)) return NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Milliseconds of each, begun at its time whatever became of those before. */
async function atRate(target: Target, rate: number, seconds: number): Promise<number[]> {
  const began = performance.now();
  const asked = Array.from({ length: Math.round(rate * seconds) }, async (_, i) => {
    await sleep(Math.max(0, began + (i * 1000) / rate - performance.now()));
    const from = performance.now();
    await ask(target, i);
    return performance.now() - from;
  });
  return Promise.all(asked);
}

async function ask({ pool, paths }: Target, i: number): Promise<void> {
  const path = paths[i % paths.length]!;
  const { statusCode, body } = await pool.request({ path, method: 'GET', headers: HEADERS });
  await body.text();
  if (statusCode !== 200) throw new Error(`an address was answered with ${statusCode}`);
}

/** People with three servers each, as the service itself would have noted them. */
async function seed(env: Record<string, string>, people: number): Promise<string[]> {
  const require = createRequire(join(root, 'apps/vpn-provisioner/dist/src/main.js'));
  const { vpnProvisionerApp } = require('./vpn-provisioner.app.js') as { vpnProvisionerApp: kit.AppDefinition };
  const { LinksService } = require('./links/links.service.js') as { LinksService: new () => LinksLike };
  const { services, stop } = await kit.startApps([vpnProvisionerApp], env);
  const [service] = services;
  const personal = service!.nest.get(kit.PersonalData, { strict: false });
  const links = service!.nest.get(LinksService, { strict: false });
  const paths = await service!.db.transaction(async (tx) => {
    const endpoint = {
      ...{ protocol: 'vless', host: 'de1.example.net', port: 443, transport: 'tcp', security: 'reality' },
      ...{ sni: 'www.example.com', publicKey: randomBytes(32).toString('base64url'), shortId: '0123abcd' },
      flow: 'xtls-rprx-vision',
    };
    const servers = [1, 2, 3].map((n) => ({ id: randomUUID(), name: `Frankfurt ${n}` }));
    for (const { id, name } of servers) {
      await tx.query(
        `INSERT INTO servers (id, name, region, capacity, weight, monthly_cost_minor, currency, panel_kind, url, settings, endpoints,
           parallel_calls, state, revision, created_at, changed_at)
         VALUES ($1::uuid, $2, 'de', 1000, 1, 500, 'EUR', 'none', 'https://panel.example/' || $1::text, '{}', $3, 4, 'draining', 1, now(), now())`,
        [id, name, JSON.stringify([endpoint])],
      );
    }
    const made: string[] = [];
    for (let i = 0; i < people; i++) {
      const [id, userId] = [randomUUID(), randomUUID()];
      const secret = JSON.stringify({ uuid: randomUUID(), password: randomBytes(12).toString('base64url') });
      const { credentials } = await personal.encrypt(tx, { table: 'accesses', id, userId }, { credentials: secret });
      await tx.query(
        `INSERT INTO accesses (id, subscription_id, user_id, bot_id, revision, status, period_start, valid_until, served_until, limit_bytes,
           device_limit, server_count, used_bytes, panel_user, credentials, enabled, version, told_version, delayed_version, granted_at,
           link_version, created_at)
         VALUES ($1, gen_random_uuid(), $2, 'bench', 1, 'active', now(), now() + interval '30 days', now() + interval '30 days',
           100000000000, 3, 3, 5000000000, $4, $3, true, 1, 1, 0, now(), 1, now())`,
        [id, userId, credentials, `bench-${i}`],
      );
      await tx.query(
        `INSERT INTO access_keys (id, access_id, server_id, user_id, state, occupies, applied_version, panel_used_bytes, asked, priority,
           attempts, created_at)
         SELECT gen_random_uuid(), $1, unnest($2::uuid[]), $3, 'serving', true, 1, 0, 0, 0, 0, now()`,
        [id, servers.map((server) => server.id), userId],
      );
      made.push(new URL(await links.addressOf(tx, { id, userId })).pathname);
    }
    return made;
  });
  await stop();
  return paths;
}

interface LinksLike {
  addressOf(tx: unknown, access: { id: string; userId: string }): Promise<string>;
}

/** Installs what stands in `rivals`: nobody else needs those packages. */
async function prepareRivals(): Promise<void> {
  const cwd = join(root, 'tools/bench/rivals');
  if (existsSync(join(cwd, 'node_modules', 'fastify'))) return;
  const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await run('npm', install, { cwd });
  if (code !== 0) throw new Error(`What addresses are compared with could not be installed:\n${output.trim()}`);
}

function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))]!;
}
