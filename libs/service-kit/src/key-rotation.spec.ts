import { createTestDatabase, startApp, until } from '@switchboard/testing';
import { shopApp } from '../test/shop.app';
import { FieldCipher } from './field-cipher';

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;
const PLACE = 'sales.buyer';

describe('rotation of keys', () => {
  it('writes every value of an older key anew, after which that key is needed no more', async () => {
    const database = await createTestDatabase();
    const buyers = Array.from({ length: 450 }, (_, i) => `buyer ${i}`);
    const old = await startApp(shopApp, { database, env: { ENCRYPTION_KEYS: key('k1', 1) } });
    const before = new FieldCipher(key('k1', 1));
    await old.service.db.query(`INSERT INTO sales (item, buyer) SELECT * FROM unnest($1::text[], $2::text[])`, [
      buyers,
      buyers.map((buyer) => before.encrypt(buyer, PLACE)),
    ]);
    await old.service.db.query(`INSERT INTO sales (item, buyer) VALUES ('nobody', NULL), ('erased', '')`);
    await old.stop({ keepDatabase: true });

    const rotating = await startApp(shopApp, { database, env: { ENCRYPTION_KEYS: `${key('k2', 2)},${key('k1', 1)}` } });
    const values = () =>
      rotating.service.db.query<{ item: string; buyer: string }[]>(`SELECT item, buyer FROM sales WHERE buyer <> ''`);
    const isDone = async () => (await values()).every(({ buyer }) => buyer.startsWith('v1.k2.'));
    await until(isDone, { what: 'all values under the new key' });
    const after = new FieldCipher(key('k2', 2));
    const rows = await values();
    expect(rows).toHaveLength(buyers.length);
    for (const { item, buyer } of rows) expect(after.decrypt(buyer, PLACE)).toBe(item);
    await rotating.stop();
  });
});
