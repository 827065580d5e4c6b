import { ChatAiPersonErased, ErasureRequested, TranscriptionCompleted } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { aPerson, rowsOf, untilTrue } from '../../test/build';
import { type RunningModel, startModel } from '../../test/start-model';
import { chatAiApp } from '../chat-ai.app';

describe('a person who is erased', () => {
  let model: RunningModel;
  let app: TestApp;

  beforeEach(async () => {
    model = await startModel();
    app = await startApp(chatAiApp, { env: { CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox' } });
  });
  afterEach(async () => {
    await app.stop();
    await model.stop();
  });

  const person = () => aPerson(() => app);
  const erase = async (userId: string) => {
    const erasureId = uuidv7();
    await app.probe.say(ErasureRequested({ erasureId, userId }));
    await app.probe.until(ChatAiPersonErased, ({ data }) => data.erasureId === erasureId);
  };
  const naming = async (userId: string) => {
    const tables = [
      'conversations',
      'messages',
      'attachments',
      'turns',
      'ratings',
      'usages',
      'budgets',
      'budget_reservations',
    ];
    const found = await Promise.all(
      tables.map(async (table) => {
        const rows = await rowsOf(app, `SELECT FROM ${table} t WHERE position($1 IN to_jsonb(t)::text) > 0`, [userId]);
        return rows.length > 0 ? [table] : [];
      }),
    );
    return found.flat();
  };

  it('is found nowhere, what was spent stays, and nobody else notices', async () => {
    const [gone, stays] = [person(), person()];
    for (const each of [gone, stays]) {
      const { replyId } = await each.replyTo(await each.writes('Hello'));
      await each.rates(replyId, 1);
    }
    await untilTrue('both ratings', async () => (await rowsOf(app, 'SELECT FROM ratings')).length === 2);
    const spent = () => rowsOf(app, `SELECT sum(input_tokens) AS tokens FROM usages`);
    const before = await spent();
    await erase(gone.userId);
    expect(await naming(gone.userId)).toEqual([]);
    expect(await spent()).toEqual(before);
    expect(await naming(stays.userId)).toEqual(['conversations', 'messages', 'ratings', 'usages', 'budgets']);
    expect(await rowsOf(app, 'SELECT FROM messages')).toHaveLength(2);
  });

  it('leaves no words in groups, where what others still wait for is answered', async () => {
    const [gone, stays] = [person(), person()];
    const inGroup = { chatId: gone.chatId, inGroup: true };
    const message = await gone.writes('A peculiar zebra', { ...inGroup, senderName: 'Anna' });
    await gone.replyTo(message);
    expect(await naming(message)).toEqual(['conversations', 'messages', 'turns']);
    await model.fail({ kind: 'hang', times: 2 });
    const quoting = { ...inGroup, senderName: 'Max', replyToText: 'A peculiar zebra' };
    await stays.writes('What does she mean?', quoting);
    await untilTrue('the model being asked', async () => (await model.calls()).length === 2);
    await erase(gone.userId);
    await untilTrue('the model being asked anew', async () => (await model.calls()).length > 2);
    const { messages } = (await model.calls()).at(-1)!.body;
    expect(JSON.stringify(messages)).toMatch(/Max: What does she mean/);
    expect(JSON.stringify(messages)).not.toMatch(/zebra/);
    expect(await naming(gone.userId)).toEqual([]);
    expect(await naming(message)).toEqual([]);
  });

  it('is in no answer of a group that was being written', async () => {
    const [gone, stays] = [person(), person()];
    const inGroup = { chatId: gone.chatId, inGroup: true };
    await gone.replyTo(await gone.writes('A peculiar zebra', { ...inGroup, senderName: 'Anna' }));
    await model.pace(0, 200);
    await model.say('She means a peculiar zebra, that is to say, a horse with stripes.');
    await model.say('I do not know.');
    const message = await stays.writes('What does she mean?', { ...inGroup, senderName: 'Max' });
    await untilTrue('visible text', () =>
      gone.typed().some(({ state, text }) => state === 'typing' && text !== '' && text.startsWith('She')),
    );
    await erase(gone.userId);
    expect((await stays.replyTo(message)).text).toBe('I do not know.');
    expect(JSON.stringify((await model.calls()).at(-1)!.body.messages)).not.toMatch(/zebra/);
  });

  it('is in no summary of a group that was being written', async () => {
    await app.stop();
    const env = { CHAT_AI_BASE_URL: model.baseUrl, CHAT_AI_API_KEY: 'sk-sandbox', CHAT_AI_CONTEXT_TOKENS: '1000' };
    app = await startApp(chatAiApp, { env: { ...env, CHAT_AI_MAX_OUTPUT_TOKENS: '100' } });
    const [gone, stays] = [person(), person()];
    const inGroup = { chatId: gone.chatId, inGroup: true };
    await model.script({ match: 'Condense the conversation', reply: { text: 'Anna has a zebra.' } });
    await model.script({ times: 9, reply: { text: 'Noted.' } });
    await gone.replyTo(await gone.writes('A zebra', { ...inGroup, senderName: 'Anna' }));
    const says = async (text: string) => stays.replyTo(await stays.writes(text, { ...inGroup, senderName: 'Max' }));
    for (const text of ['One', 'Two', 'Three', 'word '.repeat(450)]) await says(text);
    await model.fail({ kind: 'delay', ms: 1500, after: 1 });
    await says('Five');
    const isSummary = ({ body }: { body: { messages: { content: string }[] } }) =>
      body.messages[0]!.content.includes('Condense');
    await untilTrue('the order of the summary', async () => (await model.calls()).some(isSummary));
    await erase(gone.userId);
    const paid = () => rowsOf(app, `SELECT FROM usages WHERE purpose = 'summary'`);
    await untilTrue('the end of the summary', async () => (await paid()).length > 0);
    expect(await rowsOf(app, 'SELECT summary FROM conversations')).toEqual([{ summary: null }]);
  });

  it('is not written of again by what comes late, and no dead letter is left of it', async () => {
    const gone = person();
    await gone.replyTo(await gone.writes('Hello'));
    await erase(gone.userId);
    await gone.writes('sent a moment before');
    await app.probe.say(TranscriptionCompleted({ ...gone, messageId: uuidv7(), text: 'said a moment before' }));
    const other = person();
    await other.replyTo(await other.writes('Hello'));
    expect(await naming(gone.userId)).toEqual([]);
    expect(await rowsOf(app, 'SELECT FROM parked_events')).toEqual([]);
  });
});
