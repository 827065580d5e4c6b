import { createTestDatabase, startApp, until } from '@switchboard/testing';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { diaryApp, NoteWritten } from '../test/diary.app';
import { shopApp } from '../test/shop.app';
import { FieldCipher } from './field-cipher';
import { createLog } from './log';
import { Schedules } from './schedules';

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;
const PLACE = 'sales.buyer';
const ROTATING = { ENCRYPTION_KEYS: `${key('k2', 2)},${key('k1', 1)}` };

describe('rotation of keys', () => {
  it('writes every value of an older key anew, after which that key is needed no more', async () => {
    const database = await createTestDatabase();
    const buyers = Array.from({ length: 450 }, (_, i) => `buyer ${i}`);
    const old = await startApp(shopApp, { database, env: { ENCRYPTION_KEYS: key('k1', 1) } });
    const before = new FieldCipher(key('k1', 1));
    await old.service.db.query(`INSERT INTO sales (item, buyer) SELECT * FROM unnest($1::text[], $2::text[])`, [
      buyers,
      buyers.map((buyer, i) => (i % 2 ? before.encrypt(buyer, PLACE) : before.encrypt(buyer, PLACE, buyer))),
    ]);
    await old.service.db.query(`INSERT INTO sales (item, buyer) VALUES ('nobody', NULL), ('erased', '')`);
    // What cannot be decrypted keeps nothing else from being rotated.
    const lost = new FieldCipher(key('k0', 9)).encrypt('buyer of long ago', PLACE);
    await old.service.db.query(`INSERT INTO sales (item, buyer) VALUES ('a lost key', $1)`, [lost]);
    await old.stop({ keepDatabase: true });

    const rotating = await startApp(shopApp, { database, env: ROTATING });
    const values = () =>
      rotating.service.db.query<{ item: string; buyer: string }[]>(
        `SELECT item, buyer FROM sales WHERE buyer <> '' AND item <> 'a lost key'`,
      );
    const isDone = async () => (await values()).every(({ buyer }) => buyer.split('.')[1] === 'k2');
    await until(isDone, { what: 'all values under the new key' });
    const after = new FieldCipher(key('k2', 2));
    const rows = await values();
    expect(rows).toHaveLength(buyers.length);
    for (const { item, buyer } of rows) {
      expect(after.decrypt(buyer, PLACE, buyer.startsWith('r1.') ? item : undefined)).toBe(item);
    }
    const [{ buyer }] = await rotating.service.db.query(`SELECT buyer FROM sales WHERE item = 'a lost key'`);
    expect(buyer).toBe(lost);
    await rotating.stop();
  });

  it('leaves what a key of a person has encrypted to that key', async () => {
    const database = await createTestDatabase();
    const old = await startApp(shopApp, { database, env: { ENCRYPTION_KEYS: key('k1', 1) } });
    const ofPerson = `p1.${uuidv7()}.AAAA`;
    await old.service.db.query(`INSERT INTO sales (item, buyer) VALUES ('a', $1), ('b', $2)`, [
      ofPerson,
      new FieldCipher(key('k1', 1)).encrypt('somebody', PLACE),
    ]);
    await old.stop({ keepDatabase: true });
    const lines: string[] = [];
    const log = createLog({ level: 'info', format: 'json' }, { write: (line) => void lines.push(line) });
    const rotating = await startApp(shopApp, { database, env: ROTATING, log });
    const said = () =>
      lines.filter((line) => /older key/.test(line)).map((line) => (JSON.parse(line) as { msg: string }).msg);
    await until(() => said().length > 0, { what: 'the end of the rotation' });
    expect(said()).toEqual(['values of older keys were written anew, and are looked for every hour']);
    expect(await rotating.service.db.query(`SELECT buyer FROM sales WHERE item = 'a'`)).toEqual([{ buyer: ofPerson }]);
    await rotating.stop();
  });

  it('goes on while older processes may write behind it, and says that it is done when they cannot any more', async () => {
    const database = await createTestDatabase();
    const lines: string[] = [];
    const log = createLog({ level: 'info', format: 'json' }, { write: (line) => void lines.push(line) });
    const rotating = await startApp(shopApp, { database, env: ROTATING, log });
    const { db, nest } = rotating.service;
    let day = 0;
    const pass = async () => {
      await nest.get(Schedules).runSlot('rotate-keys', new Date(Date.now() + ++day * 86_400_000));
      const done = `SELECT FROM schedules WHERE job = 'rotate-keys' AND last_success_slot = last_slot`;
      await until(async () => ((await db.query(done)) as unknown[]).length === 1, { what: 'a pass' });
    };
    const isDone = () => lines.some((line) => line.includes('nothing is encrypted with an older key any more'));
    const left = async () => {
      const text = await (await fetch(`${rotating.url}/metrics`)).text();
      return Number(/^encryption_older_key_values\{.*key="k1".*\} (\d+)/m.exec(text)?.[1]);
    };
    await until(() => lines.some((line) => line.includes('looked for every hour')), { what: 'the first pass' });
    await pass();
    expect(isDone()).toBe(false);
    // A process of the former release, which ends within the overlap.
    await db.query(`INSERT INTO sales (item, buyer) VALUES ('late', $1)`, [
      new FieldCipher(key('k1', 1)).encrypt('somebody', PLACE),
    ]);
    rotating.clock.advance(11 * 60_000);
    await pass();
    expect(await left()).toBe(1);
    expect(isDone()).toBe(false);
    expect(await db.query(`SELECT FROM sales WHERE buyer LIKE 'v1.k1.%'`)).toEqual([]);
    await pass();
    expect(await left()).toBe(0);
    expect(isDone()).toBe(true);
    await rotating.stop();
  });

  it('walks a table once, however many batches there are', async () => {
    const database = await createTestDatabase();
    const old = await startApp(shopApp, { database, env: { ENCRYPTION_KEYS: key('k1', 1) } });
    const [before, after] = [new FieldCipher(key('k1', 1)), new FieldCipher(key('k2', 2))];
    // Most are under the new key already: what is left lies far apart.
    await old.service.db.query(
      `INSERT INTO sales (item, buyer) SELECT 'item ' || i, CASE WHEN i % 20 = 0 THEN $1 ELSE $2 END
       FROM generate_series(1, 10000) i`,
      [before.encrypt('somebody', PLACE), after.encrypt('somebody', PLACE)],
    );
    await old.service.db.query('ANALYZE sales');
    await old.stop({ keepDatabase: true });
    const admin = new Client({ connectionString: database.url });
    await admin.connect();
    const read = async () => {
      const { rows } = await admin.query<{ tuples: string }>(
        `SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS tuples FROM pg_stat_user_tables WHERE relname = 'sales'`,
      );
      return Number(rows[0]!.tuples);
    };
    const start = await read();
    const rotating = await startApp(shopApp, { database, env: ROTATING });
    // The last one along the primary key.
    const last = async () => {
      const { rows } = await admin.query<{ buyer: string }>(`SELECT buyer FROM shop.sales WHERE item = 'item 9980'`);
      return rows[0]!.buyer;
    };
    await until(async () => (await last()).startsWith('v1.k2.'), { what: 'the rotation' });
    // The counts of its connections are complete when they are closed.
    await rotating.stop({ keepDatabase: true });
    const tuples = (await read()) - start;
    await admin.end();
    await database.drop();
    // 10,000 to look at, 500 to write.
    expect(tuples).toBeLessThan(20_000);
  }, 60_000);

  it('brings dead letters to the new key, too', async () => {
    const database = await createTestDatabase();
    const old = await startApp(diaryApp, { database, env: { ENCRYPTION_KEYS: key('k1', 1) }, events: [NoteWritten] });
    const draft = NoteWritten({ noteId: crypto.randomUUID(), userId: crypto.randomUUID(), text: 'zebra' });
    const event = await old.probe.say(draft, { data: { ...draft.data, noteId: 'none' } });
    const letters = () =>
      old.service.db.query<{ envelope: string }[]>('SELECT envelope FROM parked_events WHERE event_id = $1', [
        event.id,
      ]);
    await until(async () => (await letters()).length === 1, { what: 'a dead letter' });
    expect((await letters())[0]!.envelope).toContain('"e1.k1.');
    await old.stop({ keepDatabase: true });
    const rotating = await startApp(diaryApp, { database, env: ROTATING });
    const dead = async () => (await rotating.service.bus.deadLetters.list())[0]!;
    await until(async () => JSON.stringify(await dead()).includes('"e1.k2.'), { what: 'the new key' });
    await rotating.stop();
  });
});
