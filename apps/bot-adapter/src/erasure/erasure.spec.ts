import { BotAdapterPersonErased, ErasureRequested, MessageReceived } from '@switchboard/contracts';
import { Erasure, MEDIA_STORAGE, type MediaStorage } from '@switchboard/service-kit';
import { type TestApp, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { ChatAddresses } from '../contacts/chat-addresses';
import { ButtonsService } from '../dialogs/buttons.service';
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

  it('is gone from the quarantine also when they were met in a group only', async () => {
    const emma = await telegram.person();
    const group = await telegram.group(emma);
    await group.say('@lumen_bot before');
    const heard = await app.probe.until(MessageReceived, ({ data }) => data.text === 'before' && data.inGroup);
    const quarantined = async () => (await rows('SELECT FROM inbound_updates WHERE content IS NOT NULL')).length;
    const before = await quarantined();
    await rows('ALTER TABLE inbound_messages ADD CONSTRAINT broken CHECK (false) NOT VALID');
    await group.say('@lumen_bot cannot be stored');
    await until(async () => (await quarantined()) === before + 1, { what: 'it in quarantine' });
    await rows('ALTER TABLE inbound_messages DROP CONSTRAINT broken');
    // However much there is, it is looked up and not read.
    const hashes = jest.spyOn(ChatAddresses.prototype, 'hash');
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId: heard.data.userId }));
    await isForgotten(heard.data.userId);
    expect(await quarantined()).toBe(before);
    expect(hashes).not.toHaveBeenCalled();
    hashes.mockRestore();
  });

  it('leaves nothing in a group that was still to be sent when they were erased', async () => {
    const emma = await telegram.person();
    const group = await telegram.group(emma);
    await group.say('@lumen_bot my secret is tea');
    const heard = await app.probe.until(MessageReceived, ({ data }) => data.text === 'my secret is tea');
    const { userId, chatId } = heard.data;
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId }));
    await isForgotten(userId);
    await rows(
      `INSERT INTO deliveries (id, chat_id, user_id, kind, cause_id, content, state, queued_at)
       VALUES ($1, $2, $1, 'text', $1, 'to somebody else, about tea', 'queued', now() - interval '1 hour')`,
      [uuidv7(), chatId],
    );
    const hasten = `UPDATE bot_adapter_jobs._private_jobs SET run_at = now(), attempts = 0
      WHERE key = 'forget-in-groups:' || $1 AND locked_at IS NULL`;
    const attempts = `SELECT FROM bot_adapter_jobs._private_jobs WHERE key = 'forget-in-groups:' || $1 AND attempts > 0`;
    await rows(hasten, [userId]);
    await until(async () => (await rows(attempts, [userId])).length === 1, {
      what: 'the job to wait for the delivery',
    });
    expect(await rows('SELECT FROM deliveries WHERE chat_id = $1', [chatId])).toHaveLength(1);
    await rows(`UPDATE deliveries SET state = 'sent', finished_at = now() WHERE chat_id = $1`, [chatId]);
    await rows(hasten, [userId]);
    await until(async () => (await rows('SELECT FROM deliveries WHERE chat_id = $1', [chatId])).length === 0, {
      what: 'the delivery to be forgotten',
    });
  });

  it('leaves no button that only they could press, in a group either', async () => {
    const emma = await telegram.person();
    const group = await telegram.group(emma);
    await group.say('@lumen_bot what is tea?');
    const { data } = await app.probe.until(MessageReceived, ({ data }) => data.text === 'what is tea?');
    const buttons = app.service.nest.get(ButtonsService, { strict: false });
    const stop = { product: 'assistant', action: 'stop', data: uuidv7() };
    await buttons.create(app.service.db.manager, [stop], { chatId: data.chatId, userId: data.userId });
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId: data.userId }));
    await isForgotten(data.userId);
    expect(await rows('SELECT FROM buttons WHERE user_id = $1', [data.userId])).toEqual([]);
  });

  it('leaves no file behind that was fetched while they were erased', async () => {
    const emma = await telegram.person();
    await emma.start();
    await emma.sendFile('document', Buffer.from('the plan'), { name: 'plan.txt' });
    const heard = await app.probe.until(MessageReceived, ({ data }) => Boolean(data.media));
    const { mediaId } = heard.data.media!;
    const read = async () => (await fetch(`${app.url}/media/${mediaId}`, { headers: await app.as('chat-ai') })).status;
    // After all that is done before the rows go.
    const erasure = app.service.nest.get(Erasure, { strict: false });
    const before = jest.fn(async (userId: string) => void (userId === heard.data.userId && (await read())));
    erasure.add({ before });
    await app.probe.say(ErasureRequested({ erasureId: uuidv7(), userId: heard.data.userId }));
    await isForgotten(heard.data.userId);
    expect(before).toHaveBeenCalledWith(heard.data.userId, expect.anything(), false);
    expect(await read()).toBe(404);
    const storage = app.service.nest.get<MediaStorage>(MEDIA_STORAGE, { strict: false });
    await until(async () => !(await storage.open(`received/${mediaId}`)), { what: 'the end of the file' });
  });

  it('a second time within a day is told when, and is forgotten then', async () => {
    const emma = await telegram.person();
    const erases = async () => {
      const heard = await hear(app, emma, 'hello');
      await emma.press(await asks(emma), 'Delete everything');
      return heard.data.userId;
    };
    const first = await erases();
    await isForgotten(first);
    const second = await erases();
    expect(second).not.toBe(first);
    await reads(emma, /once a day.*UTC/);
    const due = await rows<{ hours: number }>(
      `SELECT extract(epoch FROM run_at - now())::float8 / 3600 AS hours FROM bot_adapter_jobs.jobs
       WHERE key = 'erase-later:' || $1`,
      [second],
    );
    expect(due).toHaveLength(1);
    expect(due[0]!.hours).toBeGreaterThan(23.9);
    expect((await hear(app, emma, 'still here')).data.userId).toBe(second);
    await rows(`UPDATE bot_adapter_jobs._private_jobs SET run_at = now() WHERE key = 'erase-later:' || $1`, [second]);
    await isForgotten(second);
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
