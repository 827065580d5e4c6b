import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Running, startForSpec, until } from '../start-for-spec';

const SHOP = '17841400000000001';
const OTHER = '17841400000000002';
const REDIRECT = 'http://localhost:4080/console/connect/instagram';
const DAY_MS = 86_400_000;

interface Item {
  sender: { id: string };
  recipient: { id: string };
  message?: {
    mid: string;
    text?: string;
    is_echo?: boolean;
    attachments?: { type: string; payload: { url: string } }[];
  };
}
type Answer = { status: number; body: Record<string, unknown> & { error?: { code: number; error_subcode?: number } } };

describe('Instagram', () => {
  let spec: Running;
  let base: string;
  let receiver: Server;
  let received: { raw: string; signature: string }[] = [];
  let token: string;
  let emma: string;

  const ask = <T = unknown>(method: string, path: string, body?: unknown) =>
    spec.client.party('instagram')<T>(method, path, body);

  beforeAll(async () => {
    receiver = createServer(async (req, res) => {
      const url = new URL(req.url!, 'http://x');
      if (req.method === 'GET') {
        const isOurs = url.searchParams.get('hub.verify_token') === 'a word';
        return void res.writeHead(isOurs ? 200 : 403).end(url.searchParams.get('hub.challenge'));
      }
      received.push({ raw: await text(req), signature: req.headers['x-hub-signature-256'] as string });
      res.writeHead(200).end();
    });
    await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
    spec = await startForSpec();
    base = spec.sandbox.addresses['instagram']!;
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
    await expect(ask('PUT', '/apps/sandbox/webhook', { url, verifyToken: 'another' })).rejects.toThrow('409');
    await ask('PUT', '/apps/sandbox/webhook', { url, verifyToken: 'a word' });
  });
  beforeEach(async () => {
    received = [];
    token = (await ask<{ token: string }>('POST', `/accounts/${SHOP}/tokens`)).token;
    await call('POST', `/v25.0/${SHOP}/subscribed_apps?subscribed_fields=messages,comments`);
    emma = (await ask<{ id: string }>('POST', '/people', { name: 'Emma' })).id;
  });
  afterEach(async () => {
    await ask('PUT', '/clock', { aheadMs: 0 });
    await spec.client.reset();
  });
  afterAll(async () => {
    await spec.sandbox.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  async function call(method: string, path: string, body?: object, by = token): Promise<Answer> {
    const response = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${by}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }
  const say = async (said: object, account = SHOP) =>
    (await ask<{ mid: string }>('POST', `/people/${emma}/messages`, { account, ...said })).mid;
  const thread = (account = SHOP) =>
    ask<{ scopedId: string; messages: { mid: string; text?: string; quickReplies?: { title: string }[] }[] }>(
      'GET',
      `/threads/${account}/${emma}`,
    );
  const send = async (message: object, more: object = {}) =>
    call('POST', '/v25.0/me/messages', { recipient: { id: (await thread()).scopedId }, message, ...more });
  const items = () =>
    received.flatMap(({ raw }) =>
      (JSON.parse(raw) as { entry: { messaging?: Item[] }[] }).entry.flatMap(({ messaging = [] }) => messaging),
    );

  it('lets a person connect an account in the browser, and gives a token that lives sixty days', async () => {
    const query = new URLSearchParams({
      ...{ client_id: 'sandbox', redirect_uri: REDIRECT, response_type: 'code', state: 'the state' },
      scope: 'instagram_business_basic,instagram_business_manage_messages',
    });
    const page = await (await fetch(`${base}/oauth/authorize?${query}`)).text();
    const action = /action="([^"]+)"/.exec(page)![1]!;
    const pressed = await fetch(new URL(action, base), {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ account: OTHER, decision: 'allow' }),
    });
    const back = pressed.headers.get('location')!;
    expect(back).toMatch(/#_$/);
    const code = new URL(back).searchParams.get('code')!;
    const form = {
      ...{ client_id: 'sandbox', client_secret: 'sandbox-app-secret', grant_type: 'authorization_code' },
      ...{ redirect_uri: REDIRECT, code },
    };
    const exchange = () => fetch(`${base}/oauth/access_token`, { method: 'POST', body: new URLSearchParams(form) });
    const short = (await (await exchange()).json()) as { access_token: string; user_id: string };
    expect(short.user_id).toBe(OTHER);
    expect((await exchange()).status).toBe(400);
    const longer = {
      grant_type: 'ig_exchange_token',
      client_secret: 'sandbox-app-secret',
      access_token: short.access_token,
    };
    const long = await call('GET', `/access_token?${new URLSearchParams(longer)}`, undefined, '');
    expect(long.body).toMatchObject({ token_type: 'bearer', expires_in: expect.closeTo(60 * 86_400, -2) });
    const me = await call('GET', '/v25.0/me', undefined, long.body['access_token'] as string);
    expect(me.body).toMatchObject({ user_id: OTHER, username: 'northwind.shop' });
  });

  it('renews no token that is younger than a day, and none that has ended', async () => {
    const refresh = () => call('GET', `/refresh_access_token?grant_type=ig_refresh_token&access_token=${token}`);
    expect((await refresh()).body.error?.code).toBe(100);
    await ask('PUT', '/clock', { aheadMs: 50 * DAY_MS });
    expect((await refresh()).body).toMatchObject({ expires_in: expect.closeTo(60 * 86_400, -2) });
    await ask('PUT', '/clock', { aheadMs: 111 * DAY_MS });
    expect((await refresh()).body.error?.code).toBe(190);
  });

  it('signs the bytes that it sends, in which every letter beyond ASCII is escaped', async () => {
    await say({ text: 'Привет/👋' });
    const { raw, signature } = await until(() => received[0]);
    expect(raw).toContain('\\u041f');
    expect(raw).toContain('\\/');
    expect(signature).toBe(`sha256=${createHmac('sha256', 'sandbox-app-secret').update(raw).digest('hex')}`);
    expect(items()[0]!.message!.text).toBe('Привет/👋');
  });

  it('takes messages of a thousand bytes at most, and echoes each', async () => {
    await say({ text: 'hi' });
    expect((await send({ text: 'я'.repeat(501) })).body.error?.code).toBe(100);
    const { body } = await send({ text: 'я'.repeat(500) });
    const echo = await until(() => items().find(({ message }) => message?.is_echo));
    expect(echo).toMatchObject({ sender: { id: SHOP }, message: { mid: body['message_id'] } });
  });

  it('lets nobody be written to who has said nothing for a day, but by a person for a week', async () => {
    expect((await send({ text: 'hello?' })).body.error).toMatchObject({ code: 10, error_subcode: 2534022 });
    await say({ text: 'hi', agoMs: 2 * DAY_MS });
    expect((await send({ text: 'hello?' })).body.error?.error_subcode).toBe(2534022);
    const tagged = { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' };
    expect((await send({ text: 'a person' }, tagged)).status).toBe(200);
    await ask('PUT', '/clock', { aheadMs: 6 * DAY_MS });
    expect((await send({ text: 'a person' }, tagged)).body.error?.error_subcode).toBe(2534022);
  });

  it('shows thirteen quick replies at most, and twenty letters of each', async () => {
    await say({ text: 'hi' });
    const replies = (n: number) =>
      Array.from({ length: n }, (_, i) => ({
        content_type: 'text',
        title: `the size number ${i} of all`,
        payload: `${i}`,
      }));
    expect((await send({ text: 'Which?', quick_replies: replies(14) })).body.error?.code).toBe(100);
    await send({ text: 'Which?', quick_replies: replies(13) });
    const [reply] = (await thread()).messages.at(-1)!.quickReplies!;
    expect(reply!.title).toHaveLength(20);
  });

  it('answers a comment once, within a week', async () => {
    const comment = (agoMs = 0) =>
      ask<{ id: string }>('POST', `/people/${emma}/comments`, { account: SHOP, postId: 'p1', text: 'price?', agoMs });
    const reply = (id: string) =>
      call('POST', '/v25.0/me/messages', { recipient: { comment_id: id }, message: { text: 'Here.' } });
    const { id } = await comment();
    expect((await reply(id)).status).toBe(200);
    expect((await reply(id)).body.error?.error_subcode).toBe(2534025);
    expect((await reply((await comment(8 * DAY_MS)).id)).body.error?.error_subcode).toBe(2534022);
    // It opens no window.
    expect((await send({ text: 'and more' })).body.error?.error_subcode).toBe(2534022);
  });

  it('gives files by links that end', async () => {
    await say({ attachments: [{ type: 'image', base64: Buffer.from('a picture').toString('base64') }] });
    const { url } = (await until(() => items()[0])).message!.attachments![0]!.payload;
    expect(await (await fetch(url)).text()).toBe('a picture');
    await ask('PUT', '/clock', { aheadMs: 2 * 3_600_000 });
    expect((await fetch(url)).status).toBe(403);
  });

  it('knows a person by another id in each account, and tells one what the other never hears', async () => {
    const scoped = [(await thread()).scopedId, (await thread(OTHER)).scopedId];
    expect(new Set(scoped).size).toBe(2);
    await say({ text: 'to the other' }, OTHER);
    await say({ text: 'to the shop' });
    await until(() => items().length > 0);
    expect(items().map(({ message }) => message?.text)).toEqual(['to the shop']);
    const profile = await call('GET', `/v25.0/${scoped[0]}?fields=name,username`);
    expect(profile.body).toMatchObject({ name: 'Emma' });
    expect((await call('GET', `/v25.0/${scoped[1]}?fields=name`)).body.error?.error_subcode).toBe(2018001);
  });

  it('fails as it is told to, each thing by itself', async () => {
    await say({ text: 'hi' });
    await spec.faults({ target: 'instagram.messages', kind: '429', retryAfter: 1, times: 1 });
    const recipient = { id: (await thread()).scopedId };
    expect((await call('POST', '/v25.0/me/messages', { recipient, sender_action: 'typing_on' })).status).toBe(200);
    expect((await send({ text: 'hello' })).body.error?.code).toBe(613);
    expect((await send({ text: 'hello' })).status).toBe(200);
    await ask('POST', `/people/${emma}/blocks`, { account: SHOP, blocked: true });
    expect((await send({ text: 'hello' })).body.error?.code).toBe(551);
  });
});
