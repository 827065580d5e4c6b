import { type Running, startForSpec, TOKEN, until } from '../start-for-spec';
import { TELEGRAM_LIMITS } from './rate-limits';

describe('misbehaviour on order', () => {
  let run: Running;
  let chat: number;

  beforeEach(async () => {
    run = await startForSpec();
    chat = run.anna.id;
    await run.say(run.anna, '/start');
  });
  afterEach(() => run.sandbox.close());

  const send = (text: string) => run.api('sendMessage', { chat_id: chat, text });
  const said = async () => (await run.messages(chat)).map(({ text }) => text);
  const heard = async () => (await run.updates()).map(({ message }) => message?.text);
  const call = (signal?: AbortSignal) =>
    fetch(`${run.sandbox.telegramUrl}/bot${TOKEN}/sendMessage?chat_id=${chat}&text=x`, { signal });

  it('429 comes with the seconds to wait, as often as told', async () => {
    await run.faults({ target: 'telegram.sendMessage', kind: '429', retryAfter: 7, times: 1 });
    const refused = await send('x');
    expect(refused).toMatchObject({
      status: 429,
      description: 'Too Many Requests: retry after 7',
      parameters: { retry_after: 7 },
    });
    expect(refused.headers.get('retry-after')).toBe('7');
    expect((await send('x')).ok).toBe(true);
  });

  it('500 does nothing, 500-after-commit does everything but say so', async () => {
    await run.faults({ target: 'telegram.*', kind: '500', times: 1 });
    expect((await send('lost')).status).toBe(500);
    await run.faults({ target: 'telegram.*', kind: '500-after-commit', times: 1 });
    expect((await send('kept')).status).toBe(500);
    expect(await said()).toEqual(['/start', 'kept']);
  });

  it('a connection is reset before or after the work', async () => {
    await run.faults({ target: 'telegram.sendMessage', kind: 'reset', times: 1 });
    await expect(call()).rejects.toThrow('fetch failed');
    expect(await said()).toEqual(['/start']);
    await run.faults({ target: 'telegram.sendMessage', kind: 'reset-after-commit', times: 1 });
    await expect(call()).rejects.toThrow('fetch failed');
    expect(await said()).toEqual(['/start', 'x']);
  });

  it('a proxy answers with a page', async () => {
    await run.faults({ target: 'telegram.sendMessage', kind: '502-html', times: 1 });
    const response = await call();
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8']);
  });

  it('a call hangs until the client gives up', async () => {
    await run.faults({ target: 'telegram.sendMessage', kind: 'hang', times: 1 });
    await expect(call(AbortSignal.timeout(100))).rejects.toThrow('timeout');
    expect(await said()).toEqual(['/start']);
  });

  it('a call is late by what was asked for', async () => {
    await run.faults({ target: 'telegram.sendMessage', kind: 'delay', ms: 150, times: 1 });
    await send('late');
    const [logged] = await run.calls('sendMessage');
    expect(logged!.finishedAt! - logged!.receivedAt).toBeGreaterThanOrEqual(149);
  });

  it('one chat suffers and the other does not', async () => {
    await run.say(run.emma, '/start');
    await run.faults({ target: 'telegram.sendMessage', kind: '500', chat });
    expect((await send('x')).status).toBe(500);
    expect((await run.api('sendMessage', { chat_id: run.emma.id, text: 'x' })).status).toBe(200);
  });

  it('an update is dropped', async () => {
    await run.faults({ target: 'telegram.updates', kind: 'drop', times: 1 });
    await run.say(run.anna, 'lost');
    await run.say(run.anna, 'kept');
    expect(await heard()).toEqual(['/start', 'kept']);
  });

  it('an update comes twice under one id', async () => {
    await run.faults({ target: 'telegram.updates', kind: 'duplicate', times: 1 });
    await run.say(run.anna, 'again');
    expect(await heard()).toEqual(['/start', 'again', 'again']);
    const [, first, second] = await run.updates();
    expect(second).toEqual(first);
  });

  it('an update is overtaken by the next, and comes alone when there is none', async () => {
    await run.faults({ target: 'telegram.updates', kind: 'reorder', times: 1, ms: 10_000 });
    await run.say(run.anna, 'one');
    await run.say(run.anna, 'two');
    expect(await heard()).toEqual(['/start', 'two', 'one']);
    await run.faults({ target: 'telegram.updates', kind: 'reorder', times: 1, ms: 20 });
    await run.say(run.anna, 'alone');
    await until(async () => (await heard()).includes('alone'));
  });

  it('rules are listed with what is left of them, and reset takes them away', async () => {
    await run.faults({ target: 'telegram.sendMessage', kind: '500', times: 3 });
    await send('x');
    expect(await run.client.faults()).toEqual([{ target: 'telegram.sendMessage', kind: '500', times: 2 }]);
    await run.client.reset();
    expect(await run.client.faults()).toEqual([]);
    expect(await said()).toEqual([]);
  });

  it('a rule that makes no sense is refused with its reason', async () => {
    const response = await run.send('PUT', '/control/faults', [{ target: 'telegram.*' }]);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('kind')]);
  });
});

describe('rate limits', () => {
  it('a chat takes a burst and then one message a second; edits count, chat actions do not', async () => {
    const rateLimits = { ...TELEGRAM_LIMITS, chat: { perSecond: 1, burst: 2 } };
    const run = await startForSpec({ telegram: { rateLimits } });
    const chat_id = run.anna.id;
    await run.say(run.anna, '/start');
    const { result } = await run.api<{ message_id: number }>('sendMessage', { chat_id, text: 'one' });
    const edit = await run.api('editMessageText', { chat_id, message_id: result.message_id, text: 'two' });
    expect(edit.ok).toBe(true);
    const third = await run.api('sendMessage', { chat_id, text: 'three' });
    expect(third).toMatchObject({ status: 429, parameters: { retry_after: 1 } });
    expect((await run.api('sendChatAction', { chat_id, action: 'typing' })).ok).toBe(true);
    await until(async () => (await run.api('sendMessage', { chat_id, text: 'four' })).ok);
    await run.sandbox.close();
  });

  it('a group takes twenty at once and then makes the bot wait', async () => {
    const run = await startForSpec({ telegram: { rateLimits: TELEGRAM_LIMITS } });
    const chats = await run.telegram.chats();
    const chat_id = chats.find(({ id }) => id < 0)!.id;
    for (let i = 0; i < 20; i++) await run.api('sendMessage', { chat_id, text: `${i}` });
    const refused = await run.api('sendMessage', { chat_id, text: '20' });
    expect(refused).toMatchObject({ status: 429, parameters: { retry_after: 3 } });
    await run.sandbox.close();
  });
});
