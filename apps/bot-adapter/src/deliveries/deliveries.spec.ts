import { EncryptionKeyMissing } from '@switchboard/bus';
import {
  ContactBlocked,
  MessageDelivered,
  MessageReceived,
  MessageUndeliverable,
  StaffMessageSent,
} from '@switchboard/contracts';
import { Jobs } from '@switchboard/service-kit';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { hear, metric, reply, startBotAdapter } from '../../test/start-bot-adapter';
import { type PretendedTelegram, startTelegram } from '../../test/start-sandbox';
import { ChatAddresses } from '../contacts/chat-addresses';
import { Chat } from '../contacts/chat.entity';
import { DeliveriesJobs } from './deliveries.jobs';
import { DeliveriesRepository } from './deliveries.repository';
import { DeliveriesService } from './deliveries.service';
import { Delivery } from './delivery.entity';
import { MessageRenderer } from './message-renderer';
import { ReplyDecorators } from './reply-decorators';
import { SendLimits } from './send-limits';

describe('answers on their way to people', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;

  beforeAll(async () => {
    telegram = await startTelegram();
    app = await startBotAdapter(telegram, { env: { BOT_ADAPTER_SEND_TIMEOUT_MS: '1000' } });
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });
  afterEach(() => telegram.misbehave());

  const delivered = (replyId: string) =>
    app.probe.until(MessageDelivered, ({ data }) => data.causeId === replyId, 20_000);

  it('an answer arrives formatted, and that is said', async () => {
    const emma = await telegram.person();
    const replyId = await reply(app, await hear(app, emma, 'hi'), 'The **tallest** tree is `Hyperion`.');
    expect((await delivered(replyId)).data).toMatchObject({ kind: 'text', parts: 1 });
    const message = await emma.answer(({ text }) => text === 'The tallest tree is Hyperion.');
    expect(message.entities).toEqual([
      { type: 'bold', offset: 4, length: 7 },
      { type: 'code', offset: 20, length: 8 },
    ]);
  });

  it('an event heard twice is delivered once', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    const replyId = await reply(app, heard, 'only once');
    await reply(app, heard, 'only once', { replyId });
    await delivered(replyId);
    await reply(app, heard, 'the end');
    await emma.answer(({ text }) => text === 'the end');
    expect((await emma.answers()).filter(({ text }) => text === 'only once')).toHaveLength(1);
  });

  it('what staff write arrives once, formatted, and the assistant stays silent so much longer', async () => {
    const emma = await telegram.person();
    const { chatId, botId, channel, userId } = (await hear(app, emma, 'hi')).data;
    const end = new Date(Date.now() + 3_600_000).toISOString();
    const sent = StaffMessageSent({
      ...{ chatId, botId, channel, userId, conversationId: uuidv7(), messageId: uuidv7(), ticketId: uuidv7() },
      ...{ author: 'staff', text: 'I am **here**', locale: 'en', until: end, at: new Date().toISOString() },
    });
    await app.probe.say(sent);
    await app.probe.say(sent);
    expect((await delivered(sent.data.messageId)).data).toMatchObject({ kind: 'staff', parts: 1 });
    const message = await emma.answer(({ text }) => text === 'I am here');
    expect(message.entities).toEqual([{ type: 'bold', offset: 5, length: 4 }]);
    const rows = () =>
      app.service.db.query<object[]>(
        'SELECT author, handed_over_until AS until FROM deliveries d JOIN chats c ON c.id = d.chat_id WHERE cause_id = $1',
        [sent.data.messageId],
      );
    await until(async () => JSON.stringify(await rows()).includes(end), { what: 'the end of the silence' });
    expect(await rows()).toEqual([{ author: 'person', until: new Date(end) }]);
  });

  it('answers to many chats at once keep their order in each', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, () => telegram.person()));
    const heard = await Promise.all(people.map((person) => hear(app, person, `hello from ${person.id}`)));
    const numbers = Array.from({ length: 8 }, (_, n) => `answer ${n}`);
    for (const text of numbers) await Promise.all(heard.map((message) => reply(app, message, text)));
    for (const person of people) {
      await person.answer(({ text }) => text === numbers.at(-1));
      expect((await person.answers()).map(({ text }) => text)).toEqual(numbers);
    }
  });

  it('an answer that comes while something for many is put off does not wait as long', async () => {
    const { nest, db } = app.service;
    const heard = await hear(app, await telegram.person(), 'hi');
    const { chatId, userId } = heard.data;
    const repository = nest.get(DeliveriesRepository);
    const next = repository.next.bind(repository);
    const read = jest.spyOn(repository, 'next').mockImplementationOnce(async (id) => {
      const waiting = await next(id);
      await queue('an answer');
      return waiting;
    });
    const full = jest.spyOn(nest.get(SendLimits), 'tryBulk').mockReturnValueOnce(false);
    const added = jest.spyOn(nest.get(Jobs), 'add');
    const queue = (text: string, bulk?: { inMs: number }) =>
      db.transaction((tx) =>
        nest.get(DeliveriesService).queue(tx, {
          ...{ chatId, userId, causeId: uuidv7(), content: { kind: 'notice', text } },
          ...(bulk && { bulk }),
        }),
      );
    await queue('for many', { inMs: 0 });
    await until(() => full.mock.results.length === 1, { what: 'that it is put off' });
    const lookedFor = `SELECT FROM deliveries WHERE chat_id = $1 AND state <> 'sent'`;
    await until(async () => (await db.query<[]>(lookedFor, [chatId])).length === 0, { what: 'both' });
    const woken = added.mock.calls.map(([, , , how]) => how).filter((how) => how?.key === `deliver:${chatId}`);
    const last = woken.findLastIndex((how) => how?.yields && (how.delayMs ?? 0) > 0);
    expect(woken[last + 1]).toMatchObject({ yields: false, delayMs: 0 });
    for (const spy of [read, full, added]) spy.mockRestore();
  });

  it('an answer of 200 kB arrives whole and in order', async () => {
    const emma = await telegram.person();
    const sentences = Array.from({ length: 4000 }, (_, n) => `Sentence ${n} of a very long story, told slowly.`);
    const replyId = await reply(app, await hear(app, emma, 'tell me a story'), sentences.join(' '));
    const { data } = await delivered(replyId);
    const messages = await emma.answers();
    expect(data.parts).toBe(messages.length);
    expect(messages.map(({ text }) => text).join(' ')).toBe(sentences.join(' '));
    expect(messages.slice(0, -1).every((message) => !message.reply_markup)).toBe(true);
  }, 60_000);

  it.each([
    ['<b>not bold</b> & <script>alert(1)</script>'],
    ['\\_*[]()~`>#+-=|{}.! unbalanced ** __ ``` ['],
    ['[click](javascript:alert(1)) [a](tg://user?id=1)'],
    ['\u202Egnp.exe and \u0000 control \u0007 signs'],
  ])('hostile output of a model arrives as text: %j', async (markdown) => {
    const emma = await telegram.person();
    const replyId = await reply(app, await hear(app, emma, 'hi'), markdown);
    await delivered(replyId);
    const [message] = await emma.answers();
    expect(message!.text!.length).toBeGreaterThan(0);
    const links = (message!.entities ?? []).flatMap(({ url }) => url ?? []);
    expect(links.filter((url) => !/^(https?|mailto|tel|tg):/.test(url))).toEqual([]);
  });

  it('a 429 is obeyed to the second, and the answers behind it wait their turn', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: '429', retryAfter: 2, times: 1 });
    await reply(app, heard, 'first');
    await until(async () => (await telegram.calls('sendMessage', emma.id)).some(({ status }) => status === 429), {
      what: 'the 429',
    });
    await reply(app, heard, 'second');
    await emma.answer(({ text }) => text === 'second');
    const calls = await telegram.calls('sendMessage', emma.id);
    expect(calls.map(({ params, status }) => [params.text, status])).toEqual([
      ['first', 429],
      ['first', 200],
      ['second', 200],
    ]);
    expect(calls[1]!.receivedAt - calls[0]!.receivedAt).toBeGreaterThanOrEqual(2000);
  });

  it('a rest that the channel asked for is measured by the clock of the database', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: '429', retryAfter: 1, times: 1 });
    const now = Date.now;
    const ahead = jest.spyOn(Date, 'now').mockImplementation(() => now() + 120_000);
    await reply(app, heard, 'first');
    // The chat rests, and the job that comes back has been added.
    const rests = `SELECT FROM chats JOIN bot_adapter_jobs._private_jobs job ON job.key = 'deliver:' || chats.id
      WHERE chats.id = $1 AND next_send_at IS NOT NULL AND job.locked_at IS NULL`;
    await until(async () => (await app.service.db.query<unknown[]>(rests, [heard.data.chatId])).length > 0, {
      what: 'the chat to rest',
    });
    ahead.mockRestore();
    await reply(app, heard, 'second');
    await emma.answer(({ text }) => text === 'second');
    expect((await emma.answers()).map(({ text }) => text)).toEqual(['first', 'second']);
  });

  it('one chat told to wait holds up no other', async () => {
    const [emma, oliver] = [await telegram.person(), await telegram.person()];
    const [fromEmma, fromOliver] = [await hear(app, emma, 'hi'), await hear(app, oliver, 'hello')];
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: '429', retryAfter: 60, times: 1 });
    await reply(app, fromEmma, 'in a minute');
    await until(async () => (await telegram.calls('sendMessage', emma.id)).some(({ status }) => status === 429), {
      what: 'the 429',
    });
    await delivered(await reply(app, fromOliver, 'at once'));
  });

  it('a server error after the message was taken is a doubt: sent once more, and counted', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: '500-after-commit', times: 1 });
    const replyId = await reply(app, heard, 'maybe twice');
    await delivered(replyId);
    expect((await emma.answers()).map(({ text }) => text)).toEqual(['maybe twice', 'maybe twice']);
    expect(await metric(app, 'deliveries_outcome_unknown_total', 'cause="server_error"')).toBe(1);
  });

  it('where every call is taken and its answer lost, there are six copies at most', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: '500-after-commit' });
    const replyId = await reply(app, heard, 'again and again');
    const { chatId } = heard.data;
    const isGivenUp = async () => {
      await app.service.db.query('UPDATE chats SET next_send_at = NULL WHERE id = $1', [chatId]);
      await app.service.db.query(
        `UPDATE bot_adapter_jobs._private_jobs SET run_at = now()
         WHERE key = 'deliver:' || $1 AND locked_at IS NULL AND run_at > now()`,
        [chatId],
      );
      const { state, reason } = await app.service.db.manager.findOneByOrFail(Delivery, { causeId: replyId });
      return state === 'failed' && reason === 'gave_up';
    };
    await until(isGivenUp, { what: 'the answer to be given up', timeoutMs: 60_000 });
    expect((await emma.answers()).map(({ text }) => text)).toEqual(Array(6).fill('again and again'));
  }, 90_000);

  it('a call without an answer ends at its deadline and is sent again', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: 'hang', times: 1 });
    await delivered(await reply(app, heard, 'at last'));
    expect(await metric(app, 'deliveries_outcome_unknown_total', 'cause="timeout"')).toBe(1);
  });

  it('a process that was overtaken by another leaves the message alone that the other one is sending', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    const repository = app.service.nest.get(DeliveriesRepository);
    const sends = `UPDATE deliveries SET state = 'sending', tries = 1 WHERE id = $1`;
    const begin = jest.spyOn(repository, 'begin').mockImplementationOnce(async ({ id }) => {
      await app.service.db.query(sends, [id]);
      return false;
    });
    const replyId = await reply(app, heard, 'sent by another process');
    await until(() => begin.mock.results.length > 0, { what: 'the message to be begun' });
    const comesBack = `SELECT FROM bot_adapter_jobs._private_jobs
      WHERE key = 'deliver:' || $1 AND locked_at IS NULL AND run_at > now()`;
    await until(async () => (await app.service.db.query<unknown[]>(comesBack, [heard.data.chatId])).length > 0, {
      what: 'the job to come back later',
    });
    expect(await telegram.calls('sendMessage', emma.id)).toEqual([]);
    await app.service.db.query(`UPDATE deliveries SET state = 'sent' WHERE cause_id = $1`, [replyId]);
  });

  it('to someone who blocked the bot nothing is sent, and everyone hears of it', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    await telegram.misbehave({ target: 'telegram.updates', kind: 'drop', times: 1 });
    await emma.block(true);
    const replyId = await reply(app, heard, 'too late');
    const { data } = await app.probe.until(MessageUndeliverable, (event) => event.data.causeId === replyId);
    expect(data.reason).toBe('blocked');
    await app.probe.until(ContactBlocked, (event) => event.data.userId === heard.data.userId);
    const next = await reply(app, heard, 'still blocked');
    await app.probe.until(MessageUndeliverable, (event) => event.data.causeId === next);
    expect(await telegram.calls('sendMessage', emma.id)).toHaveLength(1);
    await emma.start();
    await emma.answer(({ text }) => /Hello/.test(text ?? ''));
  });

  it('what is given up is counted by reason, the same in every process and after a restart', async () => {
    const total = 'deliveries_given_up';
    expect(await metric(app, total, 'reason="chat_gone"')).toBe(0);
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    const { db, nest } = app.service;
    const chat = await db.manager.findOneByOrFail(Chat, { id: heard.data.chatId });
    await db.manager.update(Chat, chat.id, {
      externalId: await nest.get(ChatAddresses).encrypt(db.manager, chat, '999'),
    });
    const replyId = await reply(app, heard, 'to nobody');
    await app.probe.until(MessageUndeliverable, ({ data }) => data.causeId === replyId);
    const other = await startBotAdapter(telegram, { database: app.database });
    expect(await metric(other, total, 'reason="chat_gone"')).toBe(1);
    expect(await metric(app, total, 'reason="chat_gone"')).toBe(1);
    await other.stop({ keepDatabase: true });
    app.clock.advance(3_600_001);
    expect(await metric(app, total, 'reason="chat_gone"')).toBe(0);
    app.clock.advance(-3_600_001);
  });

  it('an answer in a group is a reply to the question, in its topic', async () => {
    const topic = await telegram.topic(await telegram.person());
    const question = await topic.say('@lumen_bot where are you?');
    const heard = await app.probe.until(MessageReceived, ({ data }) => data.text === 'where are you?');
    await delivered(await reply(app, heard, 'Here.'));
    const [sent] = await telegram.calls('sendMessage', topic.chat);
    expect(sent!.params).toMatchObject({
      message_thread_id: topic.where.threadId,
      reply_parameters: { message_id: question.message_id, allow_sending_without_reply: true },
    });
  });

  it('an answer whose topic was deleted arrives in the chat all the same', async () => {
    const topic = await telegram.topic(await telegram.person());
    await topic.say('@lumen_bot where shall we go?');
    const heard = await app.probe.until(MessageReceived, ({ data }) => data.text === 'where shall we go?');
    await telegram.ask('deleteForumTopic', { chat_id: topic.chat, message_thread_id: topic.where.threadId });
    await delivered(await reply(app, heard, 'Anywhere.'));
  });

  it('the buttons of a message that was sent can be changed, and taken away', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    const { chatId, userId } = heard.data;
    const deliveries = app.service.nest.get(DeliveriesService);
    app.service.nest
      .get(ReplyDecorators)
      .add({ finished: () => Promise.resolve([[{ label: 'Better?', data: 'better' }]]) });
    await delivered(await reply(app, heard, 'An answer.'));
    const [message] = await emma.answers();
    const labels = async () => {
      const [{ reply_markup: markup } = {}] = await emma.answers();
      return markup?.inline_keyboard.flat().map(({ text }) => text) ?? [];
    };
    expect(await labels()).toContain('Better?');
    const change = async (buttons: { label: string; data: string }[][]) => {
      const { db } = app.service;
      const chat = await db.manager.findOneByOrFail(Chat, { id: chatId });
      const externalMessageId = String(message!.message_id);
      await db.transaction((tx) => deliveries.editButtons(tx, chat, { userId, externalMessageId, buttons }));
    };
    await change([[{ label: '👍', data: 'good' }]]);
    await until(async () => (await labels()).join() === '👍', { what: 'the new button' });
    await change([]);
    await until(async () => (await labels()).length === 0, { what: 'no button' });
    expect((await emma.answers()).map(({ text }) => text)).toEqual(['An answer.']);
  });

  describe('what a person may say next', () => {
    const suggestions = ['Opening hours', 'Prices', 'Returns and everything else that people ask about'];

    it('is a button, which says it', async () => {
      const emma = await telegram.person();
      await reply(app, await hear(app, emma, 'hi'), 'Choose:', { suggestions });
      const message = await emma.answer(({ text }) => text === 'Choose:');
      const rows = message.reply_markup!.inline_keyboard.map((row) => row.map(({ text }) => text));
      expect(rows.slice(0, 2)).toEqual([['Opening hours'], ['Prices']]);
      expect(rows.flat().every((label) => label.length <= 40)).toBe(true);
      for (const text of ['Prices', 'Prices', 'Returns and everything else that people…']) {
        const { text: toast } = await emma.press(message.message_id, text);
        expect(suggestions).toContain(toast);
      }
      const said = await until(
        () => {
          const heard = app.probe.all(MessageReceived).map(({ data }) => data.text);
          return heard.at(-1) === suggestions[2] && heard.slice(-3);
        },
        { what: 'what was chosen' },
      );
      expect(said).toEqual(['Prices', 'Prices', suggestions[2]]);
      await reply(app, app.probe.all(MessageReceived).at(-1)!, 'It is so.');
      await emma.answer(({ text }) => text === 'It is so.');
    });

    it('is written below the answer in a group, whose buttons would be pressed by all', async () => {
      const group = await telegram.group(await telegram.person());
      await group.say('@lumen_bot which topics?');
      const heard = await app.probe.until(MessageReceived, ({ data }) => data.text === 'which topics?');
      await reply(app, heard, 'Choose:', { suggestions });
      const { text, reply_markup } = await group.answer((message) => message.text?.startsWith('Choose:') === true);
      expect(text).toBe(`Choose:\n\n${suggestions.map((one) => `• ${one}`).join('\n')}`);
      expect(reply_markup?.inline_keyboard.flat().map((button) => button.text) ?? []).not.toContain('Prices');
    });
  });

  describe('an answer that was asked for again', () => {
    const long = (word: string, sentences: number) =>
      Array.from({ length: sentences }, (_, n) => `Sentence ${n} of a story about ${word}, told slowly.`).join(' ');
    const texts = async (emma: { answers(): Promise<{ text?: string }[]> }) =>
      (await emma.answers()).map(({ text = '' }) => /about (\w+)/.exec(text)?.[1] ?? text);

    it('takes the place of the former one, with its buttons; a third takes the place of the second', async () => {
      const emma = await telegram.person();
      const heard = await hear(app, emma, 'which colour?');
      const first = await reply(app, heard, 'Blue.');
      await delivered(first);
      const second = await reply(app, heard, 'Green.', { replaces: first });
      await delivered(second);
      await delivered(await reply(app, heard, 'Red.', { replaces: second }));
      const [message, ...others] = await emma.answers();
      expect([message!.text, others]).toEqual(['Red.', []]);
      expect(message!.reply_markup!.inline_keyboard.flat().map(({ text }) => text)).toContain('🔁');
    });

    it.each([
      [3, 1, ['trees']],
      [1, 3, ['trees', 'trees', 'trees']],
    ])('of %d messages by one of %d: all that is seen in the end is the new one', async (before, after, seen) => {
      const emma = await telegram.person();
      const heard = await hear(app, emma, 'tell me a story');
      const first = await reply(app, heard, long('birds', before * 80));
      await delivered(first);
      expect(await texts(emma)).toHaveLength(before);
      const second = await reply(app, heard, long('trees', after * 80), { replaces: first });
      expect((await delivered(second)).data.parts).toBe(after);
      expect(await texts(emma)).toEqual(seen);
    });

    it('comes as a message of its own when the former one was deleted', async () => {
      const emma = await telegram.person();
      const heard = await hear(app, emma, 'which colour?');
      const first = await reply(app, heard, 'Blue.');
      await delivered(first);
      const [{ message_id } = { message_id: 0 }] = await emma.answers();
      await telegram.ask('deleteMessage', { chat_id: emma.id, message_id });
      await delivered(await reply(app, heard, 'Green.', { replaces: first }));
      expect(await texts(emma)).toEqual(['Green.']);
    });
  });

  const waitsLater = (chatId: string) =>
    until(
      async () => {
        const job = `SELECT FROM bot_adapter_jobs._private_jobs
          WHERE key = 'deliver:' || $1 AND locked_at IS NULL AND attempts = 0 AND run_at > now()`;
        return (await app.service.db.query<unknown[]>(job, [chatId])).length > 0;
      },
      { what: 'the job to come back later' },
    );
  const deliveryOf = (causeId: string) => app.service.db.manager.findOneByOrFail(Delivery, { causeId });

  describe('a bot that this process does not know, as another process beside it does', () => {
    const nowhere = () =>
      jest.replaceProperty(
        app.service.nest.get(DeliveriesJobs) as unknown as { channels: { find: () => undefined } },
        'channels',
        { find: () => undefined },
      );

    it('has its answers sent by a process that knows it', async () => {
      const emma = await telegram.person();
      const heard = await hear(app, emma, 'hi');
      const unknown = nowhere();
      const replyId = await reply(app, heard, 'from a bot known elsewhere');
      await waitsLater(heard.data.chatId);
      unknown.restore();
      await delivered(replyId);
    });

    it('loses them only after hours', async () => {
      const emma = await telegram.person();
      const heard = await hear(app, emma, 'hi');
      const unknown = nowhere();
      const replyId = await reply(app, heard, 'from a bot known nowhere');
      await waitsLater(heard.data.chatId);
      app.clock.advance(7 * 3_600_000);
      const { data } = await app.probe.until(MessageUndeliverable, (event) => event.data.causeId === replyId);
      expect(data.reason).toBe('gave_up');
      app.clock.advance(-7 * 3_600_000);
      unknown.restore();
    });
  });

  it('an answer waits for an encryption key that is missing, and none of its tries is counted', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'hi');
    const renderer = app.service.nest.get(MessageRenderer);
    const render = jest.spyOn(renderer, 'render').mockRejectedValueOnce(new EncryptionKeyMissing('k2'));
    const replyId = await reply(app, heard, 'sealed with the next key');
    await waitsLater(heard.data.chatId);
    expect(await deliveryOf(replyId)).toMatchObject({ state: 'queued', tries: 0 });
    render.mockRestore();
    await delivered(await reply(app, heard, 'the next answer'));
    expect((await emma.answers()).map(({ text }) => text)).toEqual(['sealed with the next key', 'the next answer']);
  });

  describe('when the database fails right after the channel has taken a message', () => {
    const cut = () => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

    it.each([
      ['before it was noted', () => Promise.resolve()],
      ['after it was noted', (note: () => Promise<void>) => note()],
    ])('%s, the message is not sent again', async (_when, then) => {
      const emma = await telegram.person();
      const heard = await hear(app, emma, 'hi');
      const repository = app.service.nest.get(DeliveriesRepository);
      const sent = repository.sent.bind(repository);
      const spy = jest.spyOn(repository, 'sent').mockImplementationOnce(async (...given) => {
        await then(() => sent(...given));
        throw cut();
      });
      const replyId = await reply(app, heard, 'once');
      await delivered(replyId);
      await delivered(await reply(app, heard, 'the end'));
      spy.mockRestore();
      expect((await emma.answers()).map(({ text }) => text)).toEqual(['once', 'the end']);
      expect((await deliveryOf(replyId)).externalMessageIds).toHaveLength(1);
      expect(app.probe.all(MessageDelivered).filter(({ data }) => data.causeId === replyId)).toHaveLength(1);
    });
  });

  describe('the text that is written once more over late previews', () => {
    const confirm = (deliveryId: string, chatHash: string) =>
      app.service.nest.get(DeliveriesJobs).confirm({ deliveryId, chatHash });
    const hashOf = async (chatId: string) =>
      (await app.service.db.manager.findOneByOrFail(Chat, { id: chatId })).externalHash;

    it('does not come over an answer that took its place meanwhile', async () => {
      const emma = await telegram.person();
      const heard = await hear(app, emma, 'which colour?');
      const first = await reply(app, heard, 'Blue.');
      await delivered(first);
      await delivered(await reply(app, heard, 'Green.', { replaces: first }));
      await confirm((await deliveryOf(first)).id, await hashOf(heard.data.chatId));
      expect((await emma.answers()).map(({ text }) => text)).toEqual(['Green.']);
    });

    it('does not come over a message of the chat into which this one has moved', async () => {
      const emma = await telegram.person();
      const heard = await hear(app, emma, 'which colour?');
      const first = await reply(app, heard, 'Blue.');
      await delivered(first);
      await confirm((await deliveryOf(first)).id, 'of the former id');
      expect(await telegram.calls('editMessageText', emma.id)).toEqual([]);
    });
  });

  it.each(['notice', 'buttons'] as const)(
    '%s of a message in the chat that has moved edits none of the new one',
    async (kind) => {
      const emma = await telegram.person();
      const heard = await hear(app, emma, 'hi');
      await delivered(await reply(app, heard, 'another message'));
      const [{ message_id } = { message_id: 0 }] = await emma.answers();
      const { chatId, userId } = heard.data;
      const about = {
        edits: String(message_id),
        buttons: [[{ label: 'Old', data: 'old' }]],
        place: { chatHash: 'of the former id' },
      };
      const content = kind === 'notice' ? { kind, text: 'a menu', ...about } : { kind, ...about };
      const { db, nest } = app.service;
      await db.transaction((tx) =>
        nest.get(DeliveriesService).queue(tx, { chatId, userId, causeId: heard.data.messageId, content }),
      );
      await delivered(await reply(app, heard, 'the end'));
      const [untouched] = await emma.answers();
      expect(untouched).toMatchObject({ message_id, text: 'another message' });
      expect(untouched!.reply_markup?.inline_keyboard.flat().map(({ text }) => text)).not.toContain('Old');
    },
  );

  it('texts are kept encrypted', async () => {
    const emma = await telegram.person('en', undefined, 'Philippa');
    const replyId = await reply(app, await hear(app, emma, 'hi'), 'a secret answer');
    await delivered(replyId);
    const rows = (await app.service.db.query(
      `SELECT content AS kept FROM deliveries UNION ALL SELECT profile FROM contacts`,
    )) as { kept: string }[];
    expect(rows.some(({ kept }) => /secret|Philippa/.test(kept))).toBe(false);
  });
});

describe('a process that ends while it sends', () => {
  let telegram: PretendedTelegram;
  beforeAll(async () => {
    telegram = await startTelegram();
  });
  afterAll(() => telegram.close());
  afterEach(() => telegram.misbehave());

  it('by a crash leaves a doubt: the next one sends the message again, once, and counts it', async () => {
    const first = await startBotAdapter(telegram);
    const emma = await telegram.person();
    const heard = await hear(first, emma, 'hi');
    const repository = first.service.nest.get(DeliveriesRepository);
    const begin = repository.begin.bind(repository);
    const begun = jest.spyOn(repository, 'begin').mockImplementationOnce(async (delivery) => {
      await begin(delivery);
      throw new Error('nothing of this process is left');
    });
    const replyId = await reply(first, heard, 'survives');
    await until(() => begun.mock.results.length > 0, { what: 'the call to be begun' });
    await first.stop({ keepDatabase: true });

    const second = await startBotAdapter(telegram, { database: first.database });
    await second.probe.until(MessageDelivered, ({ data }) => data.causeId === replyId);
    expect((await emma.answers()).map(({ text }) => text)).toEqual(['survives']);
    expect(await metric(second, 'deliveries_outcome_unknown_total', 'cause="crash"')).toBe(1);
    await second.stop();
  }, 60_000);

  it('by being stopped waits for a call under way and notes how it ended', async () => {
    const first = await startBotAdapter(telegram);
    const emma = await telegram.person();
    const heard = await hear(first, emma, 'hi');
    await telegram.misbehave({ target: 'telegram.sendMessage', kind: 'delay', ms: 4000, times: 1 });
    const replyId = await reply(first, heard, 'slow');
    await until(async () => (await telegram.calls('sendMessage', emma.id)).length === 1, { what: 'the slow call' });
    await first.stop({ keepDatabase: true });

    const second = await startBotAdapter(telegram, { database: first.database });
    const { manager } = second.service.db;
    expect(await manager.findOneByOrFail(Delivery, { causeId: replyId })).toMatchObject({ state: 'sent' });
    await reply(second, heard, 'the end');
    await emma.answer(({ text }) => text === 'the end');
    expect((await emma.answers()).map(({ text }) => text)).toEqual(['slow', 'the end']);
    await second.stop();
  }, 60_000);
});
