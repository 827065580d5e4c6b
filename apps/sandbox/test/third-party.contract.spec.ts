import { until } from '@switchboard/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Agent, fetch as fetchBy } from 'undici';
import { SandboxClient } from '../src/client';
import { CALL_FAULTS } from '../src/kit/faults';
import { type Sandbox, startSandbox } from '../src/sandbox';
import { keyValue } from './parties/key-value';

const TOKEN = '7100000001:spec-secret_A';
const PERSON = 5_100_000_001;

interface Party {
  name: string;
  /** A target of its faults, and a call that reaches it and leaves something behind. */
  target: string;
  call(sandbox: Sandbox): Promise<Response>;
  /** With which such a call is answered; 200 unless told. */
  status?: number;
  /** What has been left behind up to now. */
  left(client: SandboxClient): Promise<unknown[]>;
  /** What of it the next start has. */
  kept(client: SandboxClient): Promise<unknown>;
  outgoing?: {
    target: string;
    listen(sandbox: Sandbox, url: string): Promise<unknown>;
    cause(sandbox: Sandbox): Promise<unknown>;
  };
}

/** Ends the calls that hang. */
let giveUp = new AbortController();

const post = (url: string, body: object, headers = {}, method = 'POST') =>
  fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: giveUp.signal,
  });
const says = (sandbox: Sandbox) => new SandboxClient(sandbox.url).telegram.say(PERSON, {}, 'hello');

const telegram: Party = {
  name: 'telegram',
  target: 'sendMessage',
  async call(sandbox) {
    await says(sandbox);
    return post(`${sandbox.telegramUrl}/bot${TOKEN}/sendMessage`, { chat_id: PERSON, text: 'hi' });
  },
  left: async (client) => (await client.telegram.messages(PERSON)).filter(({ from }) => from!.is_bot),
  kept: (client) => client.telegram.messages(PERSON),
  outgoing: {
    target: 'updates',
    listen: ({ telegramUrl }, url) => post(`${telegramUrl}/bot${TOKEN}/setWebhook`, { url }),
    cause: says,
  },
};

const openai: Party = {
  name: 'openai',
  target: 'files',
  call({ openAiUrl }) {
    const form = new FormData();
    form.set('purpose', 'user_data');
    form.set('file', new Blob(['x']), 'x.txt');
    return fetch(`${openAiUrl}/files`, { method: 'POST', headers: KEY, body: form, signal: giveUp.signal });
  },
  left: filesOf,
  kept: filesOf,
};
const KEY = { authorization: 'Bearer sk-sandbox' };

async function filesOf(client: SandboxClient): Promise<unknown[]> {
  const response = await fetch(`${client.url}/openai/v1/files`, { headers: KEY });
  return ((await response.json()) as { data: unknown[] }).data;
}

/** Somebody signs in at a provider, and the client exchanges the code. */
const signIn = (party: string, provider: string, target: string, token: string): Party => {
  const client = party === 'openid' ? 'sandbox' : '7000000001';
  const secret = party === 'openid' ? 'sandbox-secret' : 'sandbox-login-secret';
  const controlOf = (sandbox: SandboxClient) => (provider ? sandbox.accounts(provider) : sandbox.telegramLogin);
  return {
    name: party,
    target,
    async call({ url, addresses }) {
      const redirect_uri = 'http://localhost/back';
      const query = { client_id: client, redirect_uri, response_type: 'code', scope: 'openid' };
      const address = `${addresses[party]}${provider && `/${provider}`}`;
      const back = await controlOf(new SandboxClient(url)).visit(
        `${address}/auth?${new URLSearchParams(query)}`,
        PERSON,
      );
      const form = { grant_type: 'authorization_code', code: back.searchParams.get('code')!, redirect_uri };
      return fetch(`${address}${token}`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client}:${secret}`)}` },
        body: new URLSearchParams(form),
        signal: giveUp.signal,
      });
    },
    left: (sandbox) => controlOf(sandbox).issued(),
    kept: (sandbox) => controlOf(sandbox).issued(),
  };
};

let key = 0;
const kv: Party = {
  name: 'kv',
  target: 'put',
  call: ({ addresses }) => post(`${addresses['kv']}/${++key}`, { value: 'v' }, {}, 'PUT'),
  left: async (client) => Object.keys(await client.party('kv')<object>('GET', '/values')),
  kept: (client) => client.party('kv')('GET', '/values'),
  outgoing: {
    target: 'webhook',
    listen: ({ url: sandbox }, url) => new SandboxClient(sandbox).party('kv')('PUT', '/webhook', { url }),
    cause: (sandbox) => kv.call(sandbox),
  },
};

/** Somebody makes a user on the server that a panel has from the start. */
const panel = (
  name: string,
  server: string,
  make: (account: Readonly<Record<string, string>>, user: string) => Promise<Response>,
): Party => ({
  name,
  target: 'create',
  async call({ url }) {
    const servers = await new SandboxClient(url).panels(name).servers();
    return make(servers.find((one) => one.name === server)!.account, `user_${++key}`);
  },
  left: (client) => client.panels(name).server(server).users(),
  kept: async (client) => (await client.panels(name).server(server).users()).map(({ name }) => name),
});

const marzban = panel('marzban', 'frankfurt', async ({ url, username, password }, user) => {
  const form = new URLSearchParams({ username: username!, password: password! });
  const signedIn = await fetch(`${url}/api/admin/token`, { method: 'POST', body: form });
  const { access_token: token } = (await signedIn.json()) as { access_token: string };
  return post(`${url}/api/user`, { username: user, proxies: { vless: {} } }, { authorization: `Bearer ${token}` });
});

const selfSigned = new Agent({ connect: { rejectUnauthorized: false } });
const outline: Party = {
  ...panel('outline', 'helsinki', async ({ apiUrl }) => {
    const { signal } = giveUp;
    const answer = await fetchBy(`${apiUrl}/access-keys`, { method: 'POST', dispatcher: selfSigned, signal });
    return answer as unknown as Response;
  }),
  status: 201,
};

const threeXUi = panel('three-x-ui', 'amsterdam', ({ url, token }, email) => {
  const headers = { authorization: `Bearer ${token}` };
  return post(`${url}panel/api/clients/add`, { client: { email, enable: true }, inboundIds: [1] }, headers);
});

const remnawave: Party = {
  ...panel('remnawave', 'warsaw', ({ url, token }, username) => {
    const byProxy = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' };
    const headers = { authorization: `Bearer ${token}`, ...byProxy };
    return post(`${url}/api/users`, { username, expireAt: '2099-01-01T00:00:00Z' }, headers);
  }),
  status: 201,
};

const hetzner: Party = {
  name: 'hetzner',
  target: 'create',
  call({ addresses }) {
    const server = { name: `server-${++key}`, server_type: 'cx23', image: 'debian-13' };
    return post(`${addresses['hetzner']}/v1/servers`, server, { authorization: 'Bearer sandbox-hetzner-token' });
  },
  status: 201,
  left: (client) => client.hetzner.servers(),
  kept: async (client) => (await client.hetzner.servers()).map(({ name }) => name),
};

const telegramLogin = signIn('telegram-login', '', 'token', '/token');
const openid = signIn('openid', 'company', 'company.token', '/token');

const SHOP = { shopId: '600001', secretKey: 'live_secret' };
const yookassa: Party = {
  name: 'yookassa',
  target: 'create-payment',
  call({ addresses }) {
    const confirmation = { type: 'redirect', return_url: 'https://shop.example/' };
    const body = { amount: { value: '10.00', currency: 'RUB' }, capture: true, confirmation };
    const authorization = `Basic ${btoa(`${SHOP.shopId}:${SHOP.secretKey}`)}`;
    return post(`${addresses['yookassa']}/payments`, body, { authorization, 'idempotence-key': String(++key) });
  },
  left: (client) => client.yookassa.payments(),
  kept: (client) => client.yookassa.payments(),
  outgoing: {
    target: 'webhook',
    listen: ({ url: sandbox }, webhookUrl) => new SandboxClient(sandbox).yookassa.setShop({ ...SHOP, webhookUrl }),
    async cause(sandbox) {
      const { id } = (await (await yookassa.call(sandbox)).json()) as { id: string };
      return new SandboxClient(sandbox.url).yookassa.pay(id);
    },
  },
};

const SITE = { publicId: 'pk_site', apiSecret: 'secret' };
const cloudpayments: Party = {
  name: 'cloudpayments',
  target: 'orders.create',
  call({ addresses }) {
    const authorization = `Basic ${btoa(`${SITE.publicId}:${SITE.apiSecret}`)}`;
    return post(`${addresses['cloudpayments']}/orders/create`, { Amount: 10, Description: 'x' }, { authorization });
  },
  left: (client) => client.cloudpayments.orders(),
  kept: (client) => client.cloudpayments.orders(),
  outgoing: {
    target: 'webhook',
    listen: ({ url: sandbox }, webhookUrl) =>
      new SandboxClient(sandbox).cloudpayments.setTerminal({ ...SITE, webhookUrl }),
    async cause(sandbox) {
      const { Model } = (await (await cloudpayments.call(sandbox)).json()) as { Model: { Id: string } };
      return new SandboxClient(sandbox.url).cloudpayments.pay(Model.Id);
    },
  },
};

const STRIPE_KEY = 'sk_test_contract';
const stripe: Party = {
  name: 'stripe',
  target: 'checkout.sessions.create',
  call({ addresses }) {
    const item = {
      'price_data][currency': 'usd',
      'price_data][unit_amount': '999',
      'price_data][product_data][name': 'x',
    };
    const body = new URLSearchParams({
      ...Object.fromEntries(Object.entries(item).map(([name, value]) => [`line_items[0][${name}]`, value])),
      ...{ mode: 'payment', success_url: 'https://shop.example/' },
    });
    const headers = { authorization: `Bearer ${STRIPE_KEY}` };
    return fetch(`${addresses['stripe']}/v1/checkout/sessions`, {
      method: 'POST',
      headers,
      body,
      signal: giveUp.signal,
    });
  },
  left: (client) => client.stripe.objects('checkout.session'),
  kept: (client) => client.stripe.objects('checkout.session'),
  outgoing: {
    target: 'webhook',
    listen: ({ url: sandbox }, url) =>
      new SandboxClient(sandbox).stripe.setAccount({ key: STRIPE_KEY, webhook: { url, secret: 'whsec_contract' } }),
    async cause(sandbox) {
      const { id } = (await (await stripe.call(sandbox)).json()) as { id: string };
      return new SandboxClient(sandbox.url).stripe.expire(id);
    },
  },
};

const WATA_TOKEN = 'wata-contract-token';
const wata: Party = {
  name: 'wata',
  target: 'links.create',
  call: ({ addresses }) =>
    post(`${addresses['wata']}/links`, { amount: 10, currency: 'RUB' }, { authorization: `Bearer ${WATA_TOKEN}` }),
  left: (client) => client.wata.links(),
  kept: (client) => client.wata.links(),
  outgoing: {
    target: 'webhook',
    listen: ({ url: sandbox }, webhookUrl) =>
      new SandboxClient(sandbox).wata.setTerminal({ token: WATA_TOKEN, webhookUrl }),
    async cause(sandbox) {
      const { id } = (await (await wata.call(sandbox)).json()) as { id: string };
      return new SandboxClient(sandbox.url).wata.pay(id);
    },
  },
};

const CRYPTO_TOKEN = '12345:AAContractToken';
const cryptobot: Party = {
  name: 'cryptobot',
  target: 'createInvoice',
  call({ addresses }) {
    const wanted = { currency_type: 'fiat', fiat: 'RUB', amount: '10' };
    return post(`${addresses['cryptobot']}/createInvoice`, wanted, { 'crypto-pay-api-token': CRYPTO_TOKEN });
  },
  left: (client) => client.cryptobot.invoices(),
  kept: (client) => client.cryptobot.invoices(),
  outgoing: {
    target: 'webhook',
    listen: ({ url: sandbox }, webhookUrl) =>
      new SandboxClient(sandbox).cryptobot.setApp({ token: CRYPTO_TOKEN, webhookUrl }),
    async cause(sandbox) {
      const { result } = (await (await cryptobot.call(sandbox)).json()) as { result: { invoice_id: number } };
      return new SandboxClient(sandbox.url).cryptobot.pay(result.invoice_id);
    },
  },
};

const PARTIES = [
  ...[telegram, openai, telegramLogin, openid, yookassa, cloudpayments, stripe, wata, cryptobot],
  ...[marzban, outline, threeXUi, remnawave, hetzner, kv],
];

describe.each(PARTIES)('the third party $name', ({ name, target, call, status: ok = 200, left, kept, outgoing }) => {
  let sandbox: Sandbox;
  let client: SandboxClient;

  const start = async (data?: string) => {
    const bots = [{ token: TOKEN, username: 'spec_bot' }];
    sandbox = await startSandbox({
      ...{ data, pace: 0.01, telegram: { bots, rateLimits: null }, more: [keyValue] },
      ...{ yookassa: { shops: [SHOP] }, cloudpayments: { terminals: [SITE] } },
      ...{ stripe: { accounts: [{ key: STRIPE_KEY }] }, wata: { terminals: [{ token: WATA_TOKEN }] } },
      cryptobot: { apps: [{ token: CRYPTO_TOKEN }], retryMs: 1000 },
    });
    client = new SandboxClient(sandbox.url);
  };
  const fault = (kind: string, more: object = {}) =>
    client.setFaults({ target: `${name}.${target}`, kind, times: 1, ...more });

  beforeEach(() => {
    giveUp = new AbortController();
    return start();
  });
  afterEach(() => sandbox.close());

  it('answers, and its calls are logged with how they ended', async () => {
    const before = await client.party(name)<{ id: number }[]>('GET', '/calls');
    expect((await call(sandbox)).status).toBe(ok);
    const since = before.at(-1)?.id ?? 0;
    const [logged] = await client.party(name)<object[]>('GET', `/calls?since=${since}`);
    expect(logged).toMatchObject({ status: ok, aborted: false, finishedAt: expect.any(Number) });
    await client.party(name)('DELETE', '/calls');
    expect(await client.party(name)('GET', '/calls')).toEqual([]);
  });

  it.each([
    ['500', 500, 0],
    ['500-after-commit', 500, 1],
    ['502-html', 502, 0],
    ['delay', ok, 1],
  ])('%s is acted out', async (kind, status, committed) => {
    await fault(kind, { ms: 1 });
    const response = await call(sandbox);
    await response.text();
    expect([response.status, await left(client)]).toEqual([status, Array(committed).fill(expect.anything())]);
    expect(await client.faults()).toEqual([]);
    expect((await call(sandbox)).status).toBe(ok);
  });

  it('429 names the wait in the form that was ordered', async () => {
    await fault('429', { retryAfter: 7 });
    expect((await call(sandbox)).headers.get('retry-after')).toBe('7');
    await fault('429:ms', { retryAfter: 7 });
    expect((await call(sandbox)).headers.get('retry-after-ms')).toBe('7000');
    expect(await left(client)).toEqual([]);
  });

  it.each([
    ['answer', 0],
    ['answer-after-commit', 1],
  ])('%s is what was ordered, word for word', async (kind, committed) => {
    const answer = {
      status: 418,
      headers: { 'x-seen': 'once' },
      body: { description: 'Bad Request: as it was seen' },
    };
    await fault(kind, { answer });
    const response = await call(sandbox);
    expect([response.status, response.headers.get('x-seen'), await response.json()]).toEqual([
      answer.status,
      'once',
      answer.body,
    ]);
    expect(await left(client)).toHaveLength(committed);
    await expect(fault(kind)).rejects.toThrow('400');
  });

  it.each([
    ['reset', 0],
    ['reset-after-commit', 1],
    ['hang', 0],
    ['hang-after-commit', 1],
  ])('%s gives no answer', async (kind, committed) => {
    await fault(kind);
    const calling = expect(call(sandbox)).rejects.toThrow();
    if (kind.startsWith('hang')) {
      await until(async () => (await client.faults()).length === 0, { what: 'the call that hangs' });
      // Whoever hangs up before the work has begun is not worked for.
      await until(async () => (await left(client)).length === committed, { what: 'the work' });
      giveUp.abort();
    }
    await calling;
    expect(await left(client)).toHaveLength(committed);
  });

  it('tells which faults it knows, and refuses others when they are ordered', async () => {
    const known = await client.knownFaults();
    expect(known[`${name}.${target}`]).toEqual(expect.arrayContaining(Object.keys(CALL_FAULTS)));
    await expect(fault('explode')).rejects.toThrow('400');
    await expect(client.setFaults({ target: `${name}.nothing`, kind: '500' })).rejects.toThrow('400');
    expect(await client.faults()).toEqual([]);
  });

  it('forgets when it is told to, alone or with all others', async () => {
    await call(sandbox);
    await client.party(name)('POST', '/reset');
    expect(await left(client)).toEqual([]);
    await call(sandbox);
    await client.reset();
    expect([await left(client), await client.party(name)('GET', '/calls')]).toEqual([[], expect.anything()]);
  });

  it('keeps what it has for the next start', async () => {
    await sandbox.close();
    const data = await mkdtemp(join(tmpdir(), 'sandbox-spec-'));
    await start(data);
    await call(sandbox);
    const before = await kept(client);
    expect(before).not.toEqual([]);
    await sandbox.close();
    await start(data);
    expect(await kept(client)).toEqual(before);
    await sandbox.close();
    await rm(data, { recursive: true });
  });

  // A party that sends nothing by itself has nothing to prove here.
  if (!outgoing) return;
  describe('tells by webhook', () => {
    let server: Server;
    let received: { headers: IncomingHttpHeaders; body: string }[];
    let status: number;
    let url: string;

    beforeEach(async () => {
      received = [];
      status = 200;
      server = createServer(async (req, res) => {
        received.push({ headers: req.headers, body: await text(req) });
        res.writeHead(status).end();
      });
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      await outgoing.listen(sandbox, url);
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    const order = (kind: string) =>
      client.setFaults({ target: `${name}.${outgoing.target}`, kind, times: 1, ms: 60_000 });
    const arrive = (count: number) => until(() => received.length >= count, { what: `${count} deliveries` });

    it('what fails is sent again', async () => {
      status = 500;
      await outgoing.cause(sandbox);
      await arrive(1);
      status = 200;
      await arrive(2);
      expect(received[1]!.body).toBe(received[0]!.body);
    });

    it('drop, duplicate and reorder are acted out', async () => {
      await order('drop');
      await outgoing.cause(sandbox);
      await order('duplicate');
      await outgoing.cause(sandbox);
      await arrive(2);
      expect(received[1]!.body).toBe(received[0]!.body);
      await order('reorder');
      await outgoing.cause(sandbox);
      await outgoing.cause(sandbox);
      await arrive(4);
      expect(received).toHaveLength(4);
    });
  });
});

describe('a third party of one file', () => {
  it('signs what it sends', async () => {
    const sandbox = await startSandbox({ more: [keyValue] });
    const signature = new Promise<string>((resolve) => {
      const server = createServer((req, res) => {
        resolve(String(req.headers['x-kv-signature']));
        res.end(() => server.close());
      });
      server.listen(0, '127.0.0.1', () => {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        void kv.outgoing!.listen(sandbox, url).then(() => kv.outgoing!.cause(sandbox));
      });
    });
    expect(await signature).toMatch(/^[0-9a-f]{64}$/);
    await sandbox.close();
  });
});
