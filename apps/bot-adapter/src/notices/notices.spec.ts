import { NoticeSendRequested } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { hear, startBotAdapter } from '../../test/start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';

const aNotice = (audience = 'staff', noticeId = uuidv7()) =>
  NoticeSendRequested({
    noticeId,
    audience,
    texts: {
      en: `**Sudden usage** of bot lumen\n\n- gpt-main: $5.90 (${noticeId})`,
      ru: `**Внезапный расход**: бот lumen (${noticeId})`,
    },
  });

describe('a notice to staff', () => {
  let telegram: PretendedTelegram;
  let app: TestApp;
  let anna: Phone;
  let group: Phone;

  beforeAll(async () => {
    telegram = await startTelegram();
    anna = await telegram.person('ru');
    group = await telegram.group(await telegram.person());
    app = await startBotAdapter(telegram, {
      env: { BOT_ADAPTER_STAFF_CHAT: `lumen:${group.chat}`, BOT_ADAPTER_ON_CALL_CHAT: `lumen:${anna.id}` },
    });
    await group.say('@lumen_bot, hello');
    await hear(app, anna, 'Hello');
  });
  afterAll(async () => {
    await app.stop();
    await telegram.close();
  });

  const parked = () =>
    app.service.db.query<{ consumer: string; state: string }[]>('SELECT consumer, state FROM parked_events');

  it('comes into their chat as it is formatted, once however often it is asked for', async () => {
    const notice = aNotice();
    for (const _ of ['once', 'twice']) await app.probe.say(notice);
    const other = aNotice();
    await app.probe.say(other);
    const { entities } = await group.answer(({ text }) => text?.includes(notice.data.noticeId) ?? false);
    expect(entities).toContainEqual(expect.objectContaining({ type: 'bold', offset: 0, length: 12 }));
    await group.answer(({ text }) => text?.includes(other.data.noticeId) ?? false);
    const same = (await group.messages()).filter(({ text }) => text?.includes(notice.data.noticeId));
    expect(same).toHaveLength(1);
  });

  it('for those on call comes into theirs, in the language of that chat', async () => {
    const notice = aNotice('on-call');
    await app.probe.say(notice);
    const { text } = await anna.answer((message) => message.text?.includes(notice.data.noticeId) ?? false);
    expect(text).toMatch(/^Внезапный расход/);
  });

  it('that goes nowhere is dropped, and one whose chat is not there yet waits', async () => {
    const elsewhere = (env: Record<string, string>) => startBotAdapter(telegram, { env });
    const nowhere = await elsewhere({});
    await nowhere.probe.say(aNotice());
    const applied = `SELECT FROM inbox WHERE consumer LIKE '%notices'`;
    await until(async () => (await nowhere.service.db.query<unknown[]>(applied)).length === 1, {
      what: 'that it is dropped',
    });
    await nowhere.stop();
    const early = await elsewhere({ BOT_ADAPTER_STAFF_CHAT: 'lumen:-100555' });
    await early.probe.say(aNotice());
    await until(
      async () =>
        (await early.service.db.query<{ state: string }[]>('SELECT state FROM parked_events'))[0]?.state === 'retrying',
      { what: 'that it waits' },
    );
    await early.stop();
    expect(await parked()).toEqual([]);
  });

  it('needs a chat that can be read', async () => {
    await expect(startBotAdapter(telegram, { env: { BOT_ADAPTER_STAFF_CHAT: '-100555' } })).rejects.toThrow(
      /BOT_ADAPTER_STAFF_CHAT.*is not <bot>:<id of the chat in its channel>/,
    );
  });
});
