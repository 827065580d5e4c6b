import { ConversationReset, MessageReceived } from '@switchboard/contracts';
import { type TestApp, until } from '@switchboard/testing';
import { webhookSecret } from '../src/channels/telegram/telegram.factory';
import { hear, startBotAdapter } from './start-bot-adapter';
import { LUMEN, type PretendedTelegram, startTelegram } from './start-sandbox';

describe('the webhook', () => {
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

  const secret = webhookSecret({ id: 'lumen', token: LUMEN.token });
  const update = (update_id: number, text: string) => ({
    update_id,
    message: {
      message_id: update_id,
      date: 1_790_000_000,
      chat: { id: 77, type: 'private' },
      from: { id: 77, is_bot: false, first_name: 'Emma' },
      text,
    },
  });
  const post = (body: unknown, { bot = 'lumen', token = secret as string | undefined } = {}) =>
    fetch(`${app.url}/webhooks/telegram/${bot}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...(token && { 'x-telegram-bot-api-secret-token': token }) },
    });
  const problem = async (response: Response) => ({
    media: response.headers.get('content-type')?.split(';')[0],
    ...((await response.json()) as { status: number; code: string }),
  });

  it('takes an update once, however often it comes', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => post(update(1, 'thrice'))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await app.probe.until(MessageReceived, ({ data }) => data.text === 'thrice');
    await post(update(2, 'and another'));
    await app.probe.until(MessageReceived, ({ data }) => data.text === 'and another');
    expect(app.probe.all(MessageReceived).filter(({ data }) => data.text === 'thrice')).toHaveLength(1);
  });

  it.each([
    ['without a secret', ''],
    ['with a wrong secret', 'wrong'],
    ['with the secret of another bot', webhookSecret({ id: 'northwind', token: LUMEN.token })],
  ])('refuses an update %s', async (_how, token) => {
    const response = await post(update(10, 'forged'), { token });
    expect(await problem(response)).toMatchObject({
      status: 401,
      code: 'bot-adapter.wrong_webhook_secret',
      media: 'application/problem+json',
    });
    expect(app.probe.all(MessageReceived).some(({ data }) => data.text === 'forged')).toBe(false);
  });

  it('knows no other bot', async () => {
    expect(await problem(await post(update(11, 'x'), { bot: 'nobody' }))).toMatchObject({
      status: 404,
      code: 'bot-adapter.unknown_bot',
    });
  });

  it.each([
    ['no JSON', '{"update_id":'],
    ['nothing', '{}'],
    ['a number where an object belongs', '{"update_id":12,"message":7}'],
    ['a list', '[]'],
    ['a message without a chat', '{"update_id":13,"message":{"message_id":1,"date":1}}'],
  ])('an update that cannot be read, %s, is kept in quarantine and holds up nothing behind it', async (_what, body) => {
    const kept = () =>
      app.service.db.query<{ n: number }[]>('SELECT count(*)::int AS n FROM inbound_updates WHERE failure IS NOT NULL');
    const [before] = await kept();
    expect((await post(body)).status).toBe(200);
    // Telegram may not have heard the answer.
    expect((await post(body)).status).toBe(200);
    const [after] = await kept();
    expect(after!.n).toBe(before!.n + 1);
  });

  it('answers 413 to an update larger than any of Telegram', async () => {
    expect(await problem(await post(update(14, 'x'.repeat(2_000_000))))).toMatchObject({ status: 413 });
  });

  it('a group that became a supergroup stays the same chat', async () => {
    const text = '/new@lumen_bot';
    const reset = { text, entities: [{ type: 'bot_command', offset: 0, length: text.length }] };
    const inGroup = (update_id: number, id: number, more: object) => ({
      update_id,
      message: { ...update(update_id, '').message, chat: { id, type: 'supergroup' }, ...more },
    });
    await post(inGroup(20, -5, reset));
    const before = await app.probe.until(ConversationReset);
    await post(inGroup(21, -5, { migrate_to_chat_id: -1005 }));
    await post(inGroup(22, -1005, reset));
    const after = await until(() => app.probe.all(ConversationReset)[1], { what: 'the second reset' });
    expect(after.data.chatId).toBe(before.data.chatId);
  });

  it('an update that Telegram may add tomorrow is taken and ignored', async () => {
    expect((await post({ update_id: 15, telepathy: { from: { id: 1 } } })).status).toBe(200);
  });
});

describe('with a public address', () => {
  it('updates come by webhook, and nobody polls', async () => {
    const telegram = await startTelegram();
    // The address is known only when the service listens, so its port is chosen before.
    const probe = await startBotAdapter(telegram);
    const { port } = new URL(probe.url);
    await probe.stop();
    const polls = (await telegram.calls('getUpdates')).length;
    const app = await startBotAdapter(telegram, {
      env: { BOT_ADAPTER_PORT: port, BOT_ADAPTER_PUBLIC_URL: `http://127.0.0.1:${port}` },
    });
    await until(async () => (await telegram.calls('setWebhook')).filter(({ status }) => status === 200).length === 2, {
      what: 'both webhooks',
    });
    await hear(app, await telegram.person(), 'by webhook');
    expect(await telegram.calls('getUpdates')).toHaveLength(polls);
    await app.stop();
    await telegram.close();
  });
});
