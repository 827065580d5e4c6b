import { createVerify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Running, startForSpec, until } from '../start-for-spec';
import type { Link } from './acquirer';

const TOKEN = 'wata-spec-token';
const OTHER = 'wata-other-token';
const HOUR_MS = 3_600_000;

describe('WATA', () => {
  let spec: Running;
  let hooks: Server;
  let url: string;
  let told: { headers: Record<string, string>; body: string }[] = [];
  let status = 200;

  beforeAll(async () => {
    hooks = createServer(async (req, res) => {
      told.push({ headers: req.headers as Record<string, string>, body: await text(req) });
      res.writeHead(status).end();
    });
    await new Promise<void>((listening) => hooks.listen(0, '127.0.0.1', listening));
    url = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}/`;
    const terminals = [{ token: TOKEN, name: 'Northwind', webhookUrl: url }, { token: OTHER }];
    spec = await startForSpec({ wata: { terminals, readEveryMs: null } });
  });
  beforeEach(() => {
    told = [];
    status = 200;
  });
  afterEach(() => spec.client.reset());
  afterAll(async () => {
    await spec.sandbox.close();
    hooks.closeAllConnections();
    hooks.close();
  });

  async function ask(method: string, path: string, body?: object, token: string | null = TOKEN) {
    const answer = await fetch(spec.sandbox.addresses['wata'] + path, {
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const { headers } = answer;
    return { status: answer.status, headers, body: (await answer.json()) as Record<string, never> };
  }
  const link = async (more: object = {}): Promise<Link> => {
    const wanted = { amount: 199.9, currency: 'RUB', orderId: 'ord_1', description: 'Plus', ...more };
    return (await ask('POST', '/links', wanted)).body as unknown as Link;
  };
  const search = async (query: string, token = TOKEN) =>
    (await ask('GET', `/v2/transactions?${query}`, undefined, token)).body as unknown as {
      items: { id: string; status: string; kind: string }[];
    };
  const arrive = (count: number) => until(() => told.length >= count);
  const newestKey = async () => (await ask('GET', '/public-key', undefined, null)).body['value'] as unknown as string;
  const isSigned = ({ body, headers }: (typeof told)[number], key: string) =>
    createVerify('RSA-SHA512')
      .update(body)
      .verify(key, headers['x-signature'] ?? '', 'base64');

  it('a link is made, paid once and closed; the transaction is found by the order, and told of with a signature', async () => {
    const made = await link();
    expect(made).toMatchObject({ status: 'Opened', type: 'OneTime', amount: 199.9, terminalName: 'Northwind' });
    expect(Date.parse(made.expirationDateTime) - Date.now()).toBeCloseTo(72 * HOUR_MS, -5);
    await spec.client.wata.pay(made.id, 'SBP');
    expect((await search('orderId=ord_1')).items).toMatchObject([
      { status: 'Paid', kind: 'Payment', amount: 199.9, type: 'SBP', totalCommission: 4 },
    ]);
    expect((await ask('GET', `/links/${made.id}`)).body).toMatchObject({ status: 'Closed' });
    await arrive(1);
    expect(isSigned(told[0]!, await newestKey())).toBe(true);
    expect(JSON.parse(told[0]!.body)).toMatchObject({
      transactionStatus: 'Paid',
      transactionType: 'SBP',
      orderId: 'ord_1',
      commission: 4,
      paymentLinkId: made.id,
    });
    await expect(spec.client.wata.pay(made.id)).rejects.toThrow('409');
  });

  it('what was declined may be paid by the same link', async () => {
    const made = await link();
    await spec.client.wata.decline(made.id, 'TRA_InsufficientFunds');
    await spec.client.wata.pay(made.id);
    expect((await search('OrderId=ord_1&Statuses=Paid')).items).toHaveLength(1);
    expect((await search('OrderId=ord_1&Statuses=Paid&Statuses=Declined')).items).toHaveLength(2);
    await arrive(2);
    expect(
      told.map(({ body }) => (JSON.parse(body) as { transactionStatus: string }).transactionStatus).toSorted(),
    ).toEqual(['Declined', 'Paid']);
  });

  it.each([
    ['no amount', { amount: undefined }, 'amount'],
    ['too little', { amount: 9.99 }, 'amount'],
    ['parts of kopecks', { amount: 10.001 }, 'amount'],
    ['another currency', { currency: 'GBP' }, 'currency'],
    [
      'an end that is too near',
      { expirationDateTime: new Date(Date.now() + 9 * 60_000).toISOString() },
      'expirationDateTime',
    ],
    [
      'an end that is too far',
      { expirationDateTime: new Date(Date.now() + 31 * 24 * HOUR_MS).toISOString() },
      'expirationDateTime',
    ],
  ])('a link with %s is refused', async (_what, more, member) => {
    const { status: refused, body } = await ask('POST', '/links', { amount: 10, currency: 'RUB', ...more });
    expect([refused, body]).toMatchObject([400, { error: { code: null, validationErrors: [{ members: [member] }] } }]);
  });

  it('a token that is missing, wrong, expired or of another terminal opens nothing; the key needs none', async () => {
    const made = await link();
    for (const token of [null, 'wrong'])
      expect((await ask('GET', `/links/${made.id}`, undefined, token)).status).toBe(401);
    expect((await ask('GET', `/links/${made.id}`, undefined, OTHER)).status).toBe(404);
    await spec.client.wata.setTerminal({ token: OTHER, expiresAt: new Date(Date.now() - 1).toISOString() });
    const expired = await ask('GET', '/links', undefined, OTHER);
    expect([expired.status, expired.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('expired'),
    ]);
    expect(await newestKey()).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  });

  it('goes back in parts and never more than there was, by the API, by the cabinet, and when the bank has decided', async () => {
    const { id } = await spec.client.wata.pay((await link()).id);
    const back = (amount: number) => ask('POST', '/transactions/refunds', { originalTransactionId: id, amount });
    expect((await back(100)).body).toMatchObject({
      kind: 'Refund',
      transactionStatus: 'Paid',
      originalTransactionId: id,
    });
    expect((await back(100)).status).toBe(400);
    await spec.client.wata.setTerminal({ token: TOKEN, slowRefunds: true });
    const pending = await spec.client.wata.refund(id);
    expect(pending).toMatchObject({ amount: 99.9, status: 'Pending' });
    await spec.client.wata.settle(pending.id, 'TRA_Declined');
    expect((await search('OrderId=ord_1')).items.map(({ kind, status: of }) => [kind, of])).toEqual([
      ['Refund', 'Declined'],
      ['Refund', 'Paid'],
      ['Payment', 'Paid'],
    ]);
    await spec.client.wata.setTerminal({ token: TOKEN, slowRefunds: false });
  });

  it('pages of transactions follow a cursor of three parts', async () => {
    for (let i = 0; i < 3; i += 1) await spec.client.wata.pay((await link()).id);
    const first = (await ask('GET', '/v2/transactions?MaxResultCount=2')).body as Record<string, unknown>;
    expect(first).toMatchObject({ hasNextPage: true });
    const cursor = {
      CursorId: first['nextCursorId'],
      CursorDate: first['nextCursorDate'],
      CursorAmount: first['nextCursorAmount'],
    };
    const next = new URLSearchParams({ ...(cursor as Record<string, string>), MaxResultCount: '2' });
    expect((await ask('GET', `/v2/transactions?${next}`)).body).toMatchObject({ hasNextPage: false, items: [{}] });
    next.delete('CursorDate');
    expect((await ask('GET', `/v2/transactions?${next}`)).status).toBe(400);
  });

  it('asks before the bank is asked, where that was wished for, and nobody who does not answer is charged', async () => {
    await spec.client.wata.setTerminal({ token: TOKEN, prePaymentUrl: url });
    expect((await spec.client.wata.pay((await link()).id)).status).toBe('Paid');
    status = 500;
    expect(await spec.client.wata.pay((await link()).id)).toMatchObject({
      status: 'Declined',
      errorCode: 'TRA_PrePayment',
    });
    await spec.client.wata.setTerminal({ token: TOKEN, prePaymentUrl: null });
  });

  it('signs with its own key, with another one after a change, and with none when a fault says so', async () => {
    const key = await newestKey();
    await spec.fault('wata.webhook', 'wrong-key');
    await spec.client.wata.pay((await link()).id);
    await arrive(1);
    await spec.fault('wata.webhook', 'no-signature');
    await spec.client.wata.pay((await link()).id);
    await arrive(2);
    expect(told.map((raw) => isSigned(raw, key))).toEqual([false, false]);
    await spec.client.wata.rotateKey();
    await spec.client.wata.pay((await link()).id);
    await arrive(3);
    expect([isSigned(told[2]!, key), isSigned(told[2]!, await newestKey())]).toEqual([false, true]);
    const last = await until(async () =>
      (await spec.client.wata.notifications(TOKEN)).findLast((one) => one.status === 200),
    );
    await spec.client.wata.replay(last.id);
    expect(told[3]).toMatchObject({ body: told[2]!.body, headers: { 'x-signature': told[2]!.headers['x-signature'] } });
  });

  it('somebody pays on a page after the bank has declined; a link that is over is gone some time later', async () => {
    const made = await link({
      successRedirectUrl: 'https://shop.example/done',
      failRedirectUrl: 'https://shop.example/no',
    });
    const press = (form: Record<string, string>) =>
      fetch(made.url, {
        method: 'POST',
        body: new URLSearchParams(form),
        redirect: 'manual',
        headers: { 'accept-language': 'ru' },
      });
    expect((await (await fetch(made.url)).text()).replaceAll(/\s/g, ' ')).toMatch(/Northwind.*₽199\.90/);
    expect(await (await press({ outcome: 'TRA_Declined', method: 'SBP' })).text()).toContain('Банк отклонил');
    expect((await press({ outcome: 'pay', method: 'SBP' })).headers.get('location')).toBe('https://shop.example/done');
    const other = await link({ orderId: 'ord_2' });
    await fetch(other.url, { method: 'POST', body: new URLSearchParams({ outcome: 'expire' }) });
    expect((await ask('GET', '/links?orderId=ord_2')).body).toMatchObject({
      items: [{ status: 'Closed' }],
      totalCount: 1,
    });
    await spec.client.wata.purge(other.id);
    expect((await ask('GET', `/links/${other.id}`)).status).toBe(404);
  });

  it('lets the same thing be read once in a while only', async () => {
    const limited = await startForSpec({ wata: { terminals: [{ token: TOKEN }], readEveryMs: 3_000_000 } });
    const read = (order: string) =>
      fetch(`${limited.sandbox.addresses['wata']}/v2/transactions?OrderId=${order}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
    expect([(await read('a')).status, (await read('b')).status]).toEqual([200, 200]);
    const again = await read('a');
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, '30']);
    await limited.sandbox.close();
  });
});
