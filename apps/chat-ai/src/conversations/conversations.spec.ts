import {
  type Actor,
  ExportConversation,
  ListConversations,
  ListMessages,
  ListTurns,
  ReadConversation,
  SearchMessages,
} from '@switchboard/contracts';
import { erasePerson, startApp, type TestApp } from '@switchboard/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { aPerson, botsFolder, rowsOf } from '../../test/build';
import { type RunningModel, startModel } from '../../test/start-model';
import { chatAiApp } from '../chat-ai.app';

const REASON = 'a complaint about an answer';

describe('conversations, for staff', () => {
  let model: RunningModel;
  let knowledge: string;
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;
  const ids = ['list', 'filter', 'facts', 'words', 'search', 'other', 'mine'];

  beforeAll(async () => {
    model = await startModel();
    knowledge = await mkdtemp(join(tmpdir(), 'knowledge-'));
    await writeFile(join(knowledge, 'hours.md'), '# Hours\n\n## Sauna\n\nThe sauna is open from 7:00 to 22:00.');
    bots = await botsFolder(
      Object.fromEntries(ids.map((id) => [id, { assistant: { ...(id === 'facts' && { knowledge }) } }])),
    );
    const env = { BOTS_FOLDER: bots.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' };
    app = await startApp(chatAiApp, { env });
  });
  afterAll(async () => {
    await app.stop();
    await bots.remove();
    await rm(knowledge, { recursive: true });
    await model.stop();
  });
  beforeEach(() => model.reset());

  type Query = NonNullable<Parameters<typeof app.gateway.call<typeof ListConversations>>[1]>['query'];
  const list = (query: Query, actor?: Actor) => app.gateway.call(ListConversations, { query }, actor && { actor });
  const search = (
    body: { text: string; conversationId?: string; userId?: string },
    { limit, after, actor }: { limit?: number; after?: string; actor?: Actor } = {},
  ) => {
    const query = { ...(limit && { limit }), ...(after && { after }) };
    return app.gateway.call(SearchMessages, { body, query, reason: REASON }, actor && { actor });
  };
  const person = (botId: string) => aPerson(() => app, { botId });
  /** A person who has said things, each answered. */
  const talk = async (botId: string, ...texts: string[]) => {
    const anna = person(botId);
    for (const text of texts) await anna.replyTo(await anna.writes(text));
    const [conversation] = (await list({ chatId: anna.chatId })).data;
    return { anna, conversation: conversation! };
  };

  it('are listed without a word, the one that was active last first, page by page', async () => {
    const { anna } = await talk('list', 'The amber room is mine.');
    app.clock.advance(120_000);
    const second = await talk('list', 'Second');
    app.clock.advance(120_000);
    await anna.replyTo(await anna.writes('Once more.'));
    const all = await list({ botId: 'list' });
    expect(all.data.map(({ chatId }) => chatId)).toEqual([anna.chatId, second.anna.chatId]);
    expect(all.data[0]).toMatchObject({
      ...{ userId: anna.userId, closedAt: null, messages: 4, turns: 2, good: 0, bad: 0 },
      outcomes: [{ outcome: 'answered', turns: 2 }],
    });
    expect(all.data[0]!.costMicros).toBeGreaterThan(0);
    expect(all.data[0]!.activeAt.getTime() - all.data[0]!.startedAt.getTime()).toBe(240_000);
    expect(JSON.stringify(all)).not.toMatch(/amber/);
    const first = await list({ botId: 'list', limit: 1 });
    const next = await list({ botId: 'list', limit: 1, after: first.page.next! });
    expect([...first.data, ...next.data]).toEqual(all.data);
    expect((await list({ botId: 'list', limit: 1, after: next.page.prev! })).data).toEqual(first.data);
    await expect(list({ botId: 'other', after: first.page.next! })).rejects.toMatchObject({ status: 400 });
  });

  it('are found by person, period, outcome and rating', async () => {
    const { anna, conversation } = await talk('filter', 'Good?');
    const [reply] = anna.replies();
    await anna.rates(reply!.replyId, -1);
    app.clock.advance(3_600_000);
    const later = await talk('filter', 'Later');
    const found = async (query: Query) => (await list({ botId: 'filter', ...query })).data.map(({ chatId }) => chatId);
    const [first, second] = [anna.chatId, later.anna.chatId];
    expect(await found({})).toEqual([second, first]);
    expect(await found({ userId: anna.userId })).toEqual([first]);
    expect(await found({ rating: 'bad' })).toEqual([first]);
    expect(await found({ rating: 'good' })).toEqual([]);
    expect(await found({ rating: 'any' })).toEqual([first]);
    expect(await found({ outcome: 'answered' })).toEqual([second, first]);
    expect(await found({ outcome: 'refused' })).toEqual([]);
    const between = new Date(conversation.startedAt.getTime() + 1_800_000).toISOString();
    expect(await found({ from: between })).toEqual([second]);
    expect(await found({ to: between })).toEqual([first]);
    await expect(list({ from: between, to: between })).rejects.toMatchObject({
      status: 422,
      problem: { errors: [{ pointer: '/to', detail: 'must be later than `from`' }] },
    });
    app.clock.advance(-3_600_000);
  });

  it('say of each turn what the model was told, by which prompt, what it cost and what it was worth', async () => {
    await model.script({ reply: { text: 'Until ten [1].', usage: { promptTokens: 500, completionTokens: 20 } } });
    const { anna, conversation } = await talk('facts', 'When does the sauna close?');
    const [reply] = anna.replies();
    await anna.rates(reply!.replyId, 1);
    const params = { conversationId: conversation.id };
    const { data } = await app.gateway.call(ListTurns, { params });
    expect(data).toMatchObject([
      {
        ...{ id: reply!.replyId, outcome: 'answered', model: 'gpt-6-luna', prompt: { version: 1 } },
        ...{ calls: 1, inputTokens: 500, outputTokens: 20, costMicros: 60 },
        passages: [{ title: 'Hours', heading: 'Sauna', source: 'hours.md' }],
        ratings: [{ userId: anna.userId, rating: 1 }],
      },
    ]);
    expect(data[0]!.contextReport!.kept).toEqual(expect.arrayContaining([data[0]!.passages[0]!.id]));
    expect(await app.gateway.call(ReadConversation, { params })).toMatchObject({ good: 1, bad: 0, turns: 1 });
  });

  it('are read with a reason, the latest message first', async () => {
    await model.say('It is in the garden.');
    const { conversation } = await talk('words', 'Where is the well?');
    const params = { conversationId: conversation.id };
    const { data } = await app.gateway.call(ListMessages, { params, reason: REASON });
    expect(data.map(({ role, text }) => [role, text])).toEqual([
      ['assistant', 'It is in the garden.'],
      ['user', 'Where is the well?'],
    ]);
    expect(data[0]!.turnId).toBe(data[1]!.turnId);
    for (const reason of ['', 'no']) {
      await expect(app.gateway.call(ListMessages, { params, reason })).rejects.toMatchObject({
        status: 400,
        problem: { code: 'malformed_reason' },
      });
    }
    const missing = { params: { conversationId: uuidv7() }, reason: REASON };
    await expect(app.gateway.call(ListMessages, missing)).rejects.toMatchObject({
      status: 404,
      problem: { code: 'chat-ai.conversation_not_found' },
    });
  });

  it('are exported as text in the zone and the language of who reads', async () => {
    await model.say('It is in the cellar.');
    const anna = person('words');
    const at = '2026-03-01T22:30:00.000Z';
    await anna.replyTo(await anna.writes('Where is the wine?', { sentAt: at, replyToText: 'a list\nof wines' }));
    await anna.resets();
    const [conversation] = (await list({ chatId: anna.chatId })).data;
    const exported = async (query: { locale?: 'ru'; zone?: string }) => {
      const asked = { params: { conversationId: conversation!.id }, query, reason: REASON };
      return (await (await app.gateway.call(ExportConversation, asked)).buffer()).toString();
    };
    const text = await exported({ zone: 'Europe/Berlin' });
    expect(text).toContain('[2026-03-01 23:30:00] Person:\n> a list\n> of wines\nWhere is the wine?\n');
    expect(text).toMatch(/\] Assistant:\nIt is in the cellar\.\n[^]*The person began anew\.\n$/);
    expect(await exported({ locale: 'ru' })).toContain('[2026-03-01 22:30:00] Человек:\n');
    for (const zone of ['Mars/Olympus', '+03:00'])
      await expect(exported({ zone })).rejects.toMatchObject({ status: 422 });
  });

  it('are searched within, and within those of a person, and the answer says how far it has come', async () => {
    await model.say('The Ёлка is green.', 'tree');
    await model.script({ times: 10, reply: { text: 'Noted.' } });
    const { anna, conversation } = await talk('search', 'What about the tree?', 'And the LAMP?', 'The lamp again');
    const within = { conversationId: conversation.id };
    const found = await search({ text: 'lamp', ...within });
    expect(found).toMatchObject({ searched: 6, left: 0, next: null });
    expect(found.matches.map(({ excerpt, role }) => [role, excerpt])).toEqual([
      ['user', 'The lamp again'],
      ['user', 'And the LAMP?'],
    ]);
    expect((await search({ text: 'елка', ...within })).matches).toMatchObject([{ role: 'assistant' }]);
    const one = await search({ text: 'lamp', ...within }, { limit: 1 });
    expect(one).toMatchObject({ searched: 2, left: 4, matches: [{ excerpt: 'The lamp again' }] });
    const rest = await search({ text: 'lamp', ...within }, { after: one.next! });
    expect(rest).toMatchObject({ searched: 4, left: 0, next: null, matches: [{ excerpt: 'And the LAMP?' }] });
    await expect(search({ text: 'tree', ...within }, { after: one.next! })).rejects.toMatchObject({ status: 400 });

    await anna.resets();
    await anna.replyTo(await anna.writes('A lamp in another conversation'));
    const ofPerson = await search({ text: 'lamp', userId: anna.userId });
    expect(ofPerson.matches).toHaveLength(3);
    expect(new Set(ofPerson.matches.map(({ conversationId }) => conversationId)).size).toBe(2);
    await expect(search({ text: 'lamp' })).rejects.toMatchObject({
      status: 422,
      problem: { errors: [{ pointer: '/conversationId', detail: 'name either a conversation or a person' }] },
    });
    await expect(search({ text: 'l', ...within })).rejects.toMatchObject({ status: 422 });
  });

  it('of other bots do not exist for who may see some only', async () => {
    const { anna, conversation } = await talk('mine', 'Mine');
    const { conversation: foreign } = await talk('other', 'Theirs');
    const actor: Actor = { kind: 'staff', id: 'sam', roles: [], scopes: ['conversations:read'], bots: ['mine'] };
    expect((await list({}, actor)).data.map(({ botId }) => botId)).toEqual(['mine']);
    expect((await list({ botId: 'other' }, actor)).data).toEqual([]);
    const missing = { status: 404, problem: { code: 'chat-ai.conversation_not_found' } };
    const params = { conversationId: foreign.id };
    await expect(app.gateway.call(ReadConversation, { params }, { actor })).rejects.toMatchObject(missing);
    await expect(app.gateway.call(ListTurns, { params }, { actor })).rejects.toMatchObject(missing);
    const asked = { params, reason: REASON };
    await expect(app.gateway.call(ListMessages, asked, { actor })).rejects.toMatchObject(missing);
    await expect(app.gateway.call(ExportConversation, asked, { actor })).rejects.toMatchObject(missing);
    await expect(search({ text: 'Theirs', ...params }, { actor })).rejects.toMatchObject(missing);
    expect(await search({ text: 'Theirs', userId: foreign.userId! }, { actor })).toMatchObject({ searched: 0 });
    expect(await search({ text: 'Mine', userId: anna.userId }, { actor })).toMatchObject({ searched: 2 });
    expect(
      await app.gateway.call(ReadConversation, { params: { conversationId: conversation.id } }, { actor }),
    ).toMatchObject({ botId: 'mine' });
  });

  it('of a person who was erased are gone from every list', async () => {
    const { anna } = await talk('other', 'Forget me');
    expect(await erasePerson(app, anna.userId)).toEqual([]);
    expect((await list({ userId: anna.userId })).data).toEqual([]);
    expect(await rowsOf(app, 'SELECT FROM conversations WHERE user_id = $1', [anna.userId])).toEqual([]);
  });
});
