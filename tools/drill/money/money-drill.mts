import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase } from '@switchboard/testing';
import { Pool } from 'pg';
import type { Sandbox } from '../../../apps/sandbox/dist/src/sandbox.js';
import { type Bank, banksOf } from '../../local/banks.mts';
import { tellProviders } from '../../local/providers.mts';
import { startPostgres } from '../../local/postgres.mts';
import { type RabbitMq, startRabbitMq } from '../../local/rabbitmq.mts';
import { connectSandbox, type SandboxClient } from '../../local/sandbox-client.mts';
import { BOT, Shop, type ShopServer } from '../../local/shop.mts';
import { type DrillFolder, takeDrillFolder, VIOLATIONS } from '../drill-folder.mts';
import { Random } from '../service/random.mts';
import { readBooks } from './books.mts';
import { compareBooks, FAULTS, type Fault, type Findings } from './books-check.mts';
import { BROKEN_BUILDS, type BrokenBuild } from './broken-builds.mts';
import { Buyers } from './buyers.mts';
import { NotificationRelay } from './notification-relay.mts';
import { judge, type MoneyReport } from './report.mts';
import { ThirdParties } from './third-parties.mts';

export interface MoneyDrillOptions {
  readonly purchases: number;
  readonly seed: number;
  /** Both services in one process without a broker, and no third party that never answers: for `npm test`. */
  readonly short: boolean;
  readonly broken?: BrokenBuild | undefined;
  /** How long what is not right may become so by itself, after the last fault. */
  readonly patienceSeconds: number;
}

const SHOWN = 10;
const SIDE_BY_SIDE = 24;
const PURCHASES_TO_KILL = 35;
/** An hour of what is done by the hour or minute passes in a minute. */
const SPEED = 60;
/** Everything that waits to be asked again within minutes is then due; more would be a clock that is taken for wrong. */
const LATER_SECONDS = 150;
const SCHEMAS = ['payments', 'vpn_provisioner'];

/** People buy while everything around them fails; then all books are held against each other. */
export class MoneyDrill {
  private readonly options: MoneyDrillOptions;
  private readonly random: Random;
  private readonly stops: (() => unknown)[] = [];
  private crashed = 0;
  private keep = false;
  /** Until the process that was killed last is there again. */
  private killing: Promise<void> = Promise.resolve();
  private folder: DrillFolder | undefined;
  private db!: Pool;
  private sandbox!: SandboxClient;
  private banks!: Bank[];
  private shop!: Shop;
  private servers!: ShopServer[];

  constructor(options: MoneyDrillOptions) {
    this.options = options;
    this.random = new Random(options.seed);
  }

  /** Call `stop` afterwards in any case. */
  async play(): Promise<MoneyReport> {
    const { purchases, seed, short } = this.options;
    console.log(`seed ${seed}`);
    const began = Date.now();
    const relay = await this.prepare();
    const catalogue = await this.shop.stock();
    const buyers = new Buyers({ shop: this.shop, sandbox: this.sandbox, banks: this.banks, catalogue, seed });
    const thirdParties = new ThirdParties(this.sandbox, this.servers, this.random, { hangs: !short });
    console.log(`opened after ${seconds(began)} s`);

    thirdParties.begin();
    await buyers.buy(purchases, SIDE_BY_SIDE, (begun) => this.killAt(begun));
    await this.killing;
    await thirdParties.end();
    console.log(`bought after ${seconds(began)} s: ${JSON.stringify(buyers.ways)}`);

    const mended = Date.now();
    await relay.idle();
    await this.shop.restartLater(LATER_SECONDS);
    await this.shop.untilServersAreUp();
    let { findings, unsettled } = await this.settled(buyers);
    if (await buyers.giveBackRest()) ({ findings, unsettled } = await this.settled(buyers));
    const settledSeconds = seconds(mended);
    this.explain(findings);

    const [counted] = await this.query<{ fulfilled: number; refunds: number }>(
      `SELECT (SELECT count(*)::int FROM payments.orders WHERE state IN ('fulfilled', 'partly-refunded', 'refunded')) AS fulfilled,
         (SELECT count(*)::int FROM payments.refunds) AS refunds`,
    );
    const stuck = await this.stuck();
    const faults = Object.fromEntries(FAULTS.map((fault) => [fault, findings[fault].length])) as Record<Fault, number>;
    const done = {
      ...{ purchases: buyers.purchases, ...counted!, kills: this.shop.kills },
      ...{ faults: thirdParties.faults, panelDeaths: thirdParties.deaths },
      notifications: Object.values(relay.fates).reduce((sum, n) => sum + n, 0),
    };
    const wrong = { ...faults, stuck, crashed: this.crashed, unsettled, forgedTaken: relay.forgedTaken };
    return { ...done, ...wrong, settledSeconds, seconds: seconds(began), seed, ...judge(done, wrong) };
  }

  async stop(): Promise<void> {
    for (const stop of this.stops.splice(0).reverse()) await stop();
    this.folder?.release({ keep: this.keep });
  }

  private async prepare(): Promise<NotificationRelay> {
    const { short, broken } = this.options;
    const { path: folder } = (this.folder = await takeDrillFolder());
    const [databaseUrl, rabbit, sandbox] = await Promise.all([
      this.database(folder),
      this.broker(folder),
      this.thirdParties(),
    ]);
    this.db = new Pool({ connectionString: databaseUrl, max: 4 });
    this.db.on('error', () => undefined); // told by the query that fails
    this.stops.push(() => this.db.end());
    this.sandbox = await connectSandbox(sandbox.url);
    this.banks = banksOf(this.sandbox);
    this.shop = await Shop.open({
      ...{ folder, databaseUrl, amqpUrl: rabbit?.url, sandboxUrl: sandbox.url, speed: SPEED },
      ...{ entry: 'tools/drill/money/services.mts', env: broken && { DRILL_BROKEN: broken } },
      crashed: (line) => {
        this.crashed += 1;
        console.log(line);
      },
    });
    this.stops.push(() => this.shop.stop());
    const relay = new NotificationRelay(this.random, BOT, () => this.shop.addressOf('payments'));
    await relay.listen();
    this.stops.push(() => relay.close());
    await tellProviders(this.sandbox, (provider) => relay.urlOf(provider));
    this.servers = await this.shop.openServers(this.sandbox);
    if (short) console.log('in one process, without a broker');
    return relay;
  }

  /** Of a test run, or one of its own. */
  private async database(folder: string): Promise<string> {
    if (process.env['TEST_DATABASE_URL']) {
      const database = await createTestDatabase();
      this.stops.push(() => (this.keep ? undefined : database.drop()));
      return database.url;
    }
    const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false });
    this.stops.push(() => postgres.stop());
    return postgres.url;
  }

  private async broker(folder: string): Promise<RabbitMq | undefined> {
    if (this.options.short) return undefined;
    const rabbit = await startRabbitMq({ dataDir: join(folder, 'rabbitmq') });
    this.stops.push(() => rabbit.kill('SIGKILL'));
    return rabbit;
  }

  /** In this process. WATA, which lets the same be read twice a minute only, would make what is short long. */
  private async thirdParties(): Promise<Sandbox> {
    const { startSandbox } = (await import('../../../apps/sandbox/dist/src/sandbox.js')) as {
      startSandbox(options: object): Promise<Sandbox>;
    };
    const sandbox = await startSandbox({ pace: 0.1, ...(this.options.short && { wata: { readEveryMs: null } }) });
    this.stops.push(() => sandbox.close());
    return sandbox;
  }

  /**
   * Each time after as many purchases, at a moment of its own, a process is killed. Whoever comes when it is time for the next waits until
   * the one before is there again: as many are killed on a fast machine as on a slow one.
   */
  private async killAt(begun: number): Promise<void> {
    if (begun === 0 || begun % PURCHASES_TO_KILL !== 0) return;
    await this.killing;
    this.killing = sleep(this.random.int(0, 1000)).then(() => this.shop.kill(this.random.pick(this.shop.names)));
    this.killing.catch(() => undefined); // told by whoever waits for it
  }

  private async compare(buyers: Buyers): Promise<Findings> {
    const { db, sandbox, banks, servers, shop } = this;
    const intents = [...buyers.intents.values()];
    return compareBooks(await readBooks({ db, sandbox, banks, servers, intents, now: () => shop.now() }));
  }

  /** Once nothing moves and all fits, or the mistake is seen that was made on purpose; else as it was when patience ended. */
  private async settled(buyers: Buyers): Promise<{ findings: Findings; unsettled: number }> {
    const { broken, patienceSeconds } = this.options;
    const deadline = Date.now() + patienceSeconds * 1000;
    for (;;) {
      await this.hasten();
      const unsettled = await this.moving();
      const findings = await this.compare(buyers);
      const isThere = (fault: Fault) => findings[fault].length > 0;
      const isOver = broken ? BROKEN_BUILDS[broken].some(isThere) : !FAULTS.some(isThere);
      if ((isOver && unsettled === 0) || Date.now() > deadline) return { findings, unsettled };
      await sleep(500);
    }
  }

  /** What is tried again later, by the clock of the database that nobody can move, is tried again now. */
  private async hasten(): Promise<void> {
    for (const schema of SCHEMAS)
      await this.query(
        `UPDATE ${schema}_jobs._private_jobs SET run_at = now()
         WHERE attempts BETWEEN 1 AND max_attempts - 1 AND locked_at IS NULL AND run_at > now()`,
      );
  }

  /** Jobs that are due, events that were not heard, and what waits for an answer. */
  private async moving(): Promise<number> {
    const [row] = await this.query<{ n: number }>(
      `SELECT (${SCHEMAS.map(
        (
          schema,
        ) => `(SELECT count(*) FROM ${schema}.outbox) + (SELECT count(*) FROM ${schema}.parked_events WHERE state = 'retrying')
         + (SELECT count(*) FROM ${schema}_jobs._private_jobs WHERE attempts < max_attempts AND (locked_at IS NOT NULL OR run_at <= now()))`,
      ).join(' + ')}
       + (SELECT count(*) FROM payments.invoices WHERE state = 'created')
       + (SELECT count(*) FROM payments.refunds WHERE state = 'sending')
       + (SELECT count(*) FROM vpn_provisioner.accesses WHERE owed_since IS NOT NULL))::int AS n`,
    );
    return row!.n;
  }

  private async stuck(): Promise<number> {
    const counts = await Promise.all(
      SCHEMAS.map((schema) =>
        this.query<{ what: string }>(
          `SELECT 'dead letter of ' || consumer || ': ' || coalesce(error, reason) AS what FROM ${schema}.parked_events WHERE state = 'dead'
           UNION ALL SELECT task.identifier || ' was given up: ' || job.last_error FROM ${schema}_jobs._private_jobs job
             JOIN ${schema}_jobs._private_tasks task ON task.id = task_id
             WHERE attempts >= max_attempts AND locked_at IS NULL AND last_error IS NOT NULL
               -- Another one of the same key was added while it was done.
               AND (key IS NOT NULL OR payload->>'_key' IS NULL)`,
        ),
      ),
    );
    for (const { what } of counts.flat().slice(0, SHOWN)) console.log(what);
    return counts.flat().length;
  }

  /** Keeps what can explain a difference. */
  private explain(findings: Findings): void {
    const wrong = Object.entries(findings).filter(([, all]) => all.length > 0);
    if (wrong.length === 0) return;
    this.keep = true;
    writeFileSync(join(this.folder!.path, VIOLATIONS), JSON.stringify(findings, null, 2));
    console.log(`The books differ (all is kept in ${this.folder!.path}):`);
    for (const [fault, all] of wrong) for (const what of all.slice(0, SHOWN)) console.log(`  ${fault}: ${what}`);
  }

  private async query<Row extends object>(sql: string): Promise<Row[]> {
    return (await this.db.query<Row>(sql)).rows;
  }
}

const seconds = (since: number): number => Math.round((Date.now() - since) / 100) / 10;
