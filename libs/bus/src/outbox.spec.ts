import { type TestDatabase, until } from '@switchboard/testing';
import type { DataSource } from 'typeorm';
import { openBackboneDatabase, OrderPlaced, run, type Running } from '../test/backbone';
import { MemoryTransport } from './memory.transport';

describe('a change and its event in one statement', () => {
  let database: TestDatabase;
  let db: DataSource;
  let running: Running;
  const heard: string[] = [];

  beforeAll(async () => {
    const opened = await openBackboneDatabase();
    database = opened.database;
    db = await opened.open();
    const transport = new MemoryTransport();
    const group = { name: 'spec', types: [OrderPlaced.type], ordered: false, shards: 1, concurrency: 1, batchSize: 10 };
    await transport.subscribe(group, (batch) => {
      for (const { message } of batch) heard.push((JSON.parse(message.body) as { subject: string }).subject);
      return Promise.resolve();
    });
    running = await run(db, database.url, transport);
    await db.query(`INSERT INTO applied (order_id, n) VALUES ('a', 1)`);
  });
  afterAll(async () => {
    await running.stop();
    await database.drop();
  });

  const place = (orderId: string) =>
    running.bus.outbox.addWith(
      db,
      { sql: 'UPDATE applied SET n = $2 WHERE order_id = $1', parameters: [orderId, 2] },
      OrderPlaced({ orderId, n: 2 }),
    );

  it('is said once it is made', async () => {
    expect(await place('a')).toBe(1);
    expect(await db.query('SELECT n FROM applied')).toEqual([{ n: 2 }]);
    await until(() => heard.includes('a'), { what: 'the event' });
  });

  it('is not said when there was nothing to change', async () => {
    expect(await place('b')).toBe(0);
    expect(await db.query(`SELECT FROM outbox WHERE subject = 'b'`)).toEqual([]);
  });

  it('has its transaction numbered before it gets its id, so that the relay passes over neither', async () => {
    await db.query(`
      CREATE FUNCTION next_id() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN
        IF pg_current_xact_id_if_assigned() IS NULL THEN RAISE 'the transaction has no number yet'; END IF;
        RETURN nextval('outbox_ids');
      END $$;
      CREATE SEQUENCE outbox_ids START 1000;
      ALTER TABLE outbox ALTER id DROP IDENTITY, ALTER id SET DEFAULT next_id()`);
    const first = OrderPlaced({ orderId: 'c', n: 1 });
    await expect(db.transaction((tx) => running.bus.outbox.add(tx, first))).resolves.toHaveLength(1);
    expect(await place('a')).toBe(1);
  });
});
