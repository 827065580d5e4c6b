import {
  HandoverEnded,
  HandoverEndRequested,
  HandoverBegan,
  NoticeSendRequested,
  ReadConversation,
  ResumeConversation,
  TranscriptionCompleted,
} from '@switchboard/contracts';
import { FakeClock, startApp, type TestApp } from '@switchboard/testing';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, botsFolder, rowsOf, runScheduled, transcriptOf, untilTrue } from './build';
import { type RunningModel, startModel } from './start-model';

describe('a conversation that is handed over to a human', () => {
  let model: RunningModel;
  let folder: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;
  const person = () => aPerson(() => app, { botId: 'shop' });

  beforeAll(async () => {
    model = await startModel();
    const assistant = { systemPrompt: 'S', tools: ['hand_over'], handoverHours: 6 };
    folder = await botsFolder({ shop: { assistant, staff: { chat: '-100' } }, alone: { assistant } });
    app = await startApp(chatAiApp, {
      clock: new FakeClock(new Date('2026-11-20T12:00:00Z')),
      env: {
        ...{ BOTS_FOLDER: folder.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
        GATEWAY_PUBLIC_URL: 'https://bots.example.com',
      },
    });
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([model.stop(), folder.remove()]);
  });
  beforeEach(() => model.reset());

  const callsHandOver = () =>
    model.script({ reply: { toolCalls: [{ name: 'hand_over', arguments: { reason: 'asked' } }] } });
  const handsOver = async () => {
    await callsHandOver();
    await model.say('Somebody will look into it.');
  };
  const IN_OUR_WORDS =
    'A human answers you here from now on, and reads what you write. Until then I stay silent; /resume brings me back.';
  async function handedOver() {
    const anna = person();
    await handsOver();
    await anna.replyTo(await anna.writes('I want to talk to a human'));
    const event = await app.probe.until(HandoverBegan, ({ data }) => data.chatId === anna.chatId);
    return { anna, ...event.data };
  }
  const isKept = (messageId: string) =>
    untilTrue(
      'the message being kept',
      async () => (await rowsOf(app, 'SELECT FROM messages WHERE id = $1', [messageId])).length === 1,
    );
  const endings = (chatId: string) =>
    app.probe
      .all(HandoverEnded)
      .filter(({ data }) => data.chatId === chatId)
      .map(({ data }) => data.by);

  it('is told to the staff once, with the page on which it is read and without a word of it', async () => {
    const { anna, conversationId, until } = await handedOver();
    expect(until).toBe('2026-11-20T18:00:00.000Z');
    const notices = () =>
      app.probe.all(NoticeSendRequested).filter(({ data }) => data.texts.en.includes(conversationId));
    await untilTrue('the notice', () => notices().length > 0);
    expect(notices()[0]!.data).toMatchObject({
      audience: 'staff',
      texts: {
        en: `**shop**: somebody wants to be answered by a human. The assistant stays silent there.\nhttps://bots.example.com/console/conversations/${conversationId}`,
        ru: expect.stringContaining('человек ждёт ответа') as string,
      },
    });
    await app.gateway.call(ResumeConversation, { params: { conversationId } });
    // A model may ask for it twice.
    const twice = ['complaint', 'asked'].map((reason) => ({ name: 'hand_over', arguments: { reason } }));
    await model.script({ reply: { toolCalls: twice } });
    await anna.replyTo(await anna.writes('A human!'));
    expect(notices()).toHaveLength(2);
  });

  it('is said to be in our words, below those of the model', async () => {
    const { anna } = await handedOver();
    expect(anna.replies()).toMatchObject([
      { text: `Somebody will look into it.\n\n${IN_OUR_WORDS}`, outcome: 'answered' },
    ]);
  });

  it('is said to be, also when the model fails once it has handed over', async () => {
    const anna = person();
    await callsHandOver();
    await model.fail({ kind: '500', after: 1, times: 100 });
    const reply = await anna.replyTo(await anna.writes('A human, please'));
    expect(reply).toMatchObject({ text: IN_OUR_WORDS, outcome: 'answered' });
    await app.probe.until(HandoverBegan, ({ data }) => data.chatId === anna.chatId);
  });

  it('is said to be by a turn that begins anew, without asking a model that might say otherwise', async () => {
    const { anna, conversationId } = await handedOver();
    const again = await anna.writes('One more thing');
    await isKept(again);
    const calls = (await model.calls()).length;
    // As a turn that died between the handover and its end has left it.
    await app.service.db.query(`UPDATE messages SET state = 'pending' WHERE id = $1`, [again]);
    await anna.edits(again, 'One more thing!');
    expect(await anna.replyTo(again)).toMatchObject({ text: IN_OUR_WORDS, outcome: 'answered' });
    expect(await model.calls()).toHaveLength(calls);
    await app.gateway.call(ResumeConversation, { params: { conversationId } });
  });

  it('is not offered where the bot has nobody who would answer', async () => {
    const anna = aPerson(() => app, { botId: 'alone' });
    await model.say('I am here.');
    await anna.replyTo(await anna.writes('A human, please'));
    expect((await model.calls()).map(({ body }) => 'tools' in body)).toEqual([false]);
  });

  it('is kept and not answered, until the person wants the assistant back', async () => {
    const { anna, conversationId } = await handedOver();
    const asked = await anna.writes('Are you there?');
    await isKept(asked);
    await runScheduled(app, 'apologise-for-lost-turns');
    const facts = await app.gateway.call(ReadConversation, { params: { conversationId } });
    expect(facts.handedOverUntil).toEqual(new Date('2026-11-20T18:00:00Z'));
    expect(anna.replies()).toHaveLength(1);
    await app.probe.say(HandoverEndRequested({ chatId: anna.chatId, userId: anna.userId }));
    const next = await anna.writes('And what do you say?');
    await anna.replyTo(next);
    // It has read along.
    const { messages } = (await model.calls()).at(-1)!.body;
    expect(messages.map(({ content }) => content).slice(-2)).toEqual(['Are you there?', 'And what do you say?']);
    expect(anna.replies()).toHaveLength(2);
    expect(endings(anna.chatId)).toEqual(['person']);
    const { conversations } = await transcriptOf(app, anna.chatId);
    expect(conversations[0]).toMatchObject({ handedOverUntil: null });
    expect(conversations[0]!.messages.map(({ state }) => state)).toContain('handed_over');
  });

  it('is answered again once staff give it back, and by itself after hours', async () => {
    const [given, forgotten] = [await handedOver(), await handedOver()];
    const staff = { kind: 'staff' as const, id: 'sam', roles: [], scopes: ['conversations:write'], bots: ['shop'] };
    const { conversationId } = given;
    const resume = (actor: typeof staff) =>
      app.gateway.call(ResumeConversation, { params: { conversationId } }, { actor });
    await expect(resume({ ...staff, bots: ['other'] })).rejects.toMatchObject({ status: 404 });
    await resume(staff);
    await given.anna.replyTo(await given.anna.writes('Hello again'));
    expect(endings(given.anna.chatId)).toEqual(['staff']);
    app.clock.advance(6 * 3_600_000);
    await forgotten.anna.replyTo(await forgotten.anna.writes('Nobody came'));
    app.clock.set(new Date('2026-11-20T12:00:00Z'));
  });

  it('is over when the person begins anew', async () => {
    const { anna } = await handedOver();
    await anna.resets();
    await anna.replyTo(await anna.writes('From the beginning'));
    expect(endings(anna.chatId)).toEqual(['reset']);
  });

  it('keeps what is said aloud for the human as well', async () => {
    const { anna } = await handedOver();
    const voice = await anna.writes('', { kind: 'voice' });
    await isKept(voice);
    const about = { chatId: anna.chatId, botId: anna.botId, userId: anna.userId, messageId: voice };
    await app.probe.say(TranscriptionCompleted({ ...about, text: 'Listen to me' }));
    const state = async () =>
      (await rowsOf<{ state: string }>(app, 'SELECT state FROM messages WHERE id = $1', [voice]))[0]?.state;
    await untilTrue('the words', async () => (await state()) === 'handed_over');
    expect(anna.replies()).toHaveLength(1);
  });
});
