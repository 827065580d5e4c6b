import { BOT_ID, type Running, startForSpec, TOKEN, until } from '../start-for-spec';
import type { Update } from './wire';

describe('getUpdates', () => {
  let run: Running;

  beforeEach(async () => {
    run = await startForSpec();
  });
  afterEach(() => run.sandbox.close());

  const get = (params: object = {}) => run.api<Update[]>('getUpdates', params);
  const texts = (updates: Update[]) => updates.map(({ message }) => message?.text);
  const polling = () => until(async () => (await run.calls('getUpdates')).some(({ status }) => status === null));

  it('gives the same updates until they are confirmed', async () => {
    await run.say(run.anna, 'one');
    await run.say(run.anna, 'two');
    const { result } = await get();
    expect(texts(result)).toEqual(['one', 'two']);
    expect(texts((await get({ offset: result[1]!.update_id })).result)).toEqual(['two']);
    expect((await get({ offset: result[1]!.update_id + 1 })).result).toEqual([]);
  });

  it('a negative offset keeps the tail and forgets the rest', async () => {
    for (const text of ['one', 'two', 'three']) await run.say(run.anna, text);
    expect(texts((await get({ offset: -1 })).result)).toEqual(['three']);
    expect(texts((await get()).result)).toEqual(['three']);
  });

  it('an offset far in the future confirms nothing, for ids may have begun anew', async () => {
    await run.say(run.anna, 'before the silence');
    const [{ update_id: last } = { update_id: 0 }] = (await get()).result;
    await get({ offset: last + 1 });
    await run.telegram.addBot({ token: TOKEN, nextUpdateId: 1000 });
    await run.say(run.anna, 'after a week');
    const { result } = await get({ offset: last + 1 });
    expect(result.map(({ update_id, message }) => [update_id, message?.text])).toEqual([[1000, 'after a week']]);
    expect(texts((await get({ offset: last + 2 })).result)).toEqual(['after a week']);
    expect((await get({ offset: 1001 })).result).toEqual([]);
  });

  it('a long poll ends with the first update', async () => {
    const poll = get({ timeout: 30 });
    await polling();
    await run.say(run.anna, 'wake up');
    expect(texts((await poll).result)).toEqual(['wake up']);
  });

  it('a second poller ends the first with a conflict', async () => {
    const first = get({ timeout: 30 });
    await polling();
    const second = get({ timeout: 30, offset: 1 });
    expect(await first).toMatchObject({
      status: 409,
      description: 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
    });
    await run.say(run.anna, 'for the second');
    expect(texts((await second).result)).toEqual(['for the second']);
  });

  it('setting a webhook ends the poll, and forbids the next', async () => {
    const poll = get({ timeout: 30 });
    await polling();
    await run.api('setWebhook', { url: 'http://127.0.0.1:9/never' });
    expect(await poll).toMatchObject({ status: 409, description: 'Conflict: terminated by setWebhook request' });
    expect(await get()).toMatchObject({
      status: 409,
      description:
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    });
    expect(await run.api('deleteWebhook')).toMatchObject({ result: true, description: 'Webhook was deleted' });
    expect((await get()).ok).toBe(true);
  });

  it('only allowed kinds are kept, also in later calls that name none', async () => {
    await get({ allowed_updates: ['callback_query'] });
    await run.say(run.anna, 'unheard');
    expect((await get()).result).toEqual([]);
    await get({ allowed_updates: [] });
    await run.say(run.anna, 'heard');
    expect(texts((await get()).result)).toEqual(['heard']);
  });

  it('an edit by the person arrives as edited_message', async () => {
    const { message_id } = await run.say(run.anna, 'frist');
    await run.telegram.edit(run.anna.id, { bot: BOT_ID }, message_id, 'first');
    const [, edited] = (await get()).result;
    expect(edited!.edited_message).toMatchObject({ message_id, text: 'first', edit_date: expect.any(Number) });
  });

  it('in a group the bot hears only what concerns it', async () => {
    const chats = await run.telegram.chats();
    const chat = chats.find(({ id }) => id < 0)!.id;
    const { result: greeting } = await run.api<{ message_id: number }>('sendMessage', {
      chat_id: chat,
      text: 'hi all',
    });
    const lines = ['just us', '/go', '/go@other_bot', '/go@spec_bot', 'ask @spec_bot', 'ask @somebody'];
    for (const text of lines) await run.say(run.emma, text, { chat });
    await run.say(run.anna, 'hi bot', { chat, replyTo: greeting.message_id });
    const heard = (await get()).result;
    expect(texts(heard)).toEqual(['/go', '/go@spec_bot', 'ask @spec_bot', 'hi bot']);
    expect(heard[3]!.message).toMatchObject({
      chat: { id: chat, type: 'supergroup' },
      reply_to_message: { text: 'hi all', from: { id: BOT_ID } },
    });
  });
});
