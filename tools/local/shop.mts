import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreatePackage, CreatePlan, CreateServer, ListServers } from '@switchboard/contracts';
import { type Child, startChild, untilReady } from './child.mts';
import { Gateway } from './gateway.mts';
import { freshIdentities } from './identities.mts';
import { PANELS, SET_UP } from './panels.mts';
import { quietPorts, until } from './processes.mts';
import { YOOKASSA_SHOP } from './providers.mts';
import type { SandboxClient } from './sandbox-client.mts';
import { localSecrets } from './secrets.mts';
import { prefixOf } from './variables.mts';

export interface ShopOptions {
  /** Logs, keys and the bot. */
  readonly folder: string;
  readonly databaseUrl: string;
  /** Without a broker both services run in one process. */
  readonly amqpUrl: string | undefined;
  readonly sandboxUrl: string;
  /** PERIODIC_TASKS_SPEED; 1 when absent. */
  readonly speed?: number;
  /** The program of the processes, which runs what SHOP_SERVICES names, and what it is told besides. */
  readonly entry: string;
  readonly env?: Record<string, string>;
  /** Told of processes that end without having been asked to. */
  crashed(line: string): void;
}

export const BOT = 'shop';
export const BOT_IN_TELEGRAM = 1;
const SERVICES = ['payments', 'vpn-provisioner'] as const;
type ServiceName = (typeof SERVICES)[number];

/** As the sandbox has them from the start. */
const ACCOUNTS = {
  yookassa: { apiRoot: 'sandbox', shopId: YOOKASSA_SHOP, secret: 'test_sandbox' },
  cloudpayments: { apiRoot: 'sandbox', publicId: 'test_api_sandbox', secret: 'sandbox-secret' },
  stripe: { apiRoot: 'sandbox', secret: 'sk_test_sandbox', webhookSecret: 'whsec_sandbox' },
  wata: { apiRoot: 'sandbox', secret: 'wata-sandbox-token' },
  cryptobot: { apiRoot: 'sandbox', secret: '12345:AASandboxCryptoPayToken' },
};

const REPLICAS = 2;
const READY_WITHIN_MS = 120_000;
const GB = 1_000_000_000;

/** Plans of days: how long they last does not depend on the calendar. */
export interface Catalogue {
  /** The first can be tried. */
  readonly plans: readonly string[];
  readonly packageId: string;
}

/** A panel of the sandbox, and the server of ours that is run by it. */
export interface ShopServer {
  readonly serverId: string;
  readonly party: string;
  readonly name: string;
}

/** Some of the services in one process, killed and started again as often as needed. */
interface Process {
  readonly name: string;
  readonly services: readonly ServiceName[];
  readonly env: Record<string, string>;
  readonly urls: ReadonlyMap<ServiceName, string>;
  child?: Child;
  /** It is being killed, or started. */
  isAway: boolean;
}

/** Payments and the VPN as they run in an installation, with a catalogue and a server of each kind of panel. */
export class Shop {
  readonly gateway: Gateway;
  /** Those of `kill` alone. */
  kills = 0;
  private readonly processes: readonly Process[];
  private readonly options: ShopOptions;
  private readonly meantToEnd = new WeakSet<Child>();
  /** CLOCK_AHEAD_SECONDS */
  private aheadSeconds = 0;
  private readonly mails: Server;

  private constructor(options: ShopOptions, processes: readonly Process[], gateway: Gateway, mails: Server) {
    this.mails = mails;
    this.options = options;
    this.processes = processes;
    this.gateway = gateway;
  }

  static async open(options: ShopOptions): Promise<Shop> {
    const { folder, databaseUrl, amqpUrl, sandboxUrl, speed = 1 } = options;
    const bots = join(folder, 'bots');
    mkdirSync(bots, { recursive: true });
    const channel = { kind: 'telegram', apiRoot: 'sandbox', token: `${BOT_IN_TELEGRAM}:sandbox-shop` };
    // Notices wait for no morning.
    const shop = { quiet: { from: '00:00', to: '00:00' } };
    const bot = { name: 'Shop', channel, products: ['vpn-shop'], shop, payments: ACCOUNTS };
    writeFileSync(join(bots, `${BOT}.json`), JSON.stringify(bot));
    const identities = freshIdentities([...SERVICES, 'gateway']);
    const groups = amqpUrl
      ? SERVICES.flatMap((service) =>
          Array.from({ length: REPLICAS }, (_, i) => ({ name: `${service}-${i + 1}`, services: [service] })),
        )
      : [{ name: 'services', services: [...SERVICES] }];
    const mails = await answerMails();
    const ports = await quietPorts(groups.length * SERVICES.length * 2);
    const processes = groups.map(({ name, services }): Process => {
      const urls = new Map(services.map((service) => [service, `http://127.0.0.1:${ports.pop()}`] as const));
      return {
        ...{ name, services, urls, isAway: true },
        env: {
          ...localSecrets(folder),
          ...(services.length === 1 && {
            SERVICE_PRIVATE_KEY: identities.privateKeys[`${prefixOf(services[0]!)}_PRIVATE_KEY`]!,
          }),
          SERVICE_PUBLIC_KEYS: identities.SERVICE_PUBLIC_KEYS,
          NODE_ENV: 'development',
          DATABASE_URL: databaseUrl,
          ...(amqpUrl ? { AMQP_URL: amqpUrl } : { BUS: 'memory' }),
          BOTS_FOLDER: bots,
          MEDIA_FOLDER: join(folder, 'media'),
          PAYMENTS_SANDBOX_URL: sandboxUrl,
          GATEWAY_URL: `http://127.0.0.1:${(mails.address() as AddressInfo).port}`,
          PERIODIC_TASKS_SPEED: String(speed),
          SHOP_SERVICES: services.join(','),
          ...options.env,
          ...Object.fromEntries([...urls].map(([service, url]) => [`${prefixOf(service)}_PORT`, new URL(url).port])),
          ...(services.includes('vpn-provisioner') && { VPN_PROVISIONER_PUBLIC_PORT: String(ports.pop()) }),
        },
      };
    });
    const addresses = () =>
      new Map(
        SERVICES.flatMap((service) => {
          const url = anyOf(processes, service);
          return url === undefined ? [] : [[service, url] as [string, string]];
        }),
      );
    const keys = {
      private: new Map([['gateway', JSON.parse(identities.privateKeys['GATEWAY_PRIVATE_KEY']!)]]),
      public: JSON.parse(identities.SERVICE_PUBLIC_KEYS),
    };
    const opened = new Shop(options, processes, new Gateway(keys, addresses), mails);
    await opened.start(processes);
    return opened;
  }

  /** Where a process of a service answers now. */
  addressOf(service: ServiceName): string | undefined {
    return anyOf(this.processes, service);
  }

  async stock(): Promise<Catalogue> {
    const features = { 'vpn.traffic-bytes': 100 * GB, 'vpn.devices': 3, 'vpn.servers': 1 };
    const named = (name: string) => ({ en: name, ru: name });
    const plan = async (code: string, days: number, prices: Record<string, number>, trialDays: number | null) => {
      const about = { botId: BOT, code, name: named(code), description: named(code), level: code, trialDays };
      const body = { ...about, period: { count: days, unit: 'day' as const }, prices, features };
      const idempotencyKey = crypto.randomUUID();
      const { id } = await this.gateway.asStaff((client, options) =>
        client.call(CreatePlan, { body, idempotencyKey }, options),
      );
      return id;
    };
    const plans = [
      await plan('plus', 30, { RUB: 19_900, USD: 299 }, 7),
      await plan('family', 90, { RUB: 49_900, USD: 699 }, null),
    ];
    const body = {
      ...{ botId: BOT, code: 'traffic', name: named('More traffic'), adds: { 'vpn.traffic-bytes': 50 * GB } },
      ...{ lasts: 'period' as const, prices: { RUB: 9900, USD: 149 } },
    };
    const idempotencyKey = crypto.randomUUID();
    const found = await this.gateway.asStaff((client, options) =>
      client.call(CreatePackage, { body, idempotencyKey }, options),
    );
    return { plans, packageId: found.id };
  }

  /** A server of each kind of panel that the sandbox plays. */
  async openServers(sandbox: SandboxClient): Promise<ShopServer[]> {
    const servers: ShopServer[] = [];
    for (const party of PANELS) {
      const name = `shop-${party}`;
      const { account } = await sandbox.panels(party).addServer({ name });
      const { url, settings, secrets } = SET_UP[party](account);
      const body = {
        ...{ name, region: 'de', capacity: 100_000, monthlyCostMinor: 500, currency: 'EUR', panelKind: party, url },
        ...{ settings, secrets, endpoints: [] },
      };
      const idempotencyKey = crypto.randomUUID();
      const { id } = await this.gateway.asStaff((client, options) =>
        client.call(CreateServer, { body, idempotencyKey }, options),
      );
      servers.push({ serverId: id, party, name });
    }
    await this.untilServersAreUp();
    return servers;
  }

  async untilServersAreUp(): Promise<void> {
    const areUp = async () => {
      const { data } = await this.gateway.asStaff((client, options) =>
        client.call(ListServers, { query: {} }, options),
      );
      return data.every(({ health }) => health.state === 'up');
    };
    if (!(await until(areUp, READY_WITHIN_MS, 200))) throw new Error('servers did not come up');
  }

  /** The names of all processes. */
  get names(): string[] {
    return this.processes.map(({ name }) => name);
  }

  /** kill -9, and a new process in its place, as whatever supervises services would start one. */
  async kill(name: string): Promise<void> {
    const member = this.processes.find((one) => one.name === name)!;
    if (member.isAway) return;
    this.kills += 1;
    await this.end(member);
    await this.start([member]);
  }

  /** All are killed, and those that come in their places take it to be later. */
  async restartLater(aheadSeconds: number): Promise<void> {
    this.aheadSeconds = aheadSeconds;
    await until(() => this.processes.every(({ isAway }) => !isAway), READY_WITHIN_MS);
    await Promise.all(this.processes.map((member) => this.end(member)));
    await this.start(this.processes);
  }

  /** As the services have it. */
  now(): Date {
    return new Date(Date.now() + this.aheadSeconds * 1000);
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((member) => this.end(member)));
    this.mails.closeAllConnections();
    this.mails.close();
  }

  private async end(member: Process): Promise<void> {
    member.isAway = true;
    if (!member.child) return;
    this.meantToEnd.add(member.child);
    member.child.kill('SIGKILL');
    await member.child.ended;
  }

  private async start(processes: readonly Process[]): Promise<void> {
    await Promise.all(
      processes.map(async (member) => {
        const child = (member.child = startChild({
          entry: this.options.entry,
          env: { PATH: process.env['PATH'], ...member.env, CLOCK_AHEAD_SECONDS: String(this.aheadSeconds) },
          logFile: join(this.options.folder, 'logs', `${member.name}.log`),
        }));
        void child.ended.then((how) => {
          if (!this.meantToEnd.has(child))
            this.options.crashed(`${member.name} ended by itself (${how}): ${child.tail()}`);
        });
        const ready = [...member.urls.values()].map((url) => `${url}/health/ready`);
        await untilReady(child, member.name, ready, READY_WITHIN_MS);
        member.isAway = false;
      }),
    );
  }
}

function anyOf(processes: readonly Process[], service: ServiceName): string | undefined {
  const there = processes.filter(({ isAway, services }) => !isAway && services.includes(service));
  return there[Math.floor(Math.random() * there.length)]?.urls.get(service);
}

/** The gateway as services ask it: nobody here has an e-mail address, and all bots are in a folder. */
async function answerMails(): Promise<Server> {
  const server = createServer(({ url = '' }, response) => {
    if (!url.startsWith('/mails/people/')) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ outcome: 'no-address' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
