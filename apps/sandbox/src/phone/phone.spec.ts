import { BOT_ID, type Running, startForSpec, until } from '../start-for-spec';
import type { Chat, Invoice, Message, PayAnswer, PhoneEvent, PressAnswer, Subscription } from './phone.api';

describe('the phone', () => {
  let run: Running;
  let chat: string;
  let events: PhoneEvent[];
  let lastId: string;
  let hangUp: AbortController;

  beforeEach(async () => {
    run = await startForSpec();
    chat = `/phone/api/people/${run.anna.id}/chats/${BOT_ID}`;
    events = [];
    hangUp = new AbortController();
    await follow();
  });
  afterEach(async () => {
    hangUp.abort();
    await run.sandbox.close();
  });

  async function follow(headers: Record<string, string> = {}): Promise<void> {
    const address = `${run.sandbox.url}/phone/api/people/${run.anna.id}/events`;
    const response = await fetch(address, { headers, signal: hangUp.signal });
    void read(response.body!.pipeThrough(new TextDecoderStream())).catch(() => undefined);
  }

  async function read(stream: ReadableStream<string>): Promise<void> {
    let text = '';
    for await (const piece of stream) {
      text += piece;
      const blocks = text.split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        const [, id, data] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
        if (!data) continue;
        lastId = id!;
        events.push(JSON.parse(data) as PhoneEvent);
      }
    }
  }

  const seen = <K extends PhoneEvent['type']>(type: K) =>
    until(() => events.find((event): event is Extract<PhoneEvent, { type: K }> => event.type === type));
  const start = () => run.ask<Message>('POST', `${chat}/start`, {});
  const bot = (method: string, params: object) =>
    run.api<{ message_id: number }>(method, { chat_id: run.anna.id, ...params });

  it('lists people and their chats: every bot, and the group', async () => {
    expect(run.people.map(({ languageCode }) => languageCode).sort()).toEqual(['en', 'en', 'ru', 'ru']);
    const chats = await run.ask<Chat[]>('GET', `/phone/api/people/${run.anna.id}/chats`);
    expect(chats.map(({ kind, fresh }) => [kind, fresh])).toEqual([
      ['private', true],
      ['group', false],
    ]);
    expect(chats[0]!.bot).toEqual({ id: BOT_ID, username: 'spec_bot', name: 'Spec' });
    expect(chats[1]!.members!.map(({ isBot }) => isBot)).toEqual([false, false, true]);
  });

  it('shows what both sides say, own messages marked', async () => {
    await start();
    const own = await run.ask<Message>('POST', `${chat}/messages`, { text: 'hi' });
    await bot('sendMessage', { text: '<b>hello</b>', parse_mode: 'HTML', reply_to_message_id: own.id });
    const messages = await run.ask<Message[]>('GET', `${chat}/messages`);
    expect(messages.map(({ own, text }) => [own, text])).toEqual([
      [true, '/start'],
      [true, 'hi'],
      [false, 'hello'],
    ]);
    expect(messages[2]).toMatchObject({
      chatId: BOT_ID,
      entities: [{ type: 'bold' }],
      replyTo: { id: own.id, text: 'hi' },
    });
    const page = await run.ask<Message[]>('GET', `${chat}/messages?before=${own.id}&limit=1`);
    expect(page.map(({ text }) => text)).toEqual(['/start']);
  });

  it('shows what a link asks to pay, pays it, and lets a subscription go on or end', async () => {
    await start();
    const link = {
      title: 'A month',
      description: 'Of it',
      payload: 'order-1',
      currency: 'XTR',
      subscription_period: 2_592_000,
    };
    const { result: url } = await run.api<string>('createInvoiceLink', {
      ...link,
      prices: [{ label: 'x', amount: 250 }],
    });
    const address = `/phone/api/people/${run.anna.id}/invoices/${encodeURIComponent(url.split('/$')[1]!)}`;
    expect(await run.ask<Invoice>('GET', address)).toEqual({
      ...{ title: 'A month', description: 'Of it', price: '⭐ 250', bot: 'Spec', monthly: true },
    });
    const paying = run.ask<PayAnswer>('POST', `${address}/pay`, {});
    const query = await until(
      async () => (await run.updates()).find((one) => one.pre_checkout_query)?.pre_checkout_query,
    );
    await run.api('answerPreCheckoutQuery', { pre_checkout_query_id: query.id, ok: true });
    expect(await paying).toEqual({ paid: true });
    const listed = () => run.ask<Subscription[]>('GET', `${chat}/subscriptions`);
    const [subscription] = await listed();
    expect(subscription).toMatchObject({ title: 'A month', price: '⭐ 250', canceled: false });
    const one = `/phone/api/people/${run.anna.id}/subscriptions/${subscription!.id}`;
    await run.ask('POST', `${one}/renew`, {});
    await run.ask('PUT', one, { canceled: true });
    expect(await listed()).toMatchObject([{ canceled: true }]);
    const paid = (await run.updates()).filter(({ message }) => message?.successful_payment);
    expect(paid).toHaveLength(2);
  });

  it('a draft grows, and the message takes it away', async () => {
    await start();
    await bot('sendMessageDraft', { draft_id: 1 });
    await bot('sendMessageDraft', { draft_id: 1, text: 'Hel' });
    await bot('sendMessage', { text: 'Hello' });
    await until(() => events.some((event) => event.type === 'message' && event.message.text === 'Hello'));
    const drafts = events.flatMap((event) => (event.type === 'draft' ? [event.draft?.text ?? null] : []));
    expect(drafts).toEqual(['', 'Hel', null]);
  });

  it('a draft that is not followed up goes away by itself', async () => {
    await start();
    await bot('sendMessageDraft', { draft_id: 1, text: 'Hel' });
    await until(() => events.some((event) => event.type === 'draft' && event.draft === null));
  });

  it('a group knows no drafts', async () => {
    const { id } = (await run.ask<Chat[]>('GET', `/phone/api/people/${run.anna.id}/chats`))[1]!;
    const { status } = await run.api('sendMessageDraft', { chat_id: id, draft_id: 1, text: 'x' });
    expect(status).toBe(400);
  });

  it('hears of typing, edits and deletions', async () => {
    await start();
    await bot('sendChatAction', { action: 'record_voice' });
    const { result } = await bot('sendMessage', { text: 'one' });
    await bot('editMessageText', { message_id: result.message_id, text: 'two' });
    await bot('deleteMessage', { message_id: result.message_id });
    expect(await seen('action')).toMatchObject({ chatId: BOT_ID, action: 'record_voice' });
    expect((await seen('edited')).message.text).toBe('two');
    expect(await seen('deleted')).toEqual({ type: 'deleted', chatId: BOT_ID, messageId: result.message_id });
  });

  it('a pressed button waits for its answer', async () => {
    await start();
    const reply_markup = { inline_keyboard: [[{ text: 'Tea', callback_data: 'tea' }]] };
    const { result } = await bot('sendMessage', { text: 'choose', reply_markup });
    const pressed = run.ask<PressAnswer>('POST', `${chat}/messages/${result.message_id}/press`, { row: 0, column: 0 });
    const query = await until(
      async () => (await run.updates()).find(({ callback_query }) => callback_query)?.callback_query,
    );
    expect(query).toMatchObject({ data: 'tea', message: { message_id: result.message_id } });
    await run.api('answerCallbackQuery', { callback_query_id: query.id, text: 'brewing', show_alert: true });
    expect(await pressed).toEqual({ answered: true, text: 'brewing', alert: true });
  });

  it('a button nobody answers is given up', async () => {
    await start();
    const reply_markup = { inline_keyboard: [[{ text: 'Tea', callback_data: 'tea' }]] };
    const { result } = await bot('sendMessage', { text: 'choose', reply_markup });
    const pressed = await run.ask('POST', `${chat}/messages/${result.message_id}/press`, { row: 0, column: 0 });
    expect(pressed).toEqual({ answered: false });
  });

  it('a voice note plays, also from the middle', async () => {
    await start();
    const form = new FormData();
    form.set('kind', 'voice');
    form.set('duration', '4');
    form.set('file', new Blob(['0123456789'], { type: 'audio/ogg' }), 'note.ogg');
    const { file } = await run.ask<Message>('POST', `${chat}/files`, form);
    expect(file).toMatchObject({ kind: 'voice', mimeType: 'audio/ogg', bytes: 10, duration: 4 });
    const address = `${run.sandbox.url}/phone/api/files/${file!.id}`;
    const part = await fetch(address, { headers: { range: 'bytes=4-6' } });
    expect([part.status, part.headers.get('content-type'), await part.text()]).toEqual([206, 'audio/ogg', '456']);
  });

  it('after a break the stream goes on where it stopped', async () => {
    await start();
    await until(() => events.length > 0);
    hangUp.abort();
    const missedAfter = lastId;
    await bot('sendMessage', { text: 'meanwhile' });
    events = [];
    hangUp = new AbortController();
    await follow({ 'last-event-id': missedAfter });
    await until(() => events.some((event) => event.type === 'message' && event.message.text === 'meanwhile'));
  });

  it('a blocked bot is marked, with a line in the chat', async () => {
    await start();
    const blocked = await run.ask<Chat>('PUT', `${chat}/blocked`, { blocked: true });
    expect(blocked).toMatchObject({ blocked: true, lastMessage: { service: `${run.anna.firstName} blocked Spec` } });
    const refused = await run.send('POST', `${chat}/messages`, { text: 'x' });
    expect([refused.status, await refused.json()]).toEqual([403, { status: 403, detail: 'unblock the bot first' }]);
  });

  it('the language of the phone reaches the bot', async () => {
    await run.ask('PUT', `/phone/api/people/${run.anna.id}/language`, { languageCode: 'en' });
    await start();
    expect((await run.updates())[0]!.message!.from!.language_code).toBe('en');
  });

  it.each([
    ['GET', '/people/1/chats', 404],
    ['GET', '/people/abc/chats', 400],
    ['GET', '/nowhere', 404],
    ['GET', '/files/none', 404],
  ])('%s %s is answered %i, with a reason', async (method, path, status) => {
    const response = await run.send(method, `/phone/api${path}`);
    expect(await response.json()).toEqual({ status, detail: expect.any(String) });
    expect(response.status).toBe(status);
  });
});
