import { MessageReceived } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { hear, reply, startBotAdapter } from '../../../test/start-bot-adapter';
import { LUMEN, type Phone, type PretendedTelegram, startTelegram } from '../../../test/start-sandbox';
import { parseMarkdown } from '../../rich-text/parse-markdown';
import { plainText } from '../../rich-text/rich-text';
import { FileGone, Rejected, Unreachable } from '../channel-errors';
import { TelegramApi } from './telegram.api';
import { TelegramChannel } from './telegram.channel';

const VOICE = {
  kind: 'voice',
  bytes: Buffer.from('OggS'),
  mimeType: 'audio/ogg',
  fileName: 'answer.ogg',
  durationMs: 2000,
} as const;

describe('a bot in Telegram', () => {
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

  it('goes on hearing when the ids of updates begin anew, as they do after a week without any', async () => {
    const emma = await telegram.person();
    await hear(app, emma, 'before the silence');
    await telegram.control('POST', 'telegram/bots', { token: LUMEN.token, nextUpdateId: 1000 });
    for (const text of ['after a week', 'and once more', 'and again']) await hear(app, emma, text);
    const waiting = async () => {
      const bots = await telegram.control<{ username: string; pendingUpdates: number }[]>('GET', 'telegram/bots');
      return bots.find(({ username }) => username === LUMEN.username)!.pendingUpdates;
    };
    await until(async () => (await waiting()) === 0, { what: 'all updates to be confirmed' });
    expect(app.probe.all(MessageReceived).filter(({ data }) => data.text === 'after a week')).toHaveLength(1);
  });

  it('cuts what is too long for a button between two characters', async () => {
    const emma = await telegram.person();
    const suggestion = `${'x'.repeat(38)}😀 and more`;
    await reply(app, await hear(app, emma, 'what now?'), 'Choose.', { suggestions: [suggestion] });
    const { message_id } = await emma.answer(({ text }) => text === 'Choose.');
    const label = `${'x'.repeat(38)}…`;
    expect((await emma.press(message_id, label)).text).toBe(suggestion);
  });

  it('speaks to people by the whole characters of their names', async () => {
    const ada = await telegram.person('en', LUMEN.username, `${'A'.repeat(199)}😀`);
    await ada.start();
    await ada.answer(({ text }) => text?.startsWith(`Hello, ${'A'.repeat(199)}!`) ?? false);
  });
});

describe('what Telegram refuses', () => {
  let telegram: PretendedTelegram;
  let channel: TelegramChannel;
  let emma: Phone;
  let group: Phone;

  beforeAll(async () => {
    telegram = await startTelegram();
    const options = { registry: new Registry(), sendTimeoutMs: 10_000, maxOwnServerBytes: 1e6 };
    const api = new TelegramApi({ ...options, token: LUMEN.token, apiRoot: telegram.apiRoot });
    channel = new TelegramChannel(api, { botId: 'lumen', webhookSecret: 'secret', rates: {} as never });
  });
  beforeEach(async () => {
    emma = await telegram.person();
    group = await telegram.group(emma);
    await emma.start();
  });
  afterAll(() => telegram.close());

  const say = (to: Phone, text: string, edits?: string) =>
    channel.send({ externalId: String(to.chat) }, channel.compose({ text: plainText(text) })[0]!, edits ? { edits } : {});
  const refuse = (method: string, status: number, description: string, kind = 'answer') =>
    telegram.misbehave({
      target: `telegram.${method}`,
      kind,
      times: 1,
      answer: { status, body: { ok: false, error_code: status, description } },
    });

  it('an edit of a message that was deleted from a supergroup becomes a new message', async () => {
    const { externalMessageId } = await say(group, 'one moment');
    await channel.deleteMessage({ externalId: String(group.chat) }, externalMessageId);
    await say(group, 'here it is', externalMessageId);
    expect((await group.answers()).map(({ text }) => text)).toEqual(['here it is']);
  });

  it('a message that was deleted at once, as bots in groups do, is not sent again', async () => {
    const description = "Internal Server Error: sent message was immediately deleted and can't be returned";
    await refuse('sendMessage', 500, description, 'answer-after-commit');
    await expect(say(group, 'spam, says the other bot')).rejects.toBeInstanceOf(Rejected);
  });

  it('words that are no Unicode are sent with a mark in their place', async () => {
    const [message] = channel.compose({ text: plainText('a\ud83d'), buttons: [[{ label: 'b\ud83d', data: 'x' }]] });
    await channel.send({ externalId: String(emma.chat) }, message!);
    const { text, reply_markup: markup } = (await emma.answers()).at(-1)!;
    expect([text, markup?.inline_keyboard[0]![0]!.text]).toEqual(['a\ufffd', 'b\ufffd']);
  });

  it.each(["can't parse entity: unsupported type specified", "entity URL 'x' is invalid", 'entity begins in a middle'])(
    'formatting that is refused (%s) is left out, the words are not',
    async (reason) => {
      await refuse('sendMessage', 400, `Bad Request: ${reason}`);
      const [message] = channel.compose({ text: parseMarkdown('**bold**') });
      await channel.send({ externalId: String(emma.chat) }, message!);
      expect((await emma.answers()).at(-1)).toMatchObject({ text: 'bold' });
    },
  );

  it('a voice message comes as an audio file to who forbids voice messages', async () => {
    await refuse('sendVoice', 400, 'Bad Request: VOICE_MESSAGES_FORBIDDEN');
    const [message] = channel.compose({ media: VOICE });
    await channel.send({ externalId: String(emma.chat) }, message!);
    expect((await emma.answers()).map(({ audio }) => audio?.duration)).toEqual([2]);
  });

  it.each([
    'not enough rights to send text messages to the chat',
    'have no write access to the chat',
    'CHAT_RESTRICTED',
    'CHAT_WRITE_FORBIDDEN',
    'need administrator rights in the channel chat',
  ])('a chat in which the bot may not write (%s) is one that nobody reads', async (reason) => {
    await refuse('sendMessage', 400, `Bad Request: ${reason}`);
    await expect(say(group, 'hello?')).rejects.toBeInstanceOf(Unreachable);
  });

  it('a voice message is a reply to what it answers', async () => {
    const question = await emma.say('read it to me');
    const [message] = channel.compose({ media: VOICE });
    await channel.send({ externalId: String(emma.chat) }, message!, { replyTo: String(question.message_id) });
    const { voice, reply_to_message: replied } = (await emma.answers()).at(-1)!;
    expect([Boolean(voice), replied?.message_id]).toEqual([true, question.message_id]);
  });

  it.each(['invalid file_id', 'wrong file_id or the file is temporarily unavailable'])(
    'a file that cannot be had any more (%s) is not asked for again',
    async (reason) => {
      await refuse('getFile', 400, `Bad Request: ${reason}`);
      await expect(channel.fetchFile('x')).rejects.toBeInstanceOf(FileGone);
    },
  );
});
