import { BotServers, Clock, createLog } from '@switchboard/service-kit';
import { createHmac } from 'node:crypto';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { parseMarkdown } from '../../rich-text/parse-markdown';
import { plainText } from '../../rich-text/rich-text';
import type { Channel, ConnectedAccount, WebhookRequest } from '../channel';
import { UnknownAccount, WrongWebhookSecret } from '../channel-errors';
import { channelKinds } from '../channels.service';
import { instagram } from './instagram.factory';

const { section } = channelKinds([instagram]);
const SECRET = 'app_secret_test_';
const ENV = {
  INSTAGRAM_APP_ID: '1234567890',
  INSTAGRAM_APP_SECRET: SECRET,
  INSTAGRAM_VERIFY_TOKEN: 'a-token-to-verify',
};
const ONE: ConnectedAccount = { account: '17841400000000001', username: 'juniper', token: 'token' };

function create(channel: object = {}, env: Record<string, string> = ENV, connected?: ConnectedAccount): Channel {
  const settings = section.parse({ kind: 'instagram', ...channel });
  const config = z.object(instagram.variables).parse(env);
  const secret = () => (channel as { token?: string }).token;
  return instagram.create(
    { id: 'lumen', name: 'Lumen', settings, secret },
    {
      config,
      registry: new Registry(),
      log: createLog({ level: 'silent', format: 'json' }),
      sendTimeoutMs: 1000,
      clock: new Clock(),
      connection: { get: () => connected, lost: () => undefined },
      servers: new BotServers({ NODE_ENV: 'test' }),
    },
  );
}

const signed = (body: string, secret = SECRET) => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

function unpack(request: Partial<WebhookRequest>, channels: Record<string, Channel> = {}, env: object = ENV) {
  const config = z.object(instagram.variables).parse(env);
  const empty = {
    method: 'POST',
    account: '',
    query: {},
    headers: {},
    body: undefined,
    rawBody: Buffer.alloc(0),
  } as const;
  return instagram.unpack!({ ...empty, ...request }, new Map(Object.entries(channels)), config);
}

function post(text: string, channels: Record<string, Channel> = {}, signature = signed(text), env: object = ENV) {
  const body: unknown = text.startsWith('{') ? JSON.parse(text) : undefined;
  return unpack({ rawBody: Buffer.from(text), body, headers: { 'x-hub-signature-256': signature } }, channels, env);
}

describe('a bot in Instagram', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['in the sandbox without one', () => create({ apiRoot: 'sandbox' }), /set INSTAGRAM_SANDBOX_URL/],
    ['with a token of nobody knows whom', () => create({ token: 'x' }), /channel\.account/],
    ['that answers comments with nothing', () => create({ comments: { mode: 'all' } }), /channel\.comments\.text/],
    [
      'that answers no comment at all',
      () => create({ comments: { mode: 'keyword', text: 'hi' } }),
      /channel\.comments\.keywords/,
    ],
    [
      'that answers comments with more than a message',
      () => create({ comments: { mode: 'all', text: 'я'.repeat(501) } }),
      /1000 bytes/,
    ],
  ])('is refused %s', (_how, make, message) => {
    expect(make).toThrow(message);
  });

  it('offers to be connected only where there is an app', () => {
    const url = create().oauth!.authorizeUrl('the-state', 'https://shop.example/console/connect/instagram')!;
    const { origin, pathname, searchParams } = new URL(url);
    expect(origin + pathname).toBe('https://www.instagram.com/oauth/authorize');
    expect(Object.fromEntries(searchParams)).toMatchObject({ client_id: '1234567890', state: 'the-state' });
    expect(create({}, {}).oauth!.authorizeUrl('s', 'https://x.example/')).toBeUndefined();
  });

  it('cuts texts by bytes and cuts no letter, no emoji and no link', () => {
    const link = `https://shop.example/${'a'.repeat(60)}`;
    const text = `${'Ответ — да. '.repeat(120)}${'🧵'.repeat(300)} ${link}`;
    const parts = create()
      .compose({ text: plainText(text) })
      .map((part) => part.text);
    for (const part of parts) {
      expect(Buffer.byteLength(part)).toBeLessThanOrEqual(1000);
      expect(part.isWellFormed()).toBe(true);
    }
    expect(parts.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''));
    expect(parts.some((part) => part.includes(link))).toBe(true);
  });

  it('offers up to thirteen quick replies of twenty letters, and numbers what would look the same', () => {
    const offered = (labels: string[]) => {
      const buttons = labels.map((label, i) => [{ label, data: `b${i}` }]);
      return create()
        .compose({ text: parseMarkdown('Which?'), buttons })
        .at(-1) as { text: string; replies?: { title: string }[] };
    };
    expect(offered(['S', 'M', 'A very long name of a size']).replies).toEqual([
      { title: 'S', payload: 'b0' },
      { title: 'M', payload: 'b1' },
      { title: expect.stringMatching(/^A very long/), payload: 'b2' },
    ]);
    const alike = ['The winter jacket, in blue', 'The winter jacket, in black'];
    expect(offered(alike).replies).toBeUndefined();
    expect(offered(alike).text).toContain('2. The winter jacket, in black');
    expect(offered(Array.from({ length: 14 }, (_, i) => `size ${i}`)).replies).toBeUndefined();
  });
});

describe('the webhook of Instagram', () => {
  it('proves the address with the challenge as it came, also while no account is connected', () => {
    const query = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': 'a-token-to-verify' };
    expect(unpack({ method: 'GET', query }).answer).toEqual({ contentType: 'text/plain', body: '1158201444' });
    const wrong = { ...query, 'hub.verify_token': 'another' };
    expect(() => unpack({ method: 'GET', query: wrong })).toThrow(WrongWebhookSecret);
    expect(() => unpack({ method: 'GET', query }, {}, {})).toThrow(WrongWebhookSecret);
  });

  it('believes what is signed over the very bytes', () => {
    const known = { ...ENV, INSTAGRAM_APP_SECRET: 'app_secret_test'.padEnd(16, '_') };
    const bytes = '{"object":"instagram","entry":[]}';
    expect(createHmac('sha256', 'app_secret_test').update(bytes).digest('hex')).toBe(
      '466809e6bf1bc113c4116e885db6c070596072a85bad9c3900d5225e3bb2fbbf',
    );
    expect(post(bytes, {}, signed(bytes), known)).toEqual({ updates: [], ofNobody: 0 });
    // Letters beyond ASCII come escaped: written anew the same words are other bytes.
    const escaped = '{"object":"instagram","entry":[{"id":"1","messaging":[],"note":"\\u00e9\\/"}]}';
    expect(post(escaped, {}).updates).toEqual([]);
    const again = JSON.stringify(JSON.parse(escaped));
    expect(() => post(escaped, {}, signed(again))).toThrow(WrongWebhookSecret);
    expect(() => post(bytes, {}, signed(bytes, 'another secret'))).toThrow(WrongWebhookSecret);
    expect(() => unpack({ rawBody: Buffer.from(bytes), body: {} })).toThrow(WrongWebhookSecret);
  });

  it('gives each account its own of a call, and counts what is of nobody', () => {
    const two = { ...ONE, account: '17841400000000002' };
    const channels = { lumen: create({}, ENV, ONE), northwind: create({}, ENV, two) };
    const said = (account: string) =>
      [1, 2, 3].map((n) => ({
        sender: { id: '1' },
        recipient: { id: account },
        timestamp: n,
        message: { mid: `${account} ${n}`, text: 'hi' },
      }));
    const entry = [ONE.account, two.account, '17841400000000009'].map((id) => ({ id, time: 1, messaging: said(id) }));
    const { updates, ofNobody } = post(JSON.stringify({ object: 'instagram', entry }), channels);
    expect(updates.map(({ botId }) => botId)).toEqual([
      'lumen',
      'lumen',
      'lumen',
      'northwind',
      'northwind',
      'northwind',
    ]);
    expect(ofNobody).toBe(3);
  });

  it('keeps what cannot be taken apart for whoever looks into it', () => {
    const channels = { lumen: create({}, ENV, ONE) };
    const [update] = post('{"object":"instagram","entry":7}', channels).updates;
    expect(update).toMatchObject({ botId: 'lumen', id: expect.stringContaining('unreadable:') });
    expect(post('no json', channels).updates[0]!.content).toBe('no json');
    expect(() => post('no json')).toThrow(UnknownAccount);
  });

  it('lets nobody speak of real accounts by the secret of the sandbox, which everybody knows', () => {
    const env = { ...ENV, INSTAGRAM_SANDBOX_URL: 'http://127.0.0.1:4500/instagram' };
    const item = {
      sender: { id: '1' },
      recipient: { id: ONE.account },
      timestamp: 1,
      message: { mid: 'm', text: 'hi' },
    };
    const body = JSON.stringify({ object: 'instagram', entry: [{ id: ONE.account, messaging: [item] }] });
    const bySandbox = signed(body, 'sandbox-app-secret');
    expect(post(body, { lumen: create({}, env, ONE) }, bySandbox, env)).toEqual({ updates: [], ofNobody: 1 });
    const played = create({ apiRoot: 'sandbox' }, env, ONE);
    expect(post(body, { lumen: played }, bySandbox, env).updates).toHaveLength(1);
    expect(post(body, { lumen: played }, signed(body), env)).toEqual({ updates: [], ofNobody: 1 });
    expect(() => post(body, { lumen: played }, bySandbox)).toThrow(WrongWebhookSecret);
  });
});
