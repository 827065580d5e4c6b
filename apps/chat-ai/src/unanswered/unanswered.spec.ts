import {
  type Actor,
  AnswerUnanswered,
  AuditEntryAppendRequested,
  ListUnanswered,
  ListUnansweredQuestions,
  ReadUnanswered,
  ResolveUnanswered,
  SearchKnowledge,
} from '@switchboard/contracts';
import { erasePerson, startApp, tablesWith, type TestApp, until } from '@switchboard/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { aPerson, botsFolder, rowsOf, runScheduled } from '../../test/build';
import { type RunningModel, startModel } from '../../test/start-model';
import { chatAiApp } from '../chat-ai.app';

describe('questions that have found no answer', () => {
  let model: RunningModel;
  let knowledge: string;
  let bots: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;
  const ids = ['alike', 'apology', 'rated', 'away', 'entry', 'erased', 'near', 'old'];

  beforeAll(async () => {
    model = await startModel();
    knowledge = await mkdtemp(join(tmpdir(), 'knowledge-'));
    await writeFile(
      join(knowledge, 'spa.md'),
      '# Spa\n\n## Sauna\n\nThe sauna is open from 7:00 to 22:00.\n\n## Towels\n\nA towel costs three pounds.',
    );
    bots = await botsFolder(Object.fromEntries(ids.map((id) => [id, { assistant: { knowledge } }])));
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

  const list = async (botId: string, query: { state?: 'open' | 'dismissed' | 'answered'; reason?: string } = {}) =>
    (await app.gateway.call(ListUnanswered, { params: { botId }, query })).data;
  const asks = async (botId: string, text: string, answer = 'I do not know.') => {
    await model.say(answer);
    const anna = aPerson(() => app, { botId });
    return { anna, reply: await anna.replyTo(await anna.writes(text)) };
  };
  const untilAsked = (botId: string, times: number, state: 'open' | 'dismissed' = 'open') =>
    until(
      async () => {
        const groups = await list(botId, { state });
        return groups.reduce((sum, group) => sum + group.times, 0) === times && groups;
      },
      { what: `${times} questions` },
    ) as Promise<Awaited<ReturnType<typeof list>>>;
  const resolve = (botId: string, { id, revision }: { id: string; revision: number }, state: 'open' | 'dismissed') =>
    app.gateway.call(ResolveUnanswered, {
      params: { botId, groupId: id },
      body: { state },
      ifMatch: `"${revision}"`,
    });

  it('of which the knowledge base has nothing are collected, alike ones together and masked', async () => {
    await asks('alike', 'Can I park my helicopter there?');
    await asks('alike', 'May I park a helicopter at the spa? I am Anna Petrova');
    await asks('alike', 'Do you sell umbrellas?');
    // What was answered from the base, and what asks for nothing.
    await asks('alike', 'When is the sauna open?', 'From seven [1].');
    await asks('alike', 'Hello!');
    const groups = await untilAsked('alike', 3);
    expect(groups).toMatchObject([
      {
        ...{ state: 'open', times: 2, people: 2, reasons: ['nothing_found'], locale: 'en', documentId: null },
        question: 'May I park a helicopter at the spa? I am ••• •••',
      },
      { times: 1, question: 'Do you sell umbrellas?' },
    ]);
    expect(await tablesWith(app, 'helicopter')).toEqual([]);
    const asked = { params: { botId: 'alike', groupId: groups[0]!.id }, reason: 'to answer them' };
    const { data } = await app.gateway.call(ListUnansweredQuestions, asked);
    expect(data.map(({ text }) => text)).toEqual([
      'May I park a helicopter at the spa? I am Anna Petrova',
      'Can I park my helicopter there?',
    ]);
    expect(data[0]!.conversationId).not.toBeNull();
    await expect(app.gateway.call(ListUnansweredQuestions, { ...asked, reason: '' })).rejects.toMatchObject({
      status: 400,
    });
  });

  it('a question that was answered by meaning or by the model’s own citing is none', async () => {
    await asks('near', 'Is the hammam warm in winter?', 'It is, from seven [1].');
    await asks('near', 'Is there a golf course?');
    expect(await untilAsked('near', 1)).toMatchObject([{ question: 'Is there a golf course?' }]);
  });

  it('that were answered by an apology are collected, those about files and money are not', async () => {
    await model.fail({ kind: '500', times: 10 });
    const anna = aPerson(() => app, { botId: 'apology' });
    const reply = await anna.replyTo(await anna.writes('When is the sauna open?'));
    expect(reply.outcome).toBe('model_unavailable');
    await model.reset();
    expect(await untilAsked('apology', 1)).toMatchObject([
      { reasons: ['apology'], question: 'When is the sauna open?' },
    ]);
    expect(await list('apology', { reason: 'nothing_found' })).toEqual([]);
    expect(await list('apology', { reason: 'apology' })).toHaveLength(1);
  });

  it('whose answer was rated down are collected, until the person thinks better of it', async () => {
    const { anna, reply } = await asks('rated', 'When is the sauna open?', 'At noon [1].');
    await anna.rates(reply.replyId, -1);
    expect(await untilAsked('rated', 1)).toMatchObject([{ reasons: ['rated_down'] }]);
    await anna.rates(reply.replyId, 1);
    await untilAsked('rated', 0);
  });

  it('that were dismissed stay away, also when they are asked again', async () => {
    await asks('away', 'Do you like pineapple pizza?');
    const [group] = await untilAsked('away', 1);
    const dismissed = await resolve('away', group!, 'dismissed');
    expect(dismissed).toMatchObject({ state: 'dismissed', resolvedBy: 'staff:root', revision: 2 });
    await expect(resolve('away', group!, 'open')).rejects.toMatchObject({
      status: 412,
      problem: { params: { present: { state: 'dismissed', revision: 2 } } },
    });
    await asks('away', 'You like pineapple pizza, do you?');
    await untilAsked('away', 2, 'dismissed');
    expect(await list('away')).toEqual([]);
    expect(await resolve('away', dismissed, 'open')).toMatchObject({ state: 'open', resolvedBy: null, times: 2 });
  });

  it('become an entry of the FAQ, which answers them; asked again in vain they are open again', async () => {
    await asks('entry', 'How much is a towel with initials?');
    await asks('entry', 'Where do bicycles go?');
    const [bicycles] = (await untilAsked('entry', 1)) as unknown as [{ id: string }];
    const { suggestion } = await app.gateway.call(ReadUnanswered, { params: { botId: 'entry', groupId: bicycles.id } });
    expect(suggestion).toEqual({ locale: 'en', question: 'Where do bicycles go?', answer: '', sources: [] });
    const key = uuidv7();
    const answer = () =>
      app.gateway.call(AnswerUnanswered, {
        params: { botId: 'entry', groupId: bicycles.id },
        body: { texts: [{ locale: 'en', question: 'Where do bicycles go?', answer: 'Behind the house.' }] },
        idempotencyKey: key,
      });
    const answered = await answer();
    expect(await answer()).toEqual(answered);
    expect(answered).toMatchObject({ state: 'answered', documentId: expect.any(String) as string });
    const search = { params: { botId: 'entry' }, body: { query: 'bicycles' } };
    expect((await app.gateway.call(SearchKnowledge, search)).passages).toMatchObject([{ text: 'Behind the house.' }]);
    expect(
      app.probe.all(AuditEntryAppendRequested).filter(({ data }) => data.resourceId === bicycles.id),
    ).toMatchObject([{ data: { action: 'chat-ai.unanswered.answer', after: { state: 'answered' } } }]);

    const { anna, reply } = await asks('entry', 'Where do bicycles go, please?', 'Behind the house [1].');
    expect(await list('entry')).toEqual([]);
    await anna.rates(reply.replyId, -1);
    expect(await untilAsked('entry', 2)).toMatchObject([
      { id: bicycles.id, state: 'open', reasons: ['nothing_found', 'rated_down'] },
    ]);
  });

  it('of a person who was erased are gone, and those of others stay', async () => {
    const { anna } = await asks('erased', 'Is there a bowling alley?');
    await asks('erased', 'Is there a bowling alley or not?');
    await untilAsked('erased', 2);
    expect(await tablesWith(app, anna.userId)).toContain('unanswered_questions');
    expect(await erasePerson(app, anna.userId)).toEqual([]);
    expect(await list('erased')).toMatchObject([{ times: 1, people: 1, question: 'Is there a bowling alley or not?' }]);
  });

  it('are seen by those alone who may see the bot', async () => {
    const actor: Actor = { kind: 'staff', id: 'sam', roles: [], scopes: ['knowledge:read'], bots: ['near'] };
    await expect(app.gateway.call(ListUnanswered, { params: { botId: 'alike' } }, { actor })).rejects.toMatchObject({
      status: 404,
    });
    const [group] = await list('alike');
    const params = { botId: 'near', groupId: group!.id };
    await expect(app.gateway.call(ReadUnanswered, { params }, { actor })).rejects.toMatchObject({
      status: 404,
      problem: { code: 'chat-ai.unanswered_not_found' },
    });
  });

  it('are forgotten with the conversations, and what was dismissed a year after it was asked last', async () => {
    await asks('old', 'Is there a cinema?');
    await asks('old', 'Do you rent skis?');
    const groups = await untilAsked('old', 2);
    await resolve('old', groups[0]!, 'dismissed');
    const left = async (days: number) => {
      app.clock.advance(days * 86_400_000);
      await runScheduled(app, 'forget-unanswered');
      app.clock.advance(-days * 86_400_000);
      return (await rowsOf(app, `SELECT state FROM unanswered_groups WHERE bot_id = 'old'`)).length;
    };
    expect(await left(80)).toBe(2);
    expect(await left(100)).toBe(1);
    expect(await left(400)).toBe(0);
  });
});
