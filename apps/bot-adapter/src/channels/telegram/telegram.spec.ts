import { MessageReceived } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { Registry } from 'prom-client';
import { hear, startBotAdapter } from '../../../test/start-bot-adapter';
import { LUMEN, type Phone, type PretendedTelegram, startTelegram } from '../../../test/start-sandbox';
import { plainText } from '../../rich-text/rich-text';
import { FileGone, Rejected } from '../channel-errors';
import { TelegramApi } from './telegram.api';
import { TelegramChannel } from './telegram.channel';

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

  it('a voice message is a reply to what it answers', async () => {
    const question = await emma.say('read it to me');
    const media = { kind: 'voice', bytes: Buffer.from('OggS'), mimeType: 'audio/ogg', fileName: 'answer.ogg' } as const;
    const [message] = channel.compose({ media });
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
