import { createTestDatabase, startApp, type TestApp } from '@switchboard/testing';
import type { EntityManager } from 'typeorm';
import { shopApp } from '../test/shop.app';
import { PreparingClient } from './prepared-statements';

describe('statements', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(shopApp);
  });
  afterAll(() => app.stop());

  const often = async (ask: () => Promise<unknown>) => {
    for (let i = 0; i < 12; i++) await ask();
  };
  /** Those of this connection. */
  const preparedWith = async (tx: EntityManager, text: string) =>
    (await tx.query<unknown[]>(`SELECT FROM pg_prepared_statements WHERE statement LIKE '%${text}%'`)).length;

  it('that are asked again and again are prepared', () =>
    app.service.db.transaction(async (tx) => {
      const shipped = () => tx.query(`SELECT shipped AS often FROM sales WHERE item = $1`, ['lamp']);
      await shipped();
      expect(await preparedWith(tx, 'AS often')).toBe(0);
      await often(shipped);
      expect(await preparedWith(tx, 'AS often')).toBe(1);
      await tx.query(`INSERT INTO sales (item, shipped) VALUES ('lamp', 3)`);
      expect(await shipped()).toEqual([{ often: 3 }]);
    }));

  it('that are asked once each, for lists of all lengths, are not', () =>
    app.service.db.transaction(async (tx) => {
      for (let length = 1; length <= 40; length++) {
        const items = Array.from({ length }, (_, i) => `item ${i}`);
        await tx.query(`SELECT FROM sales AS listed WHERE item IN (${items.map((_, i) => `$${i + 1}`).join()})`, items);
      }
      expect(await preparedWith(tx, 'AS listed')).toBe(0);
    }));

  it('are planned anew when a table was changed beneath their plan', async () => {
    const { db } = app.service;
    const shipped = () => db.query(`SELECT shipped AS changed FROM sales WHERE item = $1`, ['chair']);
    await often(shipped);
    await db.query('ALTER TABLE sales ALTER COLUMN shipped TYPE text');
    await expect(shipped()).rejects.toThrow('cached plan must not change result type');
    expect(await shipped()).toEqual([]);
  });
});

it('a statement may take longer than a connection may be silent', async () => {
  const database = await createTestDatabase();
  const client = new PreparingClient({ connectionString: database.url, silenceMs: 100 });
  await client.connect();
  const { rows } = await client.query(`SELECT pg_sleep(0.5), 'done' AS outcome`);
  expect(rows).toEqual([expect.objectContaining({ outcome: 'done' })]);
  await client.end();
  await database.drop();
});
