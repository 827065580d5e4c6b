import { connect, type ChannelModel } from 'amqplib';
import { Client } from 'pg';
import { GROUPS, Ledger } from './ledger.mts';
import { Servers } from './servers.mts';

const missing = process.env['AMQP_MISSING'];
const describeWithBroker = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

/** What the drill would say of histories that we make up. */
describeWithBroker('the ledger of the drill', () => {
  const run = `drill-ledger-${process.pid}`;
  const ids = [1, 2, 3].map((n) => `00000000-0000-7000-8000-00000000000${n}`);
  let ledger: Ledger;
  let db: Client;
  let broker: ChannelModel;

  const apply = (consumer: string, n: number, id = ids[n - 1]) =>
    db.query(`INSERT INTO warehouse.applied (consumer, event_id, key, n) VALUES ($1, $2, 'key-1', $3)`, [
      consumer,
      id,
      n,
    ]);
  const park = (n: number, state: 'dead' | 'retrying') =>
    db.query(
      `INSERT INTO warehouse.parked_events (consumer, event_id, type, subject, envelope, state, error, reason)
       VALUES ('stock', $1, 't', 's', '{}', $2, '', '')`,
      [ids[n - 1], state],
    );
  const verdict = async () => {
    const { evidence: _, ...counts } = await ledger.check();
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  };

  beforeAll(async () => {
    const url = process.env['TEST_DATABASE_URL']!;
    const amqp = process.env['AMQP_URL']!;
    broker = await connect(amqp);
    const channel = await broker.createChannel();
    for (const group of GROUPS)
      for (const suffix of ['', '.undelivered']) await channel.assertQueue(`${run}.${group}${suffix}`);
    ledger = await Ledger.open(Servers.given(url, amqp), run);
    const own = new URL(url);
    own.pathname = ledger.database;
    db = new Client({ connectionString: own.href });
    await db.connect();
  });
  afterAll(async () => {
    await db.end();
    await ledger.drop();
    await broker.close();
  });

  /** Three events of one key that every group has applied in their order. */
  beforeEach(async () => {
    await db.query('TRUNCATE shop.written, warehouse.applied, warehouse.parked_events, warehouse.settled');
    for (const [i, id] of ids.entries())
      await db.query(
        `INSERT INTO shop.written (event_id, key, n, disputed, lethal) VALUES ($1, 'key-1', $2, false, false)`,
        [id, i + 1],
      );
    for (const group of GROUPS) for (const n of [1, 2, 3]) await apply(group, n);
  });

  it('finds nothing when everything was applied once and in order', async () => {
    expect(await verdict()).toEqual({});
  });

  it('finds what was lost', async () => {
    await db.query(`DELETE FROM warehouse.applied WHERE consumer = 'report' AND n = 2`);
    expect(await verdict()).toEqual({ lost: 1 });
  });

  it('finds what was applied more than once', async () => {
    await apply('stock', 3);
    await apply('stock', 3);
    expect(await verdict()).toEqual({ doubled: 2 });
  });

  it('finds what overtook another event of its key, in the ordered group only', async () => {
    for (const consumer of ['ledger', 'stock']) {
      await db.query('DELETE FROM warehouse.applied WHERE consumer = $1 AND n < 3', [consumer]);
      for (const n of [2, 1]) await apply(consumer, n);
    }
    expect(await verdict()).toEqual({ reordered: 2 });
  });

  it('finds dead letters that are no poison, and events that were left to be retried', async () => {
    await park(1, 'dead');
    await park(2, 'retrying');
    expect(await verdict()).toEqual({ misplaced: 2 });
  });

  it('finds effects of what was never committed', async () => {
    await apply('report', 9, '00000000-0000-7000-8000-000000000009');
    expect(await verdict()).toEqual({ misplaced: 1 });
  });

  it('accepts poison as a dead letter, until its dispute is settled', async () => {
    await db.query(`UPDATE shop.written SET disputed = true WHERE n = 1`);
    await db.query(`DELETE FROM warehouse.applied WHERE consumer = 'stock' AND n = 1`);
    await park(1, 'dead');
    expect(await verdict()).toEqual({});
    await db.query('INSERT INTO warehouse.settled VALUES ($1)', [ids[0]]);
    expect(await verdict()).toEqual({ lost: 1, misplaced: 1 });
  });
});
