import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { BOT_ID, type Running, startForSpec, until } from '../start-for-spec';
import type { Update } from './wire';

interface Received {
  update: Update;
  headers: IncomingHttpHeaders;
}

describe('the webhook', () => {
  let run: Running;
  let server: Server;
  let url: string;
  let received: Received[];
  let answer: (update: Update, res: ServerResponse) => void;

  beforeEach(async () => {
    run = await startForSpec();
    received = [];
    answer = (_update, res) => res.end();
    server = createServer(async (req: IncomingMessage, res) => {
      const update = (await json(req)) as Update;
      received.push({ update, headers: req.headers });
      answer(update, res);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterEach(async () => {
    await run.sandbox.close();
    server.closeAllConnections();
    server.close();
  });

  const texts = () => received.map(({ update }) => update.message!.text);
  const refuse = (res: ServerResponse, status: number, headers = {}) => res.writeHead(status, headers).end();

  it('carries the secret, and what waited before it was set', async () => {
    await run.say(run.anna, 'early');
    await run.api('setWebhook', { url, secret_token: 'Abc_1-' });
    await until(() => received.length === 1);
    expect(received[0]!.headers).toMatchObject({
      'content-type': 'application/json',
      'x-telegram-bot-api-secret-token': 'Abc_1-',
    });
    await until(async () => (await info()).pending_update_count === 0);
  });

  it('repeats a failed update before the next of that chat, and lets other chats pass', async () => {
    let failures = 3;
    answer = (update, res) => (update.message!.text === 'stuck' && failures-- > 0 ? refuse(res, 500) : res.end());
    await run.api('setWebhook', { url });
    await run.say(run.anna, 'stuck');
    await run.say(run.anna, 'behind');
    await run.say(run.emma, 'other chat');
    await until(() => texts().includes('behind'));
    expect(texts().filter((text) => text !== 'other chat')).toEqual(['stuck', 'stuck', 'stuck', 'stuck', 'behind']);
    expect(texts().indexOf('other chat')).toBeLessThan(texts().indexOf('behind'));
    expect(await info()).toMatchObject({
      last_error_message: 'Wrong response from the webhook: 500 Internal Server Error',
      pending_update_count: 0,
    });
  });

  it('presses and blocks do not wait for a message of the chat that is refused', async () => {
    await run.say(run.anna, '/start');
    const { message_id } = await run.sent('sendMessage', {
      text: 'tea?',
      reply_markup: { inline_keyboard: [[{ text: 'Yes', callback_data: 'yes' }]] },
    });
    answer = (update, res) => (update.message ? refuse(res, 500) : res.end());
    await run.api('setWebhook', { url });
    await run.say(run.anna, 'stuck');
    const kinds = () => received.flatMap(({ update }) => Object.keys(update).filter((key) => key !== 'update_id'));
    void run.telegram.press(run.anna.id, { bot: BOT_ID }, message_id, 'Yes').catch(() => undefined);
    await until(() => kinds().includes('callback_query'));
    await run.telegram.block(run.anna.id, { bot: BOT_ID }, true);
    await until(() => kinds().includes('my_chat_member'));
    expect((await info()).pending_update_count).toBeGreaterThan(0);
  });

  it('waits as long as Retry-After says', async () => {
    const times: number[] = [];
    answer = (_update, res) => {
      times.push(performance.now());
      if (times.length === 1) refuse(res, 429, { 'retry-after': '20' });
      else res.end();
    };
    await run.api('setWebhook', { url });
    await run.say(run.anna, 'slowly');
    await until(() => times.length === 2);
    // 20 s at a hundredth of the pace; timers may fire a millisecond early.
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(199);
  });

  it('never opens more connections than allowed', async () => {
    const open: ServerResponse[] = [];
    answer = (_update, res) => open.push(res);
    await run.api('setWebhook', { url, max_connections: 1 });
    await run.say(run.anna, 'first');
    await run.say(run.emma, 'second');
    await until(() => open.length === 1);
    expect(texts()).toEqual(['first']);
    open[0]!.end();
    await until(() => open.length === 2);
    open[1]!.end();
  });

  it('its answer may be a method call, but not one that asks', async () => {
    await run.api('setWebhook', { url });
    answer = (update, res) => {
      const chat_id = update.message!.chat.id;
      const call =
        update.message!.text === 'me?' ? { method: 'getMe' } : { method: 'sendMessage', chat_id, text: 'at once' };
      res.setHeader('content-type', 'application/json').end(JSON.stringify(call));
    };
    await run.say(run.anna, 'hi');
    await until(async () => (await run.messages(run.anna.id)).some(({ text }) => text === 'at once'));
    await run.say(run.anna, 'me?');
    const [asked] = await until(async () => {
      const calls = await run.calls('getMe');
      return calls.length > 0 && calls;
    });
    expect(asked).toMatchObject({
      status: 400,
      description: 'Bad Request: method is not allowed in a webhook response',
    });
  });

  it.each([
    ['http://bot.example/hook', 'An HTTPS URL must be provided for webhook'],
    ['https://bot.example:9000/hook', 'Webhook can be set up only on ports 80, 88, 443 or 8443'],
    ['https://', 'invalid webhook URL specified'],
    ['https://192.168.1.7/hook', 'IP address 192.168.1.7 is reserved'],
  ])('%s is refused', async (bad, reason) => {
    const { status, description } = await run.api('setWebhook', { url: bad });
    expect([status, description]).toEqual([400, `Bad Request: bad webhook: ${reason}`]);
  });

  it.each([
    ['a b', 'secret token contains unallowed characters'],
    ['x'.repeat(257), 'secret token is too long'],
  ])('the secret %s is refused', async (secret_token, reason) => {
    const { description } = await run.api('setWebhook', { url, secret_token });
    expect(description).toBe(`Bad Request: bad webhook: ${reason}`);
  });

  it.each(['https://Bot.example:443/hook', 'https://bot.example'])('%s is told as it was set', async (address) => {
    await run.api('setWebhook', { url: address });
    expect((await run.api<{ url: string }>('getWebhookInfo')).result.url).toBe(address);
  });

  it('may be set once a second', async () => {
    const slow = await startForSpec({ pace: 100 });
    const [first, second] = [await slow.api('setWebhook', { url }), await slow.api('setWebhook', { url })];
    expect(first).toMatchObject({ result: true, description: 'Webhook was set' });
    expect(second).toMatchObject({ status: 429, parameters: { retry_after: 1 } });
    await slow.sandbox.close();
  });

  it('after a restart a failed update goes on waiting, and does not begin anew', async () => {
    const data = await mkdtemp(join(tmpdir(), 'sandbox-spec-'));
    const first = await startForSpec({ data, pace: 1 });
    answer = (update, res) =>
      update.message!.text === 'stuck' ? refuse(res, 500, { 'retry-after': '3000' }) : res.end();
    await first.api('setWebhook', { url });
    await first.say(first.anna, 'stuck');
    await until(async () => (await infoOf(first)).last_error_message !== undefined);
    await first.sandbox.close();

    const second = await startForSpec({ data, pace: 1 });
    await second.say(second.emma, 'passes');
    await until(() => texts().includes('passes'));
    expect(texts()).toEqual(['stuck', 'passes']);
    await until(async () => (await infoOf(second)).pending_update_count === 1);
    await second.sandbox.close();
    await rm(data, { recursive: true, force: true });
  });

  const infoOf = async ({ api }: Pick<Running, 'api'>) =>
    (await api<{ pending_update_count: number; last_error_message?: string }>('getWebhookInfo')).result;
  const info = () => infoOf(run);
});
