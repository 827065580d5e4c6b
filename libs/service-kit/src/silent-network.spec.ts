import { createTestDatabase, startApp, TcpProxy, type TestApp, type TestDatabase, until } from '@switchboard/testing';
import type { QueryRunner } from 'typeorm';
import { ItemSold, Ship, shipping, shopApp } from '../test/shop.app';
import type { AppDefinition } from './define-app';
import { Jobs } from './jobs';
import { LeaderElection } from './leader-election';

/** What a person waits for at most when a host dies or the network drops packets. */
const TAKEN_OVER_WITHIN_MS = 15_000;

describe('a process that can no longer be heard, though its connections stay open,', () => {
  let database: TestDatabase;
  let proxy: TcpProxy & { url: string };

  let never = Promise.withResolvers<void>();
  const apps = new Set<TestApp>();
  const start = async (app: AppDefinition, url: string) => {
    const started = await startApp(app, { database: { ...database, url }, events: [ItemSold] });
    apps.add(started);
    return started;
  };
  const stop = async (app: TestApp) => {
    apps.delete(app);
    await app.stop({ keepDatabase: true });
  };

  beforeEach(async () => {
    never = Promise.withResolvers<void>();
    database = await createTestDatabase();
    proxy = await TcpProxy.to(database.url);
  });
  afterEach(async () => {
    never.resolve();
    shipping.work = () => Promise.resolve();
    proxy.cut();
    for (const app of apps) await stop(app);
    await proxy.close();
    await database.drop();
  });

  it('is followed by another one in all that only one may do', async () => {
    const cutOff = await start(shopApp, proxy.url);
    const elections = (app: TestApp) => app.service.nest.get(LeaderElection);
    const terms: string[] = [];
    const stand = (app: TestApp, name: string) =>
      elections(app).stand('tram', async ({ signal }) => {
        terms.push(`${name} begins`);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        terms.push(`${name} ends`);
      });
    stand(cutOff, 'the first');
    await until(() => terms.length === 1, { what: 'the first leader' });
    const isRelay = async (app: TestApp) =>
      /^bus_relay_leader\{.*\} 1/m.test(await (await fetch(`${app.url}/metrics`)).text());
    await until(() => isRelay(cutOff), { what: 'the first relay' });

    const runs: string[] = [];
    shipping.work = async (item, { signal }) => {
      runs.push(item);
      if (runs.length > 1) return;
      signal.addEventListener('abort', () => runs.push('interrupted'), { once: true });
      await never.promise;
    };
    await cutOff.service.db.transaction((tx) =>
      cutOff.service.nest.get(Jobs).add(tx, Ship, { item: 'parcel' }, { queue: 'van:1' }),
    );
    await until(() => runs.length === 1, { what: 'the first run' });
    const other = await start(shopApp, database.url);
    stand(other, 'the second');
    elections(other).stand('ferry', () => undefined);
    const ferry = await until(() => elections(other).leadershipOf('ferry'), { what: 'the leader of the other name' });

    proxy.blackhole();
    await other.service.db.transaction((tx) => other.service.bus.outbox.add(tx, ItemSold({ item: 'letter' })));
    const within = { timeoutMs: TAKEN_OVER_WITHIN_MS };
    await Promise.all([
      other.probe.until(ItemSold, () => true, TAKEN_OVER_WITHIN_MS),
      until(() => runs.length === 3, { what: 'the second run', ...within }),
      until(() => terms.length === 3, { what: 'the second leader', ...within }),
    ]);
    expect(runs).toEqual(['parcel', 'interrupted', 'parcel']);
    expect(terms).toEqual(['the first begins', 'the first ends', 'the second begins']);
    // By now it had nothing to say for longer than a silent session lives.
    expect(elections(other).leadershipOf('ferry')).toBe(ferry);

    // The end of the silence: what was lost is lost, new connections find their way.
    proxy.cut();
    proxy.restore();
    await stop(other);
    await until(() => terms.length === 5, { what: 'the first one to lead again' });
    await until(() => isRelay(cutOff), { what: 'the first one to be the relay again' });
  }, 90_000);

  it('is not waited for by those that start and have to migrate', async () => {
    const begun = Promise.withResolvers<void>();
    let starts = 0;
    class Slow1700000000001 {
      readonly name = 'Slow1700000000001';
      async up(db: QueryRunner) {
        if (++starts === 1) {
          begun.resolve();
          await never.promise;
        }
        await db.query('CREATE TABLE slow ()');
      }
      down = () => Promise.resolve();
    }
    const app = { ...shopApp, migrations: [...shopApp.migrations, Slow1700000000001] };
    const cutOff = start(app, proxy.url).catch((error: unknown) => error);
    await begun.promise;
    proxy.blackhole();
    const other = start(app, database.url);
    await until(() => apps.size === 1, { what: 'the second process', timeoutMs: TAKEN_OVER_WITHIN_MS });
    await other;
    proxy.cut();
    never.resolve();
    expect(await cutOff).toBeInstanceOf(Error);
  }, 60_000);
});
