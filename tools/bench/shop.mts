import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMigration,
  CreateServer,
  PlaceOrder,
  PlanMigration,
  ReadMigration,
  ReadMyOrder,
  ReadServer,
} from '@switchboard/contracts';
import type { AnswerOf } from '@switchboard/service-kit';
import { Pool } from 'pg';
import { z } from 'zod';
import { type Bank, banksOf } from '../local/banks.mts';
import { type Child, startChild, untilReady } from '../local/child.mts';
import { percentile } from '../local/figures.mts';
import { Gateway } from '../local/gateway.mts';
import { freshIdentities } from '../local/identities.mts';
import { startPostgres } from '../local/postgres.mts';
import { freePorts, until } from '../local/processes.mts';
import { tellProviders } from '../local/providers.mts';
import { connectSandbox, type SandboxClient } from '../local/sandbox-client.mts';
import { localSecrets } from '../local/secrets.mts';
import { BOT, BOT_IN_TELEGRAM, Shop } from '../local/shop.mts';
import { onShutdown } from '../local/shutdown.mts';
import { compile } from '../verbs/build.mts';
import { optionsFrom, rounded } from './bus.report.mts';
import { measureLinks } from './links.mts';

export const about = 'from a payment to a link: alone, beside notices, in a burst; moving people; addresses for apps';
export const usage =
  '[--purchases 300] [--rate 5] [--orders-rate 20] [--notices 10000] [--burst 500] [--people 10000] [--seconds 8] [--repetitions 3]';

const Options = z.object({
  purchases: z.coerce.number().int().positive().default(300),
  /** Payments a second, from which it is measured how long each takes. */
  rate: z.coerce.number().positive().default(5),
  /** Orders a second that are placed while the checkout is measured. */
  'orders-rate': z.coerce.number().positive().default(20),
  /** In all, to people who know the bot. Telegram takes some thirty a second: they go out for minutes. */
  notices: z.coerce.number().int().positive().default(10_000),
  burst: z.coerce.number().int().positive().default(500),
  people: z.coerce.number().int().positive().default(10_000),
  /** Of the addresses. */
  seconds: z.coerce.number().positive().default(8),
  repetitions: z.coerce.number().int().positive().default(3),
});
type Options = z.output<typeof Options>;
type Order = AnswerOf<typeof ReadMyOrder>;

const SIDE_BY_SIDE = 12;
const TURNS = 3;
/** To whom the notices go: Telegram takes one message a second in a chat. */
const CHATS = 300;
const READY_WITHIN_MS = 120_000;
const SERVED_WITHIN_MS = 300_000;
const MOVED_WITHIN_MS = 600_000;
const TOLD_WITHIN_MS = 900_000;
const LOOK_EVERY_MS = 50;
const CAPACITY = 100_000;

/** A payment that a provider was told to take. */
interface Sold {
  readonly userId: string;
  readonly paidAt: number;
}

/** How long it took those to be served who were, and how many never were. */
interface Served {
  readonly times: readonly number[];
  readonly lost: number;
}

/** `npm run bench -- shop`: the services in one process on a Postgres that keeps what it commits; the sandbox is a process of its own. */
export async function main(args: string[]): Promise<number> {
  const options = optionsFrom(Options, args);
  await compile();
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-bench-shop-'));
  const stops: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const clear = () =>
    (stopping ??= (async () => {
      for (const stop of stops.splice(0).reverse()) await stop();
      rmSync(folder, { recursive: true, force: true });
    })());
  onShutdown((exitCode) => void clear().finally(() => process.exit(exitCode)));
  try {
    const bench = await ShopBench.open(folder, stops);
    const sales = await bench.sell(options);
    const { seconds, repetitions } = options;
    const links = { seconds, repetitions, connections: 32, rate: 500, people: 500 };
    const { requestsPerS, p99Ms, ratio } = await measureLinks(links);
    const migrateMs = await migrate(options.people, folder, bench.databaseUrl, stops);
    console.log(JSON.stringify({ subPerS: requestsPerS, subP99Ms: p99Ms, subRatio: ratio, migrateMs, ...sales }));
    const isTold = sales.noticesArrived === sales.notices;
    return sales.lost === 0 && isTold && migrateMs !== null ? 0 : 1;
  } finally {
    await clear();
  }
}

class ShopBench {
  readonly databaseUrl: string;
  private readonly shop: Shop;
  private readonly banks: readonly Bank[];
  private readonly planId: string;
  private readonly controlUrl: string;
  private readonly db: Pool;

  private constructor(parts: {
    databaseUrl: string;
    shop: Shop;
    banks: readonly Bank[];
    planId: string;
    controlUrl: string;
    db: Pool;
  }) {
    this.databaseUrl = parts.databaseUrl;
    this.shop = parts.shop;
    this.banks = parts.banks;
    this.planId = parts.planId;
    this.controlUrl = parts.controlUrl;
    this.db = parts.db;
  }

  static async open(folder: string, stops: (() => Promise<unknown>)[]): Promise<ShopBench> {
    const postgres = await startPostgres({ dataDir: join(folder, 'postgres') });
    stops.push(() => postgres.stop());
    const [sandboxPort, botPort, controlPort] = (await freePorts(3)) as [number, number, number];
    const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
    const child = startChild({
      entry: 'apps/sandbox/dist/src/main.js',
      env: { ...process.env, SANDBOX_PORT: String(sandboxPort), SANDBOX_ACCEPT: 'tokens' },
      logFile: join(folder, 'sandbox.log'),
    });
    stops.push(() => child.stop());
    await untilReady(child, 'The sandbox', [`${sandboxUrl}/phone/api/people`], READY_WITHIN_MS);
    const sandbox = await connectSandbox(sandboxUrl);
    const shop = await Shop.open({
      ...{ folder, databaseUrl: postgres.url, amqpUrl: undefined, sandboxUrl },
      entry: 'tools/bench/shop.services.mts',
      env: {
        ...{ BOT_ADAPTER_PORT: String(botPort), BOT_ADAPTER_SANDBOX_API_ROOT: `${sandboxUrl}/telegram` },
        ...{ CONTROL_PORT: String(controlPort), LOG_LEVEL: 'warn' },
      },
      crashed: (line) => console.log(line),
    });
    stops.push(() => shop.stop());
    const { plans } = await shop.stock();
    const payments = shop.addressOf('payments')!;
    await tellProviders(sandbox, (provider) => `${payments}/payments/${provider}/${BOT}/notifications`);
    await shop.openServers(sandbox);
    const db = new Pool({ connectionString: postgres.url, max: 2 });
    stops.push(() => db.end());
    await meetPeople(sandbox, db);
    const banks = banksOf(sandbox).filter(({ provider }) => provider !== 'wata'); // lets the same be read twice a minute only
    const controlUrl = `http://127.0.0.1:${controlPort}`;
    return new ShopBench({ databaseUrl: postgres.url, shop, banks, planId: plans[0]!, controlUrl, db });
  }

  async sell({ purchases, rate, 'orders-rate': ordersRate, notices, burst }: Options) {
    await this.sideBySide(SIDE_BY_SIDE * 2, (i) => this.buy(i)); // warms up
    const checkout = await this.checkout(Math.max(50, purchases / 2), ordersRate);
    const turns: { alone: Served; beside: Served; notices: number; arrived: number; noticesMs: number }[] = [];
    // In turns: what else is done on the machine meanwhile is done beside both.
    for (let turn = 0; turn < TURNS; turn++) {
      const alone = await this.buyAtRate(purchases / TURNS, rate);
      turns.push({ alone, ...(await this.besideNotices(purchases / TURNS, rate, Math.ceil(notices / TURNS))) });
    }
    const [alone, beside] = [turns.flatMap((turn) => turn.alone.times), turns.flatMap((turn) => turn.beside.times)];
    const paidAtOnce = await this.burst(burst);
    const p95Shift = (percentile(beside, 0.95) ?? 0) / (percentile(alone, 0.95) ?? 1);
    const burstMs = Math.max(0, ...paidAtOnce.times);
    const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);
    return {
      providers: this.banks.map(({ provider }) => provider),
      payToLinkP50Ms: percentile(alone, 0.5),
      payToLinkP95Ms: percentile(alone, 0.95),
      payToLinkP99Ms: percentile(alone, 0.99),
      checkoutP50Ms: percentile(checkout, 0.5),
      checkoutP99Ms: percentile(checkout, 0.99),
      noticesP95Shift: rounded(p95Shift, 2),
      notices: sumOf(turns.map((turn) => turn.notices)),
      noticesArrived: sumOf(turns.map((turn) => turn.arrived)),
      noticesMs: sumOf(turns.map((turn) => turn.noticesMs)),
      ...{ burst, burstMs, paymentsServedPerS: rounded((paidAtOnce.times.length * 1000) / burstMs, 1) },
      lost: paidAtOnce.lost + sumOf(turns.map((turn) => turn.alone.lost + turn.beside.lost)),
    };
  }

  /** How long an order takes to be placed. */
  private checkout(orders: number, rate: number): Promise<number[]> {
    return atRate(Math.round(orders), rate, async (i) => {
      const from = performance.now();
      await this.place(crypto.randomUUID(), this.bankOf(i));
      return performance.now() - from;
    });
  }

  private async buyAtRate(purchases: number, rate: number): Promise<Served> {
    return this.servedAfter(await atRate(Math.ceil(purchases), rate, (i) => this.buy(i)));
  }

  /** While people are told of something else, until they have been. */
  private async besideNotices(purchases: number, rate: number, notices: number) {
    const before = await sentTo(this.db);
    const began = Date.now();
    const told = fetch(`${this.controlUrl}/notices/${notices}`, { method: 'POST' });
    const beside = await this.buyAtRate(purchases, rate);
    if (!(await told).ok) throw new Error('nobody could be told of anything');
    let arrived = 0;
    const areTold = async () => (arrived = (await sentTo(this.db)) - before) >= notices;
    await until(areTold, TOLD_WITHIN_MS, LOOK_EVERY_MS);
    return { beside, notices, arrived, noticesMs: Date.now() - began };
  }

  /** All of them pay at once. */
  private async burst(payments: number): Promise<Served> {
    const pages = await this.sideBySide(payments, (i) => this.pageFor(i));
    const began = Date.now();
    await Promise.all(pages.map(({ url }, i) => this.bankOf(i).pay(url, { saves: false, afterMs: 0 })));
    return this.servedAfter(pages.map(({ userId }) => ({ userId, paidAt: began })));
  }

  private async buy(i: number): Promise<Sold> {
    const { userId, url } = await this.pageFor(i);
    const paidAt = Date.now();
    await this.bankOf(i).pay(url, { saves: false, afterMs: 0 });
    return { userId, paidAt };
  }

  private async sideBySide<T>(count: number, work: (i: number) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    let next = 0;
    const one = async () => {
      while (next < count) {
        const i = next++;
        results[i] = await work(i);
      }
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, one));
    return results;
  }

  private bankOf(i: number): Bank {
    return this.banks[i % this.banks.length]!;
  }

  private async pageFor(i: number): Promise<{ userId: string; url: string }> {
    const userId = crypto.randomUUID();
    const { id: orderId } = await this.place(userId, this.bankOf(i));
    let url: string | undefined;
    const isOpen = async () => {
      const { next } = await this.shop.gateway.asPerson(userId, (client, options) =>
        client.call(ReadMyOrder, { params: { orderId } }, options),
      );
      if (next?.kind === 'open') url = next.url;
      return url !== undefined;
    };
    if (!(await until(isOpen, READY_WITHIN_MS, LOOK_EVERY_MS))) throw new Error(`order ${orderId} has no page`);
    return { userId, url: url! };
  }

  private place(userId: string, bank: Bank): Promise<Order> {
    const wanted = { kind: 'plan' as const, planId: this.planId };
    const body = { botId: BOT, wanted, currency: bank.currencies[0]!, provider: bank.provider };
    const input = { body, idempotencyKey: crypto.randomUUID() };
    return this.shop.gateway.asPerson(userId, (client, options) => client.call(PlaceOrder, input, options));
  }

  /** Milliseconds from each payment until panels had confirmed what it was for. */
  private async servedAfter(sold: readonly Sold[]): Promise<Served> {
    const ids = sold.map(({ userId }) => userId);
    const granted = async () => {
      const { rows } = await this.db.query<{ userId: string; at: Date }>(
        `SELECT user_id AS "userId", granted_at AS at FROM vpn_provisioner.accesses WHERE user_id = ANY($1) AND granted_at IS NOT NULL`,
        [ids],
      );
      return new Map(rows.map(({ userId, at }) => [userId, at.getTime()]));
    };
    await until(async () => (await granted()).size === sold.length, SERVED_WITHIN_MS, LOOK_EVERY_MS);
    const at = await granted();
    const times = sold.flatMap(({ userId, paidAt }) => (at.has(userId) ? [at.get(userId)! - paidAt] : []));
    return { times, lost: sold.length - times.length };
  }
}

/** People who have begun to talk with the bot, as far as it has answered them. */
async function meetPeople(sandbox: SandboxClient, db: Pool): Promise<void> {
  for (let met = 0; met < CHATS; met++) {
    const { id } = await sandbox.telegram.addPerson({ firstName: `Person ${met + 1}`, languageCode: 'en' });
    await sandbox.telegram.start(id, { bot: BOT_IN_TELEGRAM });
  }
  const areMet = async () => (await sentTo(db)) >= CHATS;
  if (!(await until(areMet, READY_WITHIN_MS, LOOK_EVERY_MS))) throw new Error('the bot has not answered everybody');
}

/** How many messages of the bot Telegram has taken. */
async function sentTo(db: Pool): Promise<number> {
  const { rows } = await db.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM bot_adapter.deliveries WHERE state = 'sent' AND kind = 'notice'`,
  );
  return rows[0]!.n;
}

/** Each begins at its time, whatever became of those before. */
function atRate<T>(count: number, perSecond: number, work: (i: number) => Promise<T>): Promise<T[]> {
  const began = performance.now();
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      await sleep(Math.max(0, began + (i * 1000) / perSecond - performance.now()));
      return work(i);
    }),
  );
}

/** How long it takes until people of one server are served by another, whose panel answers in 20 ms; null: too long. */
async function migrate(
  people: number,
  folder: string,
  databaseUrl: string,
  stops: (() => Promise<unknown>)[],
): Promise<number | null> {
  const db = new Pool({ connectionString: databaseUrl, max: 1 });
  await db.query('CREATE DATABASE moves');
  await db.end();
  const url = new URL(databaseUrl);
  url.pathname = '/moves';
  const [port, publicPort, controlPort] = (await freePorts(3)) as [number, number, number];
  const { privateKeys, SERVICE_PUBLIC_KEYS } = freshIdentities(['vpn-provisioner', 'gateway']);
  const own = `http://127.0.0.1:${port}`;
  const child: Child = startChild({
    entry: 'tools/bench/shop.panel.mts',
    env: {
      ...{
        PATH: process.env['PATH'],
        NODE_ENV: 'development',
        BUS: 'memory',
        LOG_LEVEL: 'warn',
        DATABASE_URL: url.href,
      },
      ...localSecrets(folder),
      ...{ SERVICE_PRIVATE_KEY: privateKeys['VPN_PROVISIONER_PRIVATE_KEY'], SERVICE_PUBLIC_KEYS },
      ...{ VPN_PROVISIONER_PORT: String(port), VPN_PROVISIONER_PUBLIC_PORT: String(publicPort) },
      ...{ CONTROL_PORT: String(controlPort), BOTS_FOLDER: join(folder, 'bots'), MEDIA_FOLDER: join(folder, 'media') },
      PAYMENTS_SANDBOX_URL: own,
    },
    logFile: join(folder, 'provisioner.log'),
  });
  stops.push(() => child.stop());
  await untilReady(child, 'The provisioner', [`${own}/health/ready`], READY_WITHIN_MS);
  const keys = {
    private: new Map([['gateway', JSON.parse(privateKeys['GATEWAY_PRIVATE_KEY']!)]]),
    public: JSON.parse(SERVICE_PUBLIC_KEYS),
  };
  const gateway = new Gateway(keys, () => new Map([['vpn-provisioner', own]]));
  const addServer = async (name: string) => {
    const about = { name, region: 'de', capacity: CAPACITY, monthlyCostMinor: 500, currency: 'EUR', parallelCalls: 32 };
    const panel = {
      panelKind: 'pretended',
      url: `http://127.0.0.1:9/${name}`,
      settings: {},
      secrets: {},
      endpoints: [],
    };
    const input = { body: { ...about, ...panel }, idempotencyKey: crypto.randomUUID() };
    const { id: serverId } = await gateway.asStaff((client, options) => client.call(CreateServer, input, options));
    const isUp = async () => {
      const server = await gateway.asStaff((client, options) =>
        client.call(ReadServer, { params: { serverId } }, options),
      );
      return server.health.state === 'up';
    };
    if (!(await until(isUp, READY_WITHIN_MS, 200))) throw new Error(`${name} did not come up`);
    return serverId;
  };
  const fromServerId = await addServer('from');
  const toServerIds = [await addServer('to')];
  const seeded = await fetch(`http://127.0.0.1:${controlPort}/people/${people}/${fromServerId}`, { method: 'POST' });
  if (!seeded.ok) throw new Error('nobody could be put on a server');
  const planned = { body: { fromServerId, toServerIds }, idempotencyKey: crypto.randomUUID() };
  const { id: migrationId, revision } = await gateway.asStaff((client, options) =>
    client.call(PlanMigration, planned, options),
  );
  const begun = { params: { migrationId }, body: { state: 'running' as const }, ifMatch: `"${revision}"` };
  const began = Date.now();
  await gateway.asStaff((client, options) => client.call(ChangeMigration, begun, options));
  const areMoved = async () => {
    const read = { params: { migrationId } };
    const { progress } = await gateway.asStaff((client, options) => client.call(ReadMigration, read, options));
    return progress.moved === people;
  };
  return (await until(areMoved, MOVED_WITHIN_MS, 250)) ? Date.now() - began : null;
}
