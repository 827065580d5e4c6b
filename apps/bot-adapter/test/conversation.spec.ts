import {
  ContactBlocked,
  ContactStarted,
  ContactUnblocked,
  ConversationReset,
  MessageEdited,
  MessageReceived,
} from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { hear, metric, reply, startBotAdapter } from './start-bot-adapter';
import { NORTHWIND, type PretendedTelegram, startTelegram } from './start-sandbox';

describe('what people do in Telegram', () => {
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
  afterEach(() => telegram.misbehave());

  it('a text is heard with where and from whom it came', async () => {
    const emma = await telegram.person('en');
    const { data } = await hear(app, emma, 'what is the tallest tree?');
    expect(data).toMatchObject({ botId: 'lumen', channel: 'telegram', kind: 'text', locale: 'en', inGroup: false });
  });

  it('the first message starts the contact, with the deep link, and only the first', async () => {
    const emma = await telegram.person('ru');
    await emma.start('spring_sale');
    const started = await app.probe.until(ContactStarted, ({ data }) => data.deepLink === 'spring_sale');
    expect(started.data).toMatchObject({ botId: 'lumen', locale: 'ru' });
    const { data } = await hear(app, emma, 'and now something else');
    expect(data.userId).toBe(started.data.userId);
    expect(app.probe.all(ContactStarted).filter((event) => event.data.userId === data.userId)).toHaveLength(1);
  });

  it('one person in two bots is one user with two chats', async () => {
    const emma = await telegram.person();
    const inLumen = await hear(app, emma, 'hello Lumen');
    const inNorthwind = await hear(app, telegram.other(emma, NORTHWIND.username), 'hello Northwind');
    expect(inNorthwind.data.botId).toBe('northwind');
    expect(inNorthwind.data.userId).toBe(inLumen.data.userId);
    expect(inNorthwind.data.chatId).not.toBe(inLumen.data.chatId);
  });

  it('voice, photo and document come with their caption and a reference', async () => {
    const emma = await telegram.person();
    await emma.start();
    await emma.sendFile('document', Buffer.from('%PDF-1.7'), {
      name: 'plan.pdf',
      mimeType: 'application/pdf',
      caption: 'our plan',
    });
    const { data } = await app.probe.until(MessageReceived, (event) => event.data.text === 'our plan');
    expect(data).toMatchObject({
      kind: 'document',
      media: { kind: 'document', mimeType: 'application/pdf', fileName: 'plan.pdf', bytes: 8 },
    });
    await emma.sendFile('voice', Buffer.from('OggS'), { mimeType: 'audio/ogg', duration: 4 });
    const voice = await app.probe.until(MessageReceived, (event) => event.data.kind === 'voice');
    expect(voice.data.media).toMatchObject({ kind: 'voice', durationMs: 4000 });
  });

  it('a corrected message is told as an edit of the same message', async () => {
    const emma = await telegram.person();
    const sent = await emma.say('how tall is a gireffe?');
    const original = await app.probe.until(MessageReceived, ({ data }) => data.text === 'how tall is a gireffe?');
    await emma.edit(sent.message_id, 'how tall is a giraffe?');
    const edited = await app.probe.until(MessageEdited, ({ data }) => data.text === 'how tall is a giraffe?');
    expect(edited.data.messageId).toBe(original.data.messageId);
  });

  it('in a group only what is addressed to the bot is heard, with the name of who says it', async () => {
    const group = await telegram.group(await telegram.person());
    await group.say('just talking');
    await group.say('@lumen_bot, which of us is right?');
    const { data } = await app.probe.until(MessageReceived, (event) => event.data.inGroup);
    expect(data).toMatchObject({ text: 'which of us is right?', senderName: 'Emma' });
    const [answer] = await Promise.all([group.answer(({ text }) => text === 'both'), reply(app, { data }, 'both')]);
    await group.say('are you sure?', { replyTo: answer.message_id });
    const next = await app.probe.until(MessageReceived, (event) => event.data.text === 'are you sure?');
    expect(next.data.replyToText).toBe('both');
    expect(app.probe.all(MessageReceived).some((event) => event.data.text === 'just talking')).toBe(false);
  });

  it('blocking and unblocking are told', async () => {
    const emma = await telegram.person();
    const { data } = await hear(app, emma, 'soon gone');
    await emma.block(true);
    await app.probe.until(ContactBlocked, (event) => event.data.userId === data.userId);
    await emma.block(false);
    await app.probe.until(ContactUnblocked, (event) => event.data.userId === data.userId);
  });

  it('a new conversation is told and confirmed', async () => {
    const emma = await telegram.person();
    const { data } = await hear(app, emma, 'remember me');
    await emma.say('/new');
    await app.probe.until(ConversationReset, (event) => event.data.chatId === data.chatId);
    await emma.answer(({ text }) => /fresh start/.test(text ?? ''));
  });

  it('an update delivered twice is one message', async () => {
    const emma = await telegram.person();
    await hear(app, emma, 'first');
    await telegram.misbehave({ target: 'telegram.updates', kind: 'duplicate', times: 1 });
    await hear(app, emma, 'say it once');
    await until(async () => (await metric(app, 'updates_total', 'kind="duplicate"')) > 0, { what: 'the duplicate' });
    expect(app.probe.all(MessageReceived).filter(({ data }) => data.text === 'say it once')).toHaveLength(1);
  });

  it('an update that cannot be processed is set aside, encrypted, and holds up no other', async () => {
    const emma = await telegram.person();
    await hear(app, emma, 'before');
    // A message of the same id in the same chat cannot be stored a second time.
    await app.service.db
      .query(`INSERT INTO inbound_messages SELECT gen_random_uuid(), chat_id, user_id, bot_id, account, external_chat_hash, NULL, (external_message_id::int + 1)::text, now()
      FROM inbound_messages ORDER BY id DESC LIMIT 1`);
    await emma.say('cannot be stored');
    await hear(app, emma, 'after');
    const [row] = (await app.service.db.query(
      `SELECT failure, content FROM inbound_updates WHERE failure IS NOT NULL`,
    )) as {
      failure: string;
      content: string;
    }[];
    expect(row?.failure).toMatch(/duplicate key/);
    expect(row?.content).toMatch(/^r1\./);
  });

  it('a broken connection while polling loses nothing', async () => {
    const emma = await telegram.person();
    await hear(app, emma, 'before the trouble');
    await telegram.misbehave({ target: 'telegram.getUpdates', kind: 'reset-after-commit', times: 1 });
    await hear(app, emma, 'while it breaks');
    await hear(app, emma, 'after the trouble');
  });
});
