import {
  type Actor,
  FindContacts,
  IdentityLinked,
  ListContacts,
  ListPersonDeliveries,
  MessageReceived,
  ReadPersonContacts,
  ReadPersonProfile,
} from '@switchboard/contracts';
import { erasePerson, tablesWith, type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { hear, reply, startBotAdapter } from '../../test/start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';
import { EMMA, TelegramWebhook } from '../../test/webhook';

const REASON = 'a question about a payment';

describe('people, for staff', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let webhook: TelegramWebhook;

  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram);
    webhook = new TelegramWebhook(app);
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  type Wanted = Parameters<typeof app.gateway.call<typeof FindContacts>>[1]['body'];
  const find = async (body: Wanted, actor?: Actor) =>
    (await app.gateway.call(FindContacts, { body }, actor && { actor })).contacts;
  const list = (query: { botId?: string; limit?: number; after?: string }, actor?: Actor) =>
    app.gateway.call(ListContacts, { query }, actor && { actor });
  /** Somebody writes to Lumen, with a name that no phone of the sandbox has. */
  const writes = async (id: number, names: { first_name: string; last_name?: string; username?: string }) => {
    const text = `hello from ${id}`;
    await webhook.message({ text, chat: { id, type: 'private' }, from: { ...EMMA, id, ...names } });
    return (await app.probe.until(MessageReceived, ({ data }) => data.text === text)).data.userId;
  };
  const deliveries = (userId: string, query: { state?: 'sent' | 'queued'; limit?: number; after?: string } = {}) =>
    app.gateway.call(ListPersonDeliveries, { params: { userId }, query });

  it('are found by their id, their user name and their name, whole and whatever the capitals', async () => {
    const userId = await writes(7001, { first_name: 'Алёна', last_name: 'Ёлкина', username: 'Alyona_E' });
    await writes(7002, { first_name: 'Алёна', last_name: 'Петрова' });
    const isHer = [{ userId, botId: 'lumen', channel: 'telegram', name: 'А••• Ё•••', blockedAt: null }];
    for (const wanted of [
      { externalId: '7001' },
      { username: '@alyona_e' },
      { username: 'ALYONA_E' },
      { name: ' алена   елкина ' },
    ])
      expect(await find(wanted)).toMatchObject(isHer);
    for (const wanted of [{ name: 'Алёна' }, { username: 'alyona' }, { externalId: '700' }])
      expect(await find(wanted)).toEqual([]);
    expect(await tablesWith(app, 'лкина')).toEqual([]);
  });

  it('are found by the name they have now', async () => {
    const userId = await writes(7011, { first_name: 'Maria', username: 'maria_old' });
    await webhook.message({
      text: 'I am another one',
      chat: { id: 7011, type: 'private' },
      from: { ...EMMA, id: 7011, first_name: 'Mariam' },
    });
    await until(async () => (await find({ name: 'mariam' })).length > 0, { what: 'the new name' });
    expect(await find({ name: 'mariam' })).toMatchObject([{ userId }]);
    expect(await find({ name: 'maria' })).toEqual([]);
    expect(await find({ username: 'maria_old' })).toEqual([]);
  });

  it('are listed with masked names, whoever came last first, page by page', async () => {
    const people = [];
    for (const id of [7021, 7022, 7023])
      people.unshift(await writes(id, { first_name: `Guest`, last_name: 'Of Spring' }));
    const all = await list({ botId: 'lumen' });
    expect(all.data.slice(0, 3).map(({ userId }) => userId)).toEqual(people);
    expect(all.data[0]!.name).toBe('G••• O••• S•••');
    const first = await list({ botId: 'lumen', limit: 2 });
    const second = await list({ botId: 'lumen', limit: 1, after: first.page.next! });
    expect([...first.data, ...second.data].map(({ userId }) => userId)).toEqual(people);
    expect(await list({ botId: 'northwind' })).toMatchObject({ data: [] });
  });

  it('are told of in full for a reason, with where they are', async () => {
    const userId = await writes(7031, { first_name: 'Oleg', username: 'oleg_b' });
    const params = { userId };
    expect(await app.gateway.call(ReadPersonContacts, { params })).toMatchObject({
      contacts: [{ userId, botId: 'lumen', name: 'O•••' }],
      chats: [{ botId: 'lumen', channel: 'telegram', locale: 'en', blockedAt: null }],
    });
    expect(await app.gateway.call(ReadPersonProfile, { params, reason: REASON })).toEqual({
      profiles: [{ botId: 'lumen', channel: 'telegram', name: 'Oleg', username: 'oleg_b', externalId: '7031' }],
    });
    await expect(app.gateway.call(ReadPersonProfile, { params, reason: '' })).rejects.toMatchObject({ status: 400 });
    const support: Actor = { kind: 'staff', id: 'sam', roles: [], scopes: ['people:read'] };
    await expect(
      app.gateway.call(ReadPersonProfile, { params, reason: REASON }, { actor: support }),
    ).rejects.toMatchObject({ status: 403 });
    expect(await app.gateway.call(ReadPersonContacts, { params: { userId: uuidv7() } })).toEqual({
      contacts: [],
      chats: [],
    });
  });

  it('with two accounts are one person with two contacts, each with its own id', async () => {
    const userId = await writes(7035, { first_name: 'Vera', username: 'vera_home' });
    const linked = { identityId: uuidv7(), userId, channel: 'telegram', externalId: '7036' };
    await app.probe.say(IdentityLinked({ ...linked, linkedAt: new Date().toISOString() }));
    await until(
      async () => (await app.service.db.query('SELECT FROM people WHERE user_id = $1', [userId])).length === 2,
      { what: 'the second account' },
    );
    expect(await find({ username: 'vera_home' })).toHaveLength(1);
    expect(await writes(7036, { first_name: 'Vera', username: 'vera_work' })).toBe(userId);
    const { contacts, chats } = await app.gateway.call(ReadPersonContacts, { params: { userId } });
    expect([contacts.length, chats.length]).toEqual([2, 2]);
    const { profiles } = await app.gateway.call(ReadPersonProfile, { params: { userId }, reason: REASON });
    expect(profiles.map(({ username, externalId }) => [username, externalId])).toEqual([
      ['vera_home', '7035'],
      ['vera_work', '7036'],
    ]);
    expect((await list({ botId: 'lumen', limit: 2 })).data.map(({ userId: id }) => id)).toEqual([userId, userId]);
  });

  it('what was sent to them is told with its state, the latest first and without a word', async () => {
    const emma: Phone = await telegram.person();
    const heard = await hear(app, emma, 'tell me something');
    const replyId = await reply(app, heard, 'the amber room');
    await emma.answer(({ text }) => text === 'the amber room');
    const { userId } = heard.data;
    await until(async () => (await deliveries(userId, { state: 'sent' })).data.length >= 1, { what: 'the delivery' });
    const { data } = await deliveries(userId);
    expect(data.find(({ causeId }) => causeId === replyId)).toMatchObject({
      ...{ botId: 'lumen', kind: 'text', state: 'sent', reason: null, parts: 1 },
      finishedAt: expect.any(Date) as Date,
    });
    expect(JSON.stringify(data)).not.toContain('amber');
    await reply(app, heard, 'and another');
    await until(async () => (await deliveries(userId, { state: 'sent' })).data.length >= 2, { what: 'the second' });
    const first = await deliveries(userId, { limit: 1 });
    const second = await deliveries(userId, { limit: 1, after: first.page.next! });
    expect([...first.data, ...second.data]).toEqual((await deliveries(userId)).data.slice(0, 2));
  });

  it('of other bots do not exist for who may see some only', async () => {
    const userId = await writes(7041, { first_name: 'Hidden' });
    const actor: Actor = {
      kind: 'staff',
      id: 'sam',
      roles: [],
      scopes: ['people:*', 'deliveries:read'],
      bots: ['northwind'],
    };
    expect((await list({}, actor)).data).toEqual([]);
    expect((await list({ botId: 'lumen' }, actor)).data).toEqual([]);
    expect(await find({ externalId: '7041' }, actor)).toEqual([]);
    const asked = { params: { userId } };
    expect(await app.gateway.call(ReadPersonContacts, asked, { actor })).toEqual({ contacts: [], chats: [] });
    expect(await app.gateway.call(ReadPersonProfile, { ...asked, reason: REASON }, { actor })).toEqual({
      profiles: [],
    });
    expect((await app.gateway.call(ListPersonDeliveries, asked, { actor })).data).toEqual([]);
  });

  it.each([
    ['nothing', {}],
    ['two things', { name: 'Anna', username: 'anna' }],
    ['an empty name', { name: '  ' }],
  ])('a search for %s does not fit', async (_, body) => {
    await expect(find(body)).rejects.toMatchObject({ status: 422 });
  });

  it('who were erased are found no more', async () => {
    const userId = await writes(7051, { first_name: 'Leaving', username: 'leaving' });
    expect(await erasePerson(app, userId)).toEqual([]);
    for (const wanted of [{ externalId: '7051' }, { username: 'leaving' }, { name: 'Leaving' }])
      expect(await find(wanted)).toEqual([]);
  });
});
