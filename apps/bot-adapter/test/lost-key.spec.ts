import { PersonalData } from '@switchboard/service-kit';
import { createTestDatabase } from '@switchboard/testing';
import { Contact } from '../src/contacts/contact.entity';
import { hear, startBotAdapter } from './start-bot-adapter';
import { type PretendedTelegram, startTelegram } from './start-sandbox';

const key = (id: string, byte: number) => `${id}:${Buffer.alloc(32, byte).toString('base64')}`;

/** As in the middle of a rotation, or after an old .env was put back. */
describe('a contact whose profile is encrypted with a key that is missing here', () => {
  let telegram: PretendedTelegram;
  beforeAll(async () => {
    telegram = await startTelegram();
  });
  afterAll(() => telegram.close());

  it('is heard all the same, and the profile is written anew', async () => {
    const database = await createTestDatabase();
    const emma = await telegram.person();
    const rotated = `${key('k2', 2)},${key('k1', 1)}`;
    const newer = await startBotAdapter(telegram, { database, env: { ENCRYPTION_KEYS: rotated } });
    const before = await hear(newer, emma, 'Hello');
    await newer.stop({ keepDatabase: true });

    const older = await startBotAdapter(telegram, { database, env: { ENCRYPTION_KEYS: key('k1', 1) } });
    const after = await hear(older, emma, 'Are you there?');
    expect(after.data.userId).toBe(before.data.userId);
    const contact = await older.service.db.manager.findOneByOrFail(Contact, { userId: after.data.userId });
    const { db, nest } = older.service;
    const row = { table: 'contacts', id: contact.id, userId: contact.userId };
    const { profile } = await nest.get(PersonalData).decrypt(db.manager, row, { profile: contact.profile });
    expect(profile).toMatch(/^\{"name":"/);
    expect(await older.service.db.query('SELECT FROM inbound_updates WHERE failure IS NOT NULL')).toEqual([]);
    await older.stop();
  });
});
