import { ContactBlocked, MessageReceived, MessageUndeliverable } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { BotServers } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { hear, reply, startBotAdapter } from '../../../test/start-bot-adapter';
import { LUMEN, type Phone, type PretendedTelegram, startTelegram } from '../../../test/start-sandbox';
import { TelegramWebhook } from '../../../test/webhook';
import { parseMarkdown } from '../../rich-text/parse-markdown';
import { plainText } from '../../rich-text/rich-text';
import { FileGone, Rejected } from '../channel-errors';
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

  it('goes on hearing when the ids of updates begin anew, as they do after a week without any', async () => {
    const emma = await telegram.person();
    await hear(app, emma, 'before the silence');
    await telegram.control('POST', 'telegram/bots', { token: LUMEN.token, nextUpdateId: 5000 });
    for (const text of ['after a week', 'and once more', 'and again']) await hear(app, emma, text);
    const waiting = async () => {
      const bots = await telegram.control<{ username: string; pendingUpdates: number }[]>('GET', 'telegram/bots');
      return bots.find(({ username }) => username === LUMEN.username)!.pendingUpdates;
    };
    await until(async () => (await waiting()) === 0, { what: 'all updates to be confirmed' });
    expect(app.probe.all(MessageReceived).filter(({ data }) => data.text === 'after a week')).toHaveLength(1);
  });

  it('may write to who has come back, although the block is told late', async () => {
    const emma = await telegram.person();
    const { data } = await hear(app, emma, 'I went and came back');
    const member = (date: number, status: string) =>
      webhook.bring({
        my_chat_member: {
          chat: { id: emma.chat, type: 'private' },
          from: { id: emma.id },
          date,
          new_chat_member: { status },
        },
      });
    const now = Math.floor(app.clock.now().getTime() / 1000);
    await member(now - 60, 'kicked');
    await reply(app, { data }, 'Welcome back.');
    await emma.answer(({ text }) => text === 'Welcome back.');
    await member(now + 60, 'kicked');
    await app.probe.until(ContactBlocked, (event) => event.data.userId === data.userId);
  });

  it('does not listen in a group where it may not write, until it may', async () => {
    const emma = await telegram.person();
    const group = await telegram.group(emma);
    await group.say('@lumen_bot heard');
    await app.probe.until(MessageReceived, (event) => event.data.text === 'heard');
    const member = (rights: object) =>
      webhook.bring({
        my_chat_member: {
          chat: { id: group.chat, type: 'supergroup' },
          from: { id: emma.id },
          new_chat_member: rights,
        },
      });
    await member({ status: 'restricted', is_member: true, can_send_messages: false });
    await group.say('@lumen_bot unheard');
    await hear(app, emma, 'said later');
    expect(app.probe.all(MessageReceived).some(({ data }) => data.text === 'unheard')).toBe(false);
    await member({ status: 'member' });
    await group.say('@lumen_bot heard again');
    await app.probe.until(MessageReceived, (event) => event.data.text === 'heard again');
  });

  it('tries an hour later whether it may write again, in case nobody said so', async () => {
    const group = await telegram.group(await telegram.person());
    await group.say('@lumen_bot one');
    const { data } = await app.probe.until(MessageReceived, (event) => event.data.text === 'one');
    const body = { ok: false, error_code: 400, description: 'Bad Request: CHAT_WRITE_FORBIDDEN' };
    await telegram.misbehave({
      target: 'telegram.sendMessage',
      kind: 'answer',
      times: 1,
      answer: { status: 400, body },
    });
    const replyId = await reply(app, { data }, 'Nobody reads this.');
    await app.probe.until(MessageUndeliverable, (event) => event.data.causeId === replyId);
    app.clock.advance(3_600_001);
    await group.say('@lumen_bot two');
    await app.probe.until(MessageReceived, (event) => event.data.text === 'two');
    app.clock.advance(-3_600_001);
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
    const servers = new BotServers({ NODE_ENV: 'test' });
    const options = { registry: new Registry(), servers, sendTimeoutMs: 10_000, maxOwnServerBytes: 1e6 };
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
    channel.send(
      { externalId: String(to.chat) },
      channel.compose({ text: plainText(text) })[0]!,
      edits ? { edits } : {},
    );
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
  ])('a chat in which the bot may not write (%s) is known as one', async (reason) => {
    await refuse('sendMessage', 400, `Bad Request: ${reason}`);
    await expect(say(group, 'hello?')).rejects.toMatchObject({ name: 'Unreachable', reason: 'may_not_write' });
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
