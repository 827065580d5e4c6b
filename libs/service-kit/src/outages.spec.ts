import { RabbitTransport } from '@switchboard/bus';
import { createTestDatabase, startApp, TcpProxy, type TestApp, type TestDatabase, until } from '@switchboard/testing';
import { ItemSold, shipping, shopApp } from '../test/shop.app';

const amqpUrl = process.env['AMQP_URL'];
const itWithBroker = process.env['AMQP_MISSING'] && process.env['CI'] !== 'true' ? it.skip : it;

describe('a service whose surroundings go away', () => {
  let database: TestDatabase;
  const shipped = async (app: TestApp, item: string) => {
    const [row] = await app.service.db.query('SELECT shipped FROM sales WHERE item = $1', [item]);
    return (row as { shipped: number } | undefined)?.shipped;
  };
  const outbox = (app: TestApp): Promise<object[]> => app.service.db.query('SELECT type FROM outbox');
  const sell = (app: TestApp, item: string) =>
    fetch(`${app.url}/sales`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ item }),
    });
  const readiness = async (app: TestApp) =>
    (await (await fetch(`${app.url}/health/ready`)).json()) as { checks: Record<string, boolean> };

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    shipping.work = () => Promise.resolve();
    await database.drop();
  });

  it('waits at its start until the database answers', async () => {
    const proxy = await TcpProxy.to(database.url, { open: false });
    const starting = startApp(shopApp, { database: { ...database, url: proxy.url } });
    let started = false;
    void starting.then(() => (started = true));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(started).toBe(false);
    proxy.restore();
    const app = await starting;
    expect((await sell(app, 'patience')).status).toBe(201);
    await app.stop({ keepDatabase: true });
    await proxy.close();
  });

  it('says that it is not ready while the database is away, and goes on when it is back', async () => {
    const proxy = await TcpProxy.to(database.url);
    const app = await startApp(shopApp, { database: { ...database, url: proxy.url } });
    await sell(app, 'before');
    await until(async () => (await shipped(app, 'before')) === 101, { what: 'work before' });
    proxy.cut();
    await until(async () => !(await readiness(app)).checks['database'], { what: 'not ready' });
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
    expect((await sell(app, 'meanwhile')).status).toBe(500);
    proxy.restore();
    await until(async () => (await readiness(app)).checks['database'], { what: 'ready again' });
    await sell(app, 'after');
    await until(async () => (await shipped(app, 'after')) === 101, { what: 'work after', timeoutMs: 20_000 });
    expect(await shipped(app, 'meanwhile')).toBeUndefined();
    await app.stop({ keepDatabase: true });
    await proxy.close();
  }, 60_000);

  it.each([
    ['done', () => Promise.resolve()],
    ['failed', () => Promise.reject(new Error('no lorry'))],
  ])(
    'runs a job again that was %s while the database was away',
    async (_how, end) => {
      const proxy = await TcpProxy.to(database.url);
      const app = await startApp(shopApp, { database: { ...database, url: proxy.url } });
      let runs = 0;
      shipping.work = async () => {
        if (++runs > 1) return;
        proxy.cut();
        await until(async () => !(await readiness(app)).checks['database'], { what: 'not ready' });
        await end();
      };
      await sell(app, 'lamp');
      await until(() => runs === 1, { what: 'the first run' });
      await until(async () => !(await readiness(app)).checks['database'], { what: 'not ready' });
      await new Promise((resolve) => setTimeout(resolve, 500));
      proxy.restore();
      await until(async () => (await shipped(app, 'lamp')) === 101, { what: 'the second run', timeoutMs: 30_000 });
      await sell(app, 'vase');
      await until(async () => (await shipped(app, 'vase')) === 101, { what: 'the next job', timeoutMs: 20_000 });
      await app.stop({ keepDatabase: true });
      await proxy.close();
    },
    60_000,
  );

  itWithBroker(
    'starts without the broker, keeps what is said, and says it when the broker is there; also after a cut',
    async () => {
      if (!amqpUrl)
        throw new Error(process.env['AMQP_MISSING'] ?? 'AMQP_URL is not set: run specs with `npm test -- <path>`');
      const proxy = await TcpProxy.to(amqpUrl);
      const transport = new RabbitTransport({ url: proxy.url, name: 'outages' });
      const app = await startApp(shopApp, { database, transport, events: [ItemSold] });
      await sell(app, 'before');
      await app.probe.until(ItemSold, (event) => event.data.item === 'before');
      // It is heard before the relay knows that it was: the confirmation must not be cut off.
      await until(async () => (await outbox(app)).length === 0, { what: 'the confirmation' });
      proxy.cut();
      await until(async () => !(await readiness(app)).checks['broker'], { what: 'not ready' });
      expect((await sell(app, 'meanwhile')).status).toBe(201);
      expect(await outbox(app)).toEqual([{ type: ItemSold.type }]);
      proxy.restore();
      await app.probe.until(ItemSold, (event) => event.data.item === 'meanwhile', 30_000);
      await until(async () => (await shipped(app, 'meanwhile')) === 101, { what: 'the event to be applied' });
      expect(app.probe.all(ItemSold).filter((event) => event.data.item === 'meanwhile').length).toBeGreaterThanOrEqual(
        1,
      );
      await app.stop({ keepDatabase: true });
      await transport.close();
      await proxy.close();
    },
    60_000,
  );

  it('migrates once when two processes start at the same time', async () => {
    const apps = await Promise.all([startApp(shopApp, { database }), startApp(shopApp, { database })]);
    const [{ n }] = await apps[0]!.service.db.query('SELECT count(*)::int AS n FROM migrations');
    expect(n).toBe(apps[0]!.service.db.migrations.length);
    for (const app of apps) await app.stop({ keepDatabase: true });
  });
});
