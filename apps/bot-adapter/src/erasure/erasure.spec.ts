import { BotAdapterPersonErased, ErasureRequested } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { hear, reply, startBotAdapter } from '../../test/start-bot-adapter';
import { type Phone, type PretendedTelegram, startTelegram } from '../../test/start-sandbox';

describe('somebody who wants to be forgotten', () => {
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

  const reads = (phone: Phone, what: RegExp) => phone.answer(({ text }) => what.test(text ?? ''));
  const rows = <T>(sql: string, parameters: unknown[] = []) => app.service.db.query<T[]>(sql, parameters);
  const asks = async (phone: Phone) => {
    await phone.say('/privacy');
    const { message_id: messageId } = await reads(phone, /What is kept about you/);
    await phone.press(messageId, 'Delete what you keep about me');
    await reads(phone, /cannot be undone/);
    return messageId;
  };
  const isForgotten = async (userId: string) => {
    await app.probe.until(BotAdapterPersonErased, ({ data }) => data.userId === userId);
    const tables = ['people', 'contacts', 'chats', 'inbound_messages', 'media', 'deliveries', 'dialogs', 'speeches'];
    for (const table of tables) expect(await rows(`SELECT FROM ${table} WHERE user_id = $1`, [userId])).toEqual([]);
  };

  it('is asked whether they mean it, and nothing happens to who does not', async () => {
    const emma = await telegram.person();
    const { data } = await hear(app, emma, 'hello');
    const question = await asks(emma);
    await emma.press(question, 'Keep it');
    await reads(emma, /Nothing was deleted/);
    const again = await hear(app, emma, 'still here');
    expect(again.data.userId).toBe(data.userId);
    expect(app.probe.all(ErasureRequested)).toEqual([]);
  });

  it('reads that it is done, and is met for the first time afterwards', async () => {
    const emma = await telegram.person();
    const before = await hear(app, emma, 'hello');
    await reply(app, before, 'Good day.');
    await reads(emma, /Good day/);
    await emma.press(await asks(emma), 'Delete everything');
    await reads(emma, /is being deleted/);
    await isForgotten(before.data.userId);
    const after = await hear(app, emma, 'hello again');
    expect(after.data.userId).not.toBe(before.data.userId);
    expect(after.data.chatId).not.toBe(before.data.chatId);
  });

  it('is gone from the quarantine, where others stay', async () => {
    const [emma, max] = await Promise.all([telegram.person(), telegram.person()]);
    const heard = await hear(app, emma, 'before');
    await hear(app, max, 'before');
    await rows('ALTER TABLE inbound_messages ADD CONSTRAINT broken CHECK (false) NOT VALID');
    for (const each of [emma, max]) await each.say('cannot be stored');
    const quarantined = () => rows('SELECT FROM inbound_updates WHERE content IS NOT NULL');
    await until(async () => (await quarantined()).length === 2, { what: 'both in quarantine' });
    await rows('ALTER TABLE inbound_messages DROP CONSTRAINT broken');
    await emma.press(await asks(emma), 'Delete everything');
    await isForgotten(heard.data.userId);
    expect(await quarantined()).toHaveLength(1);
  });

  it('gets no answer that comes too late, and it is no dead letter', async () => {
    const emma = await telegram.person();
    const heard = await hear(app, emma, 'a question');
    await emma.press(await asks(emma), 'Delete everything');
    await isForgotten(heard.data.userId);
    await reply(app, heard, 'too late');
    const max = await telegram.person();
    await reply(app, await hear(app, max, 'hello'), 'in time');
    await reads(max, /in time/);
    expect(await rows('SELECT FROM parked_events')).toEqual([]);
    expect((await emma.answers()).some(({ text }) => text === 'too late')).toBe(false);
  });
});
