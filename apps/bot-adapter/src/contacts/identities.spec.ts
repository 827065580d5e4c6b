import {
  BotAdapterPersonErased,
  ContactBlocked,
  ContactStarted,
  ErasureRequested,
  IdentityLinked,
  IdentityUnlinked,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { externalHash, hear, reply, startBotAdapter } from '../../test/start-bot-adapter';
import { NORTHWIND, type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';

describe('somebody who signed in elsewhere', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram);
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  const identity = (phone: Phone, userId: string, channel = 'telegram') => {
    return { identityId: uuidv7(), userId, channel, externalId: String(phone.id) };
  };
  const knownAs = async ({ id }: Phone): Promise<string | undefined> => {
    const [row] = await app.service.db.query<{ user_id: string }[]>(
      'SELECT user_id FROM people WHERE external_hash = $1',
      [externalHash(id)],
    );
    return row?.user_id;
  };
  const link = async (phone: Phone, userId: string) => {
    await app.probe.say(IdentityLinked({ ...identity(phone, userId), linkedAt: new Date().toISOString() }));
    await until(async () => (await knownAs(phone)) === userId, { what: 'the id to be taken over' });
  };

  it('says with the first message who they are in Telegram', async () => {
    const emma = await telegram.person();
    const { data } = await hear(app, emma, 'hello');
    const started = await app.probe.until(ContactStarted, (event) => event.data.userId === data.userId);
    expect(started.data).toMatchObject({ channel: 'telegram', externalId: String(emma.id) });
  });

  it('is the same person when they write to a bot for the first time', async () => {
    const [emma, userId] = [await telegram.person(), uuidv7()];
    await link(emma, userId);
    expect((await hear(app, emma, 'hello')).data.userId).toBe(userId);
    const elsewhere = await hear(app, telegram.other(emma, NORTHWIND.username), 'hello');
    expect(elsewhere.data.userId).toBe(userId);
  });

  it('at the moment at which they wrote goes on as the person who signed in, in the same chat', async () => {
    const [emma, userId] = [await telegram.person(), uuidv7()];
    const before = await hear(app, emma, 'hello');
    expect(before.data.userId).not.toBe(userId);
    await link(emma, userId);
    const after = await hear(app, emma, 'still me');
    expect(after.data).toMatchObject({ userId, chatId: before.data.chatId });
    // What was under way for the former id arrives, too.
    await reply(app, before, 'An answer to the first.');
    await reply(app, after, 'An answer to the second.');
    for (const text of ['An answer to the first.', 'An answer to the second.'])
      await emma.answer((message) => message.text === text);
    expect(app.probe.all(ContactStarted).filter(({ data }) => data.externalId === String(emma.id))).toHaveLength(1);
    await emma.block(true);
    const blocked = await app.probe.until(ContactBlocked, ({ data }) => data.chatId === before.data.chatId);
    expect(blocked.data.userId).toBe(userId);
  });

  it('is told of twice, and nothing changes', async () => {
    const [emma, userId] = [await telegram.person(), uuidv7()];
    await hear(app, emma, 'hello');
    await link(emma, userId);
    await app.probe.say(IdentityLinked({ ...identity(emma, userId), linkedAt: new Date().toISOString() }));
    const { data } = await hear(app, emma, 'and again');
    expect(data.userId).toBe(userId);
    const rows = await app.service.db.query<{ former: number }[]>(
      'SELECT cardinality(former_ids) AS former FROM people WHERE user_id = $1',
      [userId],
    );
    expect(rows).toEqual([{ former: 1 }]);
  });

  it('is erased with all ids they ever had', async () => {
    const [emma, userId] = [await telegram.person(), uuidv7()];
    const { data: before } = await hear(app, emma, 'hello');
    await link(emma, userId);
    await hear(app, emma, 'still me');
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId }));
    for (const id of [userId, before.userId])
      await app.probe.until(BotAdapterPersonErased, ({ data }) => data.userId === id);
    expect(await knownAs(emma)).toBeUndefined();
    for (const table of ['contacts', 'chats', 'inbound_messages', 'deliveries'])
      for (const id of [userId, before.userId])
        expect(await app.service.db.query(`SELECT FROM ${table} WHERE user_id = $1`, [id])).toEqual([]);
  });

  it('and took that away before they wrote to a bot is somebody new there', async () => {
    const [emma, userId] = [await telegram.person(), uuidv7()];
    await link(emma, userId);
    await app.probe.say(IdentityUnlinked({ ...identity(emma, userId), unlinkedAt: new Date().toISOString() }));
    await until(async () => (await knownAs(emma)) === undefined, { what: 'the id to be given up' });
    expect((await hear(app, emma, 'hello')).data.userId).not.toBe(userId);
  });

  it('with an account that is no channel of a bot leaves no row here', async () => {
    const [emma, userId] = [await telegram.person(), uuidv7()];
    await app.probe.say(IdentityLinked({ ...identity(emma, userId, 'google'), linkedAt: new Date().toISOString() }));
    await link(emma, userId);
    expect(await app.service.db.query('SELECT channel FROM people WHERE user_id = $1', [userId])).toEqual([
      { channel: 'telegram' },
    ]);
  });

  it('and was erased is not taken over again by what comes late', async () => {
    const [emma, max, userId] = [await telegram.person(), await telegram.person(), uuidv7()];
    await link(emma, userId);
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId }));
    await app.probe.until(BotAdapterPersonErased, ({ data }) => data.userId === userId);
    await app.probe.say(IdentityLinked({ ...identity(emma, userId), linkedAt: new Date().toISOString() }));
    await link(max, uuidv7());
    expect((await hear(app, emma, 'hello')).data.userId).not.toBe(userId);
    expect(await app.service.db.query('SELECT FROM parked_events')).toEqual([]);
  });
});
