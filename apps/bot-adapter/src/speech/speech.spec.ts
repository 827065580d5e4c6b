import {
  type EventOf,
  MessageReceived,
  MessageUndeliverable,
  SpeechCompleted,
  SpeechFailed,
  SpeechSpeakRequested,
  TranscriptionFailed,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hear, reply, startBotAdapter } from '../../test/start-bot-adapter';
import { Chat } from '../contacts/chat.entity';
import { type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';

const GONE = 'a'.repeat(64);
const THERE = 'b'.repeat(64);

describe('a voice message that was made and did not arrive', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let voices: Server;

  beforeAll(async () => {
    telegram = await startTelegram();
    voices = createServer((request, response) => {
      if (request.url === `/audio/${THERE}`)
        return void response.setHeader('content-type', 'audio/ogg').end(Buffer.from('OggS and so on'));
      const code = 'tts-worker.audio_not_found';
      const problem = { type: `/problems/${code}`, title: '-', status: 404, instance: '/requests/1', code };
      response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
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
  const asked = (text: string, otherThan?: string) =>
    app.probe.until(SpeechSpeakRequested, ({ data }) => data.text === text && data.speechId !== otherThan);
  const spoken = ({ data: { speechId, requestedBy, chatId } }: EventOf<typeof SpeechSpeakRequested>, audioId: string) =>
    app.probe.say(
      SpeechCompleted({
        speechId,
        requestedBy,
        chatId,
        audioId,
        mimeType: 'audio/ogg',
        bytes: 14,
        durationMs: 2000,
        engine: 'x',
        reused: false,
      }),
    );

  it('is made again for who asks again', async () => {
    const emma = await telegram.person();
    await reply(app, await hear(app, emma, 'read to me'), 'Once upon a time.');
    const answer = await shows(emma, /^Once upon a time\.$/);
    await emma.press(answer.message_id, '🔊 Listen');
    const first = await asked('Once upon a time.');
    await spoken(first, GONE);
    await app.probe.until(MessageUndeliverable, ({ data }) => data.causeId === first.data.speechId);
    const notice = await shows(emma, /could not send you the voice message/);

    expect((await emma.press(notice.message_id, '🔊 Listen')).text).toBe('I am recording it…');
    await spoken(await asked('Once upon a time.', first.data.speechId), THERE);
    await emma.answer(({ voice }) => voice?.duration === 2);
    expect((await emma.press(answer.message_id, '🔊 Listen')).text).toMatch(/already here/);
  });

  it('of a person who has blocked the bot waits for them, without a word', async () => {
    const emma = await telegram.person();
    await reply(app, await hear(app, emma, 'read on'), 'And then they slept.');
    const answer = await shows(emma, /they slept/);
    await emma.press(answer.message_id, '🔊 Listen');
    const first = await asked('And then they slept.');
    await telegram.misbehave({ target: 'telegram.updates', kind: 'drop', times: 1 });
    await emma.block(true);
    await spoken(first, THERE);
    const state = `SELECT FROM speeches WHERE speech_id = $1 AND state = 'failed'`;
    await until(async () => (await app.service.db.query<unknown[]>(state, [first.data.speechId])).length > 0, {
      what: 'the speech to be given up',
    });
    await telegram.misbehave();
    await emma.start();
    await emma.press(answer.message_id, '🔊 Listen');
    await asked('And then they slept.', first.data.speechId);
    expect((await emma.answers()).filter(({ text }) => /could not send/.test(text ?? ''))).toEqual([]);
  });

  it('or whose outcome nobody ever heard of may be asked for again after an hour', async () => {
    const emma = await telegram.person();
    await reply(app, await hear(app, emma, 'read it'), 'And so it ended.');
    const answer = await shows(emma, /so it ended/);
    await emma.press(answer.message_id, '🔊 Listen');
    const first = await asked('And so it ended.');
    app.clock.advance(3_600_001);
    expect((await emma.press(answer.message_id, '🔊 Listen')).text).toBe('I am recording it…');
    await asked('And so it ended.', first.data.speechId);
    app.clock.advance(-3_600_001);
  });

  it('is told of in the topic of the question, and so is one that was not understood', async () => {
    const topic = await telegram.topic(await telegram.person());
    const question = await topic.say('@lumen_bot read it aloud');
    const { data } = await app.probe.until(MessageReceived, (event) => event.data.text === 'read it aloud');
    await app.service.db.manager.update(Chat, data.chatId, { voiceMode: 'also' });
    await reply(app, { data }, 'Not aloud.');
    const { data: speech } = await asked('Not aloud.');
    const { speechId, requestedBy, chatId } = speech;
    await app.probe.say(SpeechFailed({ speechId, requestedBy, chatId, reason: 'engine_failed' }));
    const { messageId, botId, userId } = data;
    await app.probe.say(TranscriptionFailed({ messageId, chatId, botId, userId, reason: 'not_configured' }));
    await shows(topic, /Please type/);
    const notices = (await telegram.calls('sendMessage', topic.chat)).slice(1);
    const place = { message_thread_id: topic.where.threadId, reply_parameters: { message_id: question.message_id } };
    expect(notices.map(({ params }) => params)).toMatchObject([place, place]);
  });

  it('is refused for an answer of another chat, whatever a press brings along', async () => {
    const [emma, mallory] = [await telegram.person(), await telegram.person()];
    await hear(app, mallory, 'hello');
    const replyId = await reply(app, await hear(app, emma, 'tell me a secret'), 'It lies under the stairs.');
    const reply_markup = { inline_keyboard: [[{ text: 'Forged', callback_data: `!assistant:speak:${replyId}` }]] };
    await telegram.ask('sendMessage', { chat_id: mallory.chat, text: 'any message', reply_markup });
    const forged = await shows(mallory, /any message/);
    expect((await mallory.press(forged.message_id, 'Forged')).text).toMatch(/nothing/i);
  });
});
