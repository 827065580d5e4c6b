import { AnswerTicket, ConversationReset, StaffMessageSent, TakeConversation } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { chatAiApp } from '../src/chat-ai.app';
import { aPerson, botsFolder, rereadBots, rowsOf, untilTrue } from './build';
import { aStaffMember } from './desk';
import { type RunningModel, startModel } from './start-model';

describe('a person who writes to two accounts of one shop', () => {
  let model: RunningModel;
  let folder: Awaited<ReturnType<typeof botsFolder>>;
  let app: TestApp;

  beforeAll(async () => {
    model = await startModel();
    folder = await botsFolder({
      shop: { assistant: { systemPrompt: 'You are the shop.' } },
      direct: { brand: 'shop' },
      other: { assistant: { systemPrompt: 'You are another.' } },
    });
    app = await startApp(chatAiApp, {
      env: { BOTS_FOLDER: folder.path, CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' },
    });
  });
  afterAll(async () => {
    await app.stop();
    await Promise.all([model.stop(), folder.remove()]);
  });
  beforeEach(() => model.reset());

  /** The same person in both accounts. */
  function inAccounts() {
    const userId = uuidv7();
    const within = (botId: string) => {
      const person = aPerson(() => app, { botId });
      return { ...person, userId, writes: (text: string) => person.writes(text, { userId }) };
    };
    return [within('shop'), within('direct')] as const;
  }
  const talksOf = (userId: string) =>
    rowsOf<{ id: string; open: boolean; brand_id: string }>(
      app,
      'SELECT id, closed_at IS NULL AS open, brand_id FROM conversations WHERE user_id = $1 ORDER BY started_at',
      [userId],
    );
  const lastSaid = async () => (await model.calls()).at(-1)!.body.messages;

  it('has one talk, which the assistant of the shop knows, and is answered where they wrote last', async () => {
    const [first, second] = inAccounts();
    await model.say('Noted.');
    await first.replyTo(await first.writes('My size is L'));
    await model.say('L.');
    const asked = await second.writes('Which size have I?');
    const reply = await second.replyTo(asked);
    expect(reply).toMatchObject({ chatId: second.chatId, botId: 'direct', answers: [asked] });
    const said = await lastSaid();
    expect(said[0]!.content).toMatch(/^You are the shop\./);
    expect(said.map(({ content }) => content)).toContain('My size is L');
    expect(await talksOf(first.userId)).toMatchObject([{ open: true, brand_id: 'shop' }]);
  });

  it('begins it anew in either of them', async () => {
    const [first, second] = inAccounts();
    await first.replyTo(await first.writes('One'));
    await second.replyTo(await second.writes('Two'));
    const { chatId, botId, channel, userId } = first;
    await app.probe.say(ConversationReset({ chatId, botId, channel, userId }));
    await untilTrue('the end', async () => (await talksOf(userId)).every(({ open }) => !open));
  });

  it('is answered by staff in the account that staff choose', async () => {
    const [first, second] = inAccounts();
    await first.replyTo(await first.writes('Hello'));
    await second.replyTo(await second.writes('Hello again'));
    const [talk] = await talksOf(first.userId);
    const actor = aStaffMember();
    const params = { conversationId: talk!.id };
    const { id: ticketId, botId } = await app.gateway.call(TakeConversation, { params }, { actor });
    expect(botId).toBe('direct');
    const answer = (chatId: string) =>
      app.gateway.call(
        AnswerTicket,
        { params: { ticketId }, body: { clientId: uuidv7(), text: 'Hi', chatId }, idempotencyKey: uuidv7() },
        { actor },
      );
    await answer(first.chatId);
    const { data } = await app.probe.until(StaffMessageSent, (event) => event.data.ticketId === ticketId);
    expect(data).toMatchObject({ chatId: first.chatId, botId: 'shop' });
    await expect(answer(uuidv7())).rejects.toMatchObject({ status: 404, problem: { code: 'chat-ai.chat_not_found' } });
  });

  it('has a talk of its own with another shop, also when an account goes there', async () => {
    await folder.write('moving', { brand: 'shop' });
    await rereadBots(app);
    const moving = aPerson(() => app, { botId: 'moving' });
    await moving.replyTo(await moving.writes('Hello'));
    await folder.write('moving', { brand: 'other' });
    await rereadBots(app);
    await moving.replyTo(await moving.writes('Hello again'));
    expect(await talksOf(moving.userId)).toMatchObject([
      { open: false, brand_id: 'shop' },
      { open: true, brand_id: 'other' },
    ]);
    expect((await lastSaid())[0]!.content).toMatch(/^You are another\./);
  });
});
