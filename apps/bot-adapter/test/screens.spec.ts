import {
  ConfirmationDecideRequested,
  ErasureRequested,
  HandoverEndRequested,
  ReplyRateRequested,
  ReplyRegenerateRequested,
  ReplyStopRequested,
  SpeechCompleted,
  SpeechFailed,
  SpeechSpeakRequested,
  TranscriptionFailed,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { hear, reply, startBotAdapter } from './start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from './start-sandbox';
import { TelegramWebhook } from './webhook';

const AUDIO_ID = 'a'.repeat(64);

describe('commands, menus and buttons', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let voices: Server;

  beforeAll(async () => {
    telegram = await startTelegram();
    voices = createServer((request, response) => {
      response.statusCode = request.url === `/audio/${AUDIO_ID}` && request.headers.authorization ? 200 : 404;
      response.setHeader('content-type', 'audio/ogg').end(Buffer.from('OggS and so on'));
    });
    await new Promise<void>((resolve) => voices.listen(0, '127.0.0.1', resolve));
    const directory = new Map([['tts-worker', `http://127.0.0.1:${(voices.address() as AddressInfo).port}`]]);
    app = await startBotAdapter(telegram, { directory });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
    voices.closeAllConnections();
    voices.close();
  });

  const shows = (phone: Phone, words: RegExp) => phone.answer(({ text }) => words.test(text ?? ''));
  const speechOf = (replyText: string) => app.probe.until(SpeechSpeakRequested, ({ data }) => data.text === replyText);

  it.each([
    ['/start', /Hello, Emma! I am Lumen/],
    ['/help', /\/privacy/],
    ['/privacy', /30 days/],
    ['/abracadabra', /do not know this command/],
  ])('%s is answered', async (command, words) => {
    const emma = await telegram.person();
    await emma.say(command);
    await shows(emma, words);
  });

  it('people are spoken to in the language of their client, until they choose another', async () => {
    const anna = await telegram.person('ru');
    await anna.start('friend');
    await shows(anna, /Вы пришли по ссылке «friend»/);
    await anna.say('/language');
    const menu = await shows(anna, /На каком языке/);
    expect(menu.reply_markup!.inline_keyboard[0]!.map(({ text }) => text)).toEqual(['English', '✓ Русский']);

    expect(await anna.press(menu.message_id, 'English')).toMatchObject({ answered: true, text: 'Saved' });
    const changed = await shows(anna, /Which language/);
    expect(changed.message_id).toBe(menu.message_id);
    await anna.say('/help');
    await shows(anna, /Ask me anything/);
    const { data } = await hear(app, anna, 'привет');
    expect(data.locale).toBe('en');
  });

  it('the menu of commands is there in both languages', async () => {
    const calls = () => telegram.calls('setMyCommands');
    const set = await until(async () => (await calls()).length >= 6 && calls(), { what: 'the commands of two bots' });
    const languages = set.map(({ params }) => (params as { language_code?: string }).language_code);
    expect(new Set(languages)).toEqual(new Set([undefined, 'en', 'ru']));
  });

  it('a button of an old menu is answered with a friendly word, and does nothing', async () => {
    const emma = await telegram.person();
    await emma.say('/voice');
    const menu = await shows(emma, /by voice/);
    app.clock.advance(31 * 86_400_000);
    expect((await emma.press(menu.message_id, 'Text and voice')).text).toMatch(/out of date/);
    app.clock.advance(-31 * 86_400_000);
  });

  it("a button of someone else's chat does nothing", async () => {
    const [emma, oliver] = [await telegram.person(), await telegram.person('en', undefined, 'Oliver')];
    await emma.say('/voice');
    const menu = await shows(emma, /by voice/);
    await oliver.say('/help');
    const { message_id } = await shows(oliver, /Ask me/);
    const stolen = menu.reply_markup!.inline_keyboard[0]![1]!.callback_data;
    expect(stolen.length).toBeLessThanOrEqual(64);
    const reply_markup = { inline_keyboard: [[{ text: 'stolen', callback_data: stolen }]] };
    await telegram.ask('editMessageText', { chat_id: oliver.chat, message_id, text: 'forged', reply_markup });
    expect((await oliver.press(message_id, 'stolen')).text).toMatch(/out of date/);
  });

  it('an answer can be heard: asked for once, however often the button is pressed', async () => {
    const emma = await telegram.person();
    await reply(app, await hear(app, emma, 'read to me'), '**Once** upon a time.');
    const answer = await shows(emma, /^Once upon a time\.$/);
    const presses = await Promise.all([1, 2, 3].map(() => emma.press(answer.message_id, '🔊 Listen')));
    expect(presses.map(({ text }) => text).sort()).toEqual([
      'I am recording it…',
      'The voice message is on its way or already here.',
      'The voice message is on its way or already here.',
    ]);
    const { data } = await speechOf('Once upon a time.');
    expect(app.probe.all(SpeechSpeakRequested).filter((event) => event.data.chatId === data.chatId)).toHaveLength(1);
    await until(async () => (await telegram.calls('sendChatAction', emma.id)).length > 0, { what: 'the recording' });

    const { speechId, requestedBy, chatId } = data;
    const spoken = {
      speechId,
      requestedBy,
      chatId,
      audioId: AUDIO_ID,
      mimeType: 'audio/ogg',
      bytes: 14,
      durationMs: 2000,
      engine: 'x',
      reused: false,
    } as const;
    await app.probe.say(SpeechCompleted(spoken));
    await app.probe.say(SpeechCompleted(spoken));
    await emma.answer(({ voice }) => voice?.duration === 2);
    await emma.say('/help');
    await shows(emma, /Ask me/);
    expect((await emma.answers()).filter(({ voice }) => voice)).toHaveLength(1);
  });

  it('who wants voice as well gets every answer spoken, without a button that asks for it', async () => {
    const emma = await telegram.person();
    await emma.say('/voice');
    const menu = await shows(emma, /by voice/);
    await emma.press(menu.message_id, 'Text and voice');
    await reply(app, await hear(app, emma, 'go on'), 'And then they slept.');
    const { reply_markup } = await shows(emma, /they slept/);
    expect(reply_markup!.inline_keyboard.flat().map(({ text }) => text)).toEqual(['👍', '👎', '🔁']);
    await speechOf('And then they slept.');
  });

  it('a voice that could not be made is told in the language of the person, and may be asked for again', async () => {
    const anna = await telegram.person('ru');
    await reply(app, await hear(app, anna, 'прочитай'), 'Жили-были.');
    const answer = await shows(anna, /Жили-были/);
    await anna.press(answer.message_id, '🔊 Озвучить');
    const { data } = await speechOf('Жили-были.');
    const { speechId, requestedBy, chatId } = data;
    await app.probe.say(SpeechFailed({ speechId, requestedBy, chatId, reason: 'engine_failed' }));
    await shows(anna, /Не получилось записать/);
    await anna.press(answer.message_id, '🔊 Озвучить');
    await app.probe.until(
      SpeechSpeakRequested,
      (event) => event.data.chatId === chatId && event.data.speechId !== speechId,
    );
  });

  it('an answer is rated, asked for anew, and stopped while it is written', async () => {
    const emma = await telegram.person();
    const { data } = await hear(app, emma, 'what do you think?');
    const replyId = await reply(app, { data }, 'I think of you.');
    const answer = await shows(emma, /I think of you/);
    expect((await emma.press(answer.message_id, '👎')).text).toBe('Thank you!');
    const rated = await app.probe.until(ReplyRateRequested, (event) => event.data.replyId === replyId);
    expect(rated.data).toMatchObject({ chatId: data.chatId, userId: data.userId, rating: -1 });
    expect((await emma.press(answer.message_id, '🔁')).text).toBe('I think again…');
    await app.probe.until(ReplyRegenerateRequested, (event) => event.data.replyId === replyId);

    const webhook = new TelegramWebhook(app);
    await webhook.bring({ stopped_message_generation: { chat: { id: emma.chat, type: 'private' } } });
    const stopped = await app.probe.until(ReplyStopRequested, (event) => event.data.chatId === data.chatId);
    expect(stopped.data.userId).toBe(data.userId);
  });

  it.each([
    ['Yes', true, 'I am on it…'],
    ['No', false, 'All right'],
  ])('what an answer offers to do is decided once, by a button: %s', async (label, confirmed, toast) => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'charge me no more');
    const confirmationId = uuidv7();
    await reply(app, heard, 'Turn it off?', { confirmationId });
    const { message_id } = await shows(emma, /Turn it off/);
    expect((await emma.press(message_id, label)).text).toBe(toast);
    expect((await emma.press(message_id, 'Yes')).text).toMatch(/done already/);
    const decided = () =>
      app.probe.all(ConfirmationDecideRequested).filter(({ data }) => data.confirmationId === confirmationId);
    await until(() => decided().length > 0, { what: 'the decision' });
    const { chatId, userId } = heard.data;
    expect(decided().map(({ data }) => data)).toEqual([{ chatId, userId, confirmationId, confirmed }]);
  });

  it('whoever was handed over to a human can have the assistant back', async () => {
    const emma = await telegram.person();
    const { data } = await hear(app, emma, 'hello');
    await emma.say('/resume');
    const asked = await app.probe.until(HandoverEndRequested, (event) => event.data.chatId === data.chatId);
    expect(asked.data.userId).toBe(data.userId);
    await shows(emma, /I answer again/);
  });

  it.each(['!assistant:eraseNow', `!assistant:decide:${uuidv7()}`, '!assistant:stop', '!dialogs:cancel'])(
    'a press of %s that was made up does nothing',
    async (callback_data) => {
      const emma = await telegram.person();
      const { data } = await hear(app, emma, 'hello');
      const reply_markup = { inline_keyboard: [[{ text: 'Forged', callback_data }]] };
      await telegram.ask('sendMessage', { chat_id: emma.chat, text: 'any message', reply_markup });
      const forged = await shows(emma, /any message/);
      expect((await emma.press(forged.message_id, 'Forged')).text).toMatch(/out of date/);
      const done = [...app.probe.all(ErasureRequested), ...app.probe.all(ReplyStopRequested)];
      expect(done.filter((event) => event.data.userId === data.userId)).toEqual([]);
    },
  );

  it('a voice message that nobody can understand is answered in plain words', async () => {
    const emma = await telegram.person();
    const { messageId, chatId, botId, userId } = (await hear(app, emma, 'hi')).data;
    await app.probe.say(TranscriptionFailed({ messageId, chatId, botId, userId, reason: 'not_configured' }));
    await shows(emma, /Please type/);
  });
});
