import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Running, startForSpec, until } from '../start-for-spec';
import { type Invoice, signatureOf } from './invoices';

const TOKEN = '12345:AASpecToken';
const OTHER = '54321:AAOtherToken';

describe('CryptoBot', () => {
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
    const apps = [{ token: TOKEN, name: 'Northwind', webhookUrl: url }, { token: OTHER }];
    spec = await startForSpec({ cryptobot: { apps, retryMs: 0 } });
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

  async function ask<T>(method: string, params: object = {}, token = TOKEN) {
    const answer = await fetch(`${spec.sandbox.addresses['cryptobot']}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'crypto-pay-api-token': token },
      body: JSON.stringify(params),
    });
    return {
      status: answer.status,
      ...((await answer.json()) as { ok: boolean; result: T; error?: { code: number; name: string } }),
    };
  }
  const invoice = async (more: object = {}) => {
    const wanted = {
      currency_type: 'fiat',
      fiat: 'RUB',
      amount: '199.90',
      payload: 'ord_1',
      description: 'Plus',
      ...more,
    };
    return (await ask<Invoice>('createInvoice', wanted)).result;
  };
  const found = async (params: object = {}, token = TOKEN) =>
    (await ask<{ items: Invoice[] }>('getInvoices', params, token)).result.items;
  const arrive = (count: number) => until(() => told.length >= count);
  const isSigned = ({ body, headers }: (typeof told)[number]) =>
    headers['crypto-pay-api-signature'] === signatureOf({ account: TOKEN, body })['crypto-pay-api-signature'];

  it('signs as the published way has it', () => {
    const body =
      '{"update_id":1,"update_type":"invoice_paid","request_date":"2026-11-26T10:00:00.000Z","payload":{"invoice_id":528890,"status":"paid","amount":"5","payload":"ord_1"}}';
    expect(signatureOf({ account: '12345:AAExampleTokenForVectors', body })).toEqual({
      'crypto-pay-api-signature': 'b382239c5fca164b9582e5fb52bcc57ccc1565df8ac0a91c8172467aba0feb53',
    });
  });

  it('an invoice in money is paid in an asset, by a rate, less a fee; and it is told of', async () => {
    const made = await invoice({ accepted_assets: 'TON,USDT' });
    expect(made).toMatchObject({ status: 'active', amount: '199.90', fiat: 'RUB', payload: 'ord_1' });
    await spec.client.cryptobot.pay(made.invoice_id, 'TON');
    expect(await found({ invoice_ids: String(made.invoice_id) })).toMatchObject([
      {
        status: 'paid',
        paid_asset: 'TON',
        paid_amount: '0.423068784',
        paid_fiat_rate: '472.5',
        fee_asset: 'TON',
        fee_amount: '0.012692063',
      },
    ]);
    await arrive(1);
    expect(isSigned(told[0]!)).toBe(true);
    expect(JSON.parse(told[0]!.body)).toMatchObject({
      update_type: 'invoice_paid',
      payload: { invoice_id: made.invoice_id, payload: 'ord_1' },
    });
    await expect(spec.client.cryptobot.pay(made.invoice_id)).rejects.toThrow('409');
  });

  it('lists the newest first, page by page, of one app; what expired or was deleted is told of by nobody', async () => {
    const [first, second, third] = [await invoice(), await invoice(), await invoice({ expires_in: 60 })];
    expect((await found({ count: 2 })).map(({ invoice_id }) => invoice_id)).toEqual([
      third.invoice_id,
      second.invoice_id,
    ]);
    expect((await found({ count: 2, offset: 2 })).map(({ invoice_id }) => invoice_id)).toEqual([first.invoice_id]);
    expect(await found({}, OTHER)).toEqual([]);
    await spec.client.cryptobot.expire(third.invoice_id);
    expect((await found({ status: 'expired' })).map(({ invoice_id }) => invoice_id)).toEqual([third.invoice_id]);
    expect((await ask('deleteInvoice', { invoice_id: second.invoice_id })).result).toBe(true);
    expect(await ask('deleteInvoice', { invoice_id: second.invoice_id })).toMatchObject({
      status: 400,
      error: { name: 'INVOICE_NOT_FOUND' },
    });
    expect([await found({ invoice_ids: String(second.invoice_id) }), told]).toEqual([[], []]);
  });

  it.each([
    ['no amount', { amount: undefined }, 'AMOUNT_REQUIRED'],
    ['an amount of nothing', { amount: '0.00' }, 'AMOUNT_INVALID'],
    ['money that there is not', { fiat: 'XXX' }, 'FIAT_INVALID'],
    ['no money', { fiat: undefined }, 'FIAT_REQUIRED'],
    ['no asset', { currency_type: 'crypto' }, 'ASSET_REQUIRED'],
    ['too long a time', { expires_in: 2_678_401 }, 'EXPIRES_IN_INVALID'],
    ['a button without an address', { paid_btn_name: 'openBot' }, 'PAID_BTN_URL_REQUIRED'],
  ])('an invoice with %s is refused', async (_what, more, name) => {
    expect(await ask('createInvoice', { currency_type: 'fiat', fiat: 'RUB', amount: '5', ...more })).toMatchObject({
      status: 400,
      ok: false,
      error: { code: 400, name },
    });
  });

  it('knows its token and its methods', async () => {
    expect(await ask('getMe', {}, 'wrong')).toMatchObject({ status: 401, error: { name: 'UNAUTHORIZED' } });
    expect(await ask('transfer')).toMatchObject({ status: 405, error: { name: 'METHOD_NOT_FOUND' } });
    expect((await ask('getMe')).result).toMatchObject({ app_id: 12345, name: 'Northwind' });
    expect((await ask<object[]>('getExchangeRates')).result).toContainEqual(
      expect.objectContaining({ source: 'USDT', target: 'RUB', rate: '90' }),
    );
  });

  it.each([
    ['wrong-token', false],
    ['no-signature', false],
    ['old-date', true],
  ])('%s: the signature is right: %s', async (fault, isRight) => {
    await spec.fault('cryptobot.webhook', fault);
    await spec.client.cryptobot.pay((await invoice()).invoice_id);
    await arrive(1);
    expect(isSigned(told[0]!)).toBe(isRight);
    const { request_date } = JSON.parse(told[0]!.body) as { request_date: string };
    expect(Date.now() - Date.parse(request_date) > 4 * 86_400_000).toBe(fault === 'old-date');
  });

  it('after seventeen tries the webhook is off, until its owner switches it on', async () => {
    status = 500;
    await spec.client.cryptobot.pay((await invoice()).invoice_id);
    const app = async () => (await spec.client.cryptobot.apps()).find(({ token }) => token === TOKEN)!;
    await until(async () => !(await app()).webhookEnabled);
    expect(told).toHaveLength(17);
    status = 200;
    await spec.client.cryptobot.pay((await invoice()).invoice_id);
    await spec.client.cryptobot.setApp({ token: TOKEN, webhookEnabled: true });
    const { invoice_id } = await spec.client.cryptobot.pay((await invoice()).invoice_id);
    await arrive(18);
    expect(JSON.parse(told[17]!.body)).toMatchObject({ payload: { invoice_id } });
  });

  it('somebody pays on a page', async () => {
    const made = await invoice();
    const shown = await (await fetch(made.bot_invoice_url, { headers: { 'accept-language': 'ru' } })).text();
    expect(shown.replaceAll(/\s/g, ' ')).toContain('Оплатить 199,90 ₽');
    const press = (at: string, form: Record<string, string>) =>
      fetch(at, { method: 'POST', body: new URLSearchParams(form) });
    expect(await (await press(made.mini_app_invoice_url, { outcome: 'pay', method: 'BTC' })).text()).toContain('Paid');
    expect(await found()).toMatchObject([{ status: 'paid', paid_asset: 'BTC' }]);
    const other = await invoice({ currency_type: 'crypto', asset: 'USDT', fiat: undefined, amount: '5' });
    expect(await (await fetch(other.web_app_invoice_url)).text()).toContain('5 USDT');
    expect(await (await press(other.web_app_invoice_url, { outcome: 'expire' })).text()).toContain('over');
  });
});
