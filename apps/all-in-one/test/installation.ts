import type { Type } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prefixOf, type RunningApps, startApps } from '@switchboard/service-kit';
import { createTestDatabase, type TestDatabase, testEnv, testIndex } from '@switchboard/testing';
import { services } from '../src/services';
import { LANTERN, LUMEN, NORTHWIND, Sandbox, YOOKASSA_SHOP } from './sandbox';

const demo = join(__dirname, '..', '..', '..', 'deploy', 'demo', 'bots');

/** A bot of the demo company, on the sandbox of these stories. */
function inSandbox(id: string, { name, token }: typeof LUMEN) {
  const { assistant, ...bot } = JSON.parse(readFileSync(join(demo, `${id}.json`), 'utf8')) as {
    assistant: { knowledge?: string };
  };
  return {
    ...bot,
    name,
    channel: { kind: 'telegram', apiRoot: 'sandbox', token },
    // People of stories write fast.
    access: { flood: { burst: 10_000 } },
    accepts: ['voice', 'document'],
    assistant: { ...assistant, ...(assistant.knowledge && { knowledge: join(demo, assistant.knowledge) }) },
  };
}
const yookassa = { shopId: YOOKASSA_SHOP.shopId, secretEnv: 'NORTHWIND_YOOKASSA_SECRET' };
const bots = {
  lumen: inSandbox('lumen', LUMEN),
  // It sells as well.
  northwind: { ...inSandbox('northwind', NORTHWIND), payments: { yookassa } },
};
/** Where it is asked for. */
const shop = { lantern: { ...inSandbox('lantern', LANTERN), payments: { yookassa } } };

/** Everything a company has, but for the services themselves: third parties, a database and a folder for files. */
export class Site {
  private constructor(
    readonly sandbox: Sandbox,
    private readonly database: TestDatabase,
    private readonly folder: string,
  ) {}

  static async prepare({ hasShop = false } = {}): Promise<Site> {
    // First what may be missing: a sandbox that nobody stops keeps the test from ending.
    const database = await createTestDatabase();
    const [sandbox, folder] = await Promise.all([Sandbox.start(), mkdtemp(join(tmpdir(), 'switchboard-test-'))]);
    await mkdir(join(folder, 'bots'));
    for (const [id, bot] of Object.entries({ ...bots, ...(hasShop && shop) })) {
      await writeFile(join(folder, 'bots', `${id}.json`), JSON.stringify(bot));
    }
    return new Site(sandbox, database, folder);
  }

  /** What the services have to be told; events stay in the process unless told otherwise. */
  get env(): Record<string, string> {
    return {
      ...testEnv(this.database.url, this.folder),
      ...this.sandbox.env,
      BUS: 'memory',
      ...Object.fromEntries(services.map(({ name }) => [`${prefixOf(name)}_PORT`, '0'])),
      GATEWAY_PUBLIC_PORT: '0',
      VPN_PROVISIONER_PUBLIC_PORT: '0',
      BOTS_FOLDER: join(this.folder, 'bots'),
      [yookassa.secretEnv]: YOOKASSA_SHOP.secretKey,
      // Short, for the stories in which models fail; long enough for a busy machine.
      CHAT_AI_FIRST_TOKEN_TIMEOUT_MS: '2500',
      CHAT_AI_IDLE_TIMEOUT_MS: '2000',
    };
  }

  get databaseUrl(): string {
    return this.database.url;
  }

  async clear(): Promise<void> {
    await this.sandbox.stop();
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** By which bot-adapter finds a person or a chat of Telegram. */
export const externalHash = (id: number): string =>
  testIndex('bot-adapter').hash('external-id', 'telegram', String(id));

/** A site whose services run in this process, as `main.ts` runs them. */
export class Installation {
  private constructor(
    private readonly site: Site,
    private readonly apps: RunningApps,
    /** Of the broker that carries events, if there is one. */
    readonly amqpUrl: string | undefined,
  ) {}

  static async start(transport: Record<string, string>): Promise<Installation> {
    const site = await Site.prepare();
    try {
      const apps = await startApps(services, { ...site.env, ...transport });
      return new Installation(site, apps, transport['AMQP_URL']);
    } catch (error) {
      await site.clear();
      throw error;
    }
  }

  get sandbox(): Sandbox {
    return this.site.sandbox;
  }

  /** Of an administrator. */
  get databaseUrl(): string {
    return this.site.databaseUrl;
  }

  /** Where people reach the gateway. */
  get publicUrl(): string {
    return this.service('gateway').publicUrl!;
  }

  /** Rows of a service's own tables: for facts that no person can see. */
  rows<T>(service: string, sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.service(service).db.query<T[]>(sql, parameters);
  }

  /** Something that a service is made of. */
  part<T>(service: string, type: Type<T>): T {
    return this.service(service).nest.get(type);
  }

  /** Where the services keep files. */
  get folder(): string {
    return this.site.env['MEDIA_FOLDER']!;
  }

  /** Of all services, in one process. */
  get urls(): URL[] {
    return this.apps.services.map(({ url }) => new URL(url));
  }

  /** A counter as Prometheus reads it, summed over the series whose labels fit. */
  async counter(service: string, name: string, labels: string): Promise<number> {
    const text = await (await fetch(`${this.service(service).url}/metrics`)).text();
    const series = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(labels));
    return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  async stop(): Promise<void> {
    await this.apps.stop();
    await this.site.clear();
  }

  service(name: string) {
    const found = this.apps.services.find((service) => service.name === name);
    if (!found) throw new Error(`there is no service ${name}`);
    return found;
  }
}
