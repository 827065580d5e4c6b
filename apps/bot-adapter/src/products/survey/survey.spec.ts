import { SurveyAnswered, SurveyAskRequested } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOTS, externalHash, startBotAdapter } from '../../../test/start-bot-adapter';
import { NORTHWIND, type Phone, type PretendedTelegram, startTelegram } from '../../../test/start-sandbox';

describe('the survey', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;

  beforeAll(async () => {
    telegram = await startTelegram();
    const bots = { lumen: { ...BOTS['lumen'], products: ['survey', 'assistant'] }, northwind: BOTS['northwind']! };
    app = await startBotAdapter(telegram, { bots });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  const userOf = ({ id }: Phone) =>
    until(
      async () => {
        const [found] = await app.service.db.query<{ user_id: string }[]>(
          'SELECT user_id FROM people WHERE external_hash = $1',
          [externalHash(id)],
        );
        return found?.user_id;
      },
      { what: 'the person' },
    );
  async function someone(language = 'en', bot?: string): Promise<{ phone: Phone; userId: string }> {
    const phone = await telegram.person(language, bot);
    await phone.start();
    await phone.answer(() => true);
    return { phone, userId: await userOf(phone) };
  }
  const ask = async (userId: string, over: { botId?: string; question?: string; surveyId?: string } = {}) => {
    const surveyId = over.surveyId ?? uuidv7();
    await app.probe.say(SurveyAskRequested({ surveyId, botId: 'lumen', userId, question: 'nps', ...over }));
    return surveyId;
  };
  const isQuestion = ({ text = '' }: { text?: string }) => /recommend|посоветуете/.test(text);
  const questions = async (phone: Phone) => (await phone.answers()).filter(isQuestion);
  const answersOf = (userId: string) =>
    app.probe
      .all(SurveyAnswered)
      .filter(({ data }) => data.userId === userId)
      .map(({ data }) => data.score);

  it('asks by eleven buttons, and says what was answered', async () => {
    const { phone, userId } = await someone();
    const surveyId = await ask(userId);
    const question = await phone.answer(isQuestion);
    expect(question.text).toMatch(/recommend Lumen.*once in three months/s);
    expect(question.reply_markup!.inline_keyboard.flat().map(({ text }) => text)).toEqual(
      Array.from({ length: 11 }, (_, i) => String(i)),
    );
    await phone.press(question.message_id, '9');
    const answered = await app.probe.until(SurveyAnswered, ({ data }) => data.userId === userId);
    expect(answered.data).toMatchObject({ surveyId, botId: 'lumen', question: 'nps', score: 9 });
    await phone.answer(
      ({ message_id, text }) => message_id === question.message_id && /You said 9 of 10/.test(text ?? ''),
    );
  });

  it('takes the first answer alone', async () => {
    const { phone, userId } = await someone();
    await ask(userId);
    const { message_id } = await phone.answer(isQuestion);
    const presses = await Promise.all(['10', '0', '10'].map((score) => phone.press(message_id, score)));
    expect(presses.filter(({ text }) => /done already/.test(text ?? ''))).toHaveLength(2);
    await until(() => answersOf(userId).length > 0, { what: 'the answer' });
    expect(answersOf(userId)).toHaveLength(1);
  });

  it('speaks the language of the person', async () => {
    const { phone, userId } = await someone('ru');
    await ask(userId);
    expect((await phone.answer(isQuestion)).text).toMatch(/посоветуете Lumen/);
  });

  it('asks by five buttons how content somebody is whom staff have helped, in every bot', async () => {
    const { phone, userId } = await someone('ru', NORTHWIND.username);
    await ask(userId, { botId: 'northwind', question: 'csat' });
    const question = await phone.answer(({ text }) => /Довольны ли вы/.test(text ?? ''));
    const labels = question.reply_markup!.inline_keyboard.flat().map(({ text }) => text);
    expect(labels).toEqual(['1', '2', '3', '4', '5']);
    await phone.press(question.message_id, '4');
    const answered = await app.probe.until(SurveyAnswered, ({ data }) => data.userId === userId);
    expect(answered.data).toMatchObject({ botId: 'northwind', question: 'csat', score: 4 });
    await phone.answer(({ text }) => /Ваша оценка — 4 из 5/.test(text ?? ''));
  });

  it('asks once, whatever comes again', async () => {
    const { phone, userId } = await someone();
    const surveyId = uuidv7();
    for (let i = 0; i < 2; i++) await ask(userId, { surveyId });
    // What is said later comes later.
    await ask(userId);
    await until(async () => (await questions(phone)).length === 2, { what: 'the second question' });
    expect(await questions(phone)).toHaveLength(2);
  });

  it('asks nobody in a bot that does not have it, nobody who blocked the bot, nothing it does not know', async () => {
    const [here, blocked, there] = [await someone(), await someone(), await someone('en', NORTHWIND.username)];
    await blocked.phone.block(true);
    const isBlocked = async () => {
      const [row] = await app.service.db.query<{ n: number }[]>(
        'SELECT count(*)::int AS n FROM chats WHERE user_id = $1 AND blocked_at IS NOT NULL',
        [blocked.userId],
      );
      return row!.n === 1;
    };
    await until(isBlocked, { what: 'the block' });
    await ask(there.userId, { botId: 'northwind' });
    await ask(blocked.userId);
    await ask(here.userId, { question: 'weather' });
    const last = await someone();
    await ask(last.userId);
    await last.phone.answer(isQuestion);
    for (const { phone } of [here, blocked, there]) expect(await questions(phone)).toEqual([]);
  });
});
