import { createTestDatabase, startApp, type TestApp } from '@switchboard/testing';
import { shopApp } from '../test/shop.app';
import { BlindIndex } from './blind-index';
import { requireKnownKeys } from './key-checks';
import { KeyRing } from './key-ring';

const bytes = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const key = (id: string, byte: number) => `${id}:${bytes(byte)}`;

describe('the keys of an installation', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp(shopApp);
  });
  afterAll(() => app.stop());
  beforeEach(() => app.service.db.query('DELETE FROM key_checks'));

  /** What a start with these keys does before anything is read or written. */
  const start = (keys: string, lookupKey = bytes(9)) =>
    requireKnownKeys(app.service.db, new KeyRing(keys), new BlindIndex(lookupKey, 'shop'));

  it('a key of a known id and other bytes is refused: what the former one encrypted would count as damaged', async () => {
    await start(key('k1', 1));
    await expect(start(key('k1', 2))).rejects.toThrow(/ENCRYPTION_KEYS: "k1" is another key than .* the schema shop/);
    await expect(start(`${key('k2', 2)},${key('k1', 2)}`)).rejects.toThrow(/"k1" is another key/);
    await start(key('k1', 1));
  });

  it('keys of which none was ever used here are refused: people would get new ones over what is there', async () => {
    await start(key('k1', 1));
    await expect(start(key('k2', 2))).rejects.toThrow(/ENCRYPTION_KEYS: .* the schema shop .*\(k1\)/);
  });

  it('another LOOKUP_KEY is refused: nobody would be found any more', async () => {
    await start(key('k1', 1));
    await expect(start(key('k1', 1), bytes(8))).rejects.toThrow(/LOOKUP_KEY: .* the schema shop/);
  });

  it('all that is wrong is told at once, and nothing is noted of keys that were refused', async () => {
    await start(key('k1', 1));
    const refused = start(`${key('k2', 2)},${key('k1', 2)}`, bytes(8));
    await expect(refused).rejects.toMatchObject({
      mistakes: [/^ENCRYPTION_KEYS/, /^LOOKUP_KEY/].map((begin) => expect.stringMatching(begin)),
    });
    await start(`${key('k2', 3)},${key('k1', 1)}`);
  });

  it('a rotation, an old .env put back and the next rotation go on', async () => {
    await start(key('k1', 1));
    await start(`${key('k1', 1)},${key('k2', 2)}`);
    await start(`${key('k2', 2)},${key('k1', 1)}`);
    await start(key('k1', 1));
    await start(key('k2', 2));
    await start(`${key('k3', 3)},${key('k2', 2)}`);
  });

  it.each([
    ['encryption key', key('k2', 2), bytes(9)],
    ['lookup key', key('k1', 1), bytes(8)],
  ])(
    'who has lost the %s begins with another one by the statement that the refusal names',
    async (_which, keys, lookupKey) => {
      await start(key('k1', 1));
      const { message } = (await start(keys, lookupKey).catch((error: unknown) => error as Error)) as Error;
      await app.service.db.query(/DELETE FROM .*?;/.exec(message)![0]);
      await start(keys, lookupKey);
    },
  );

  it('are compared before a service works', async () => {
    const other = { database: app.database, env: { ENCRYPTION_KEYS: key('test', 1) } };
    await start(key('test', 7));
    await expect(startApp(shopApp, other)).rejects.toThrow('ENCRYPTION_KEYS: "test" is another key');
  });
});

describe('ENCRYPTION_KEYS', () => {
  it('with one id twice is refused: the second key would take the place of the first', () => {
    expect(() => new KeyRing(`${key('k1', 1)},${key('k1', 2)}`)).toThrow('ENCRYPTION_KEYS: the id "k1" is given twice');
  });

  it('is checked together with all the other variables', async () => {
    const database = await createTestDatabase();
    const env = { ENCRYPTION_KEYS: `${key('k1', 1)},${key('k1', 2)}`, LOOKUP_KEY: 'dG9vIHNob3J0', SHOP_PORT: 'eighty' };
    const start = startApp(shopApp, { database, env });
    await expect(start).rejects.toThrow('has 3 mistake(s)');
    await expect(start).rejects.toThrow('ENCRYPTION_KEYS: the id "k1" is given twice');
    await expect(start).rejects.toThrow('LOOKUP_KEY: must be 32 bytes in base64');
    await database.drop();
  });
});
