import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Running, startForSpec, until } from '../start-for-spec';
import type { Order, Transaction } from './objects';

const SITE = { publicId: 'test_api_site', apiSecret: 'site-secret', name: 'Лавка & Co' };
const OTHER = { publicId: 'pk_other', apiSecret: 'other-secret', savesTokens: false };
interface Answer<Model> {
  Success: boolean;
  Message: string | null;
  Model: Model;
}

const ORDER = { Amount: 199.5, Currency: 'RUB', Description: 'Plus на месяц', InvoiceId: 'order-1', AccountId: 'anna' };

describe('CloudPayments', () => {
  let spec: Running;
  let base: string;
  let receiver: Server;
  let webhookUrl: string;
  let received: { headers: IncomingHttpHeaders; body: string; fields: URLSearchParams }[] = [];
  let answer = '{"code":0}';

  beforeAll(async () => {
    receiver = createServer(async (req, res) => {
      const body = await text(req);
      received.push({ headers: req.headers, body, fields: new URLSearchParams(body) });
      res.end(answer);
    });
    await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
    webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    spec = await startForSpec({ pace: 0.001, cloudpayments: { terminals: [{ ...SITE, webhookUrl }, OTHER] } });
    base = spec.sandbox.addresses['cloudpayments']!;
  });
  beforeEach(async () => {
    await spec.client.cloudpayments.setTerminal({
      ...SITE,
      webhookUrl,
      kinds: ['pay', 'fail', 'refund'],
      format: 'form',
    });
    received = [];
    answer = '{"code":0}';
  });
  afterEach(() => spec.client.reset());
  afterAll(async () => {
    await spec.sandbox.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  async function call<Model = unknown>(
    path: string,
    body: object,
    {
      site = SITE as { publicId: string; apiSecret: string },
      key,
      form = false,
    }: { site?: { publicId: string; apiSecret: string }; key?: string; form?: boolean } = {},
  ): Promise<Answer<Model> & { status: number }> {
    const response = await fetch(base + path, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${site.publicId}:${site.apiSecret}`)}`,
        ...(!form && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'x-request-id': key }),
      },
      body: form ? new URLSearchParams(body as Record<string, string>) : JSON.stringify(body),
    });
    const said = await response.text();
    return { status: response.status, ...(said ? (JSON.parse(said) as Answer<Model>) : ({} as Answer<Model>)) };
  }
  const order = async (more: object = {}) => (await call<Order>('/orders/create', { ...ORDER, ...more })).Model;
  const pay = (id: string, how = {}) => spec.client.cloudpayments.pay(id, how);
  const press = (url: string, outcome: string) =>
    fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams({ method: 'card', outcome }) });

  it('answers with the objects of the API, from the link to the money', async () => {
    const made = await order({ Email: 'anna@example.com', JsonData: { a: 1 } });
    expect(made).toEqual({
      Id: expect.stringMatching(/^\w{16}$/),
      Number: 1,
      Amount: 199.5,
      Currency: 'RUB',
      CurrencyCode: 0,
      Email: 'anna@example.com',
      Phone: null,
      Description: 'Plus на месяц',
      RequireConfirmation: false,
      Url: `${spec.sandbox.url}/cloudpayments/d/${made.Id}`,
      CultureName: 'ru-RU',
      CreatedDate: expect.stringMatching(/^\/Date\(\d{13}\)\/$/),
      CreatedDateIso: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/),
      PaymentDate: null,
      PaymentDateIso: null,
      StatusCode: 0,
      Status: 'Created',
      InternalId: 1,
    });
    const { TransactionId } = await pay(made.Id);
    const { Model, Success } = await call<Transaction>('/payments/get', { TransactionId });
    expect(Success).toBe(true);
    expect(Model).toMatchObject({
      ...{ TransactionId, Amount: 199.5, PaymentAmount: 199.5, InvoiceId: 'order-1', AccountId: 'anna', Type: 0 },
      ...{ Status: 'Completed', StatusCode: 3, ReasonCode: 0, Reason: 'Approved', TestMode: true, Refunded: false },
      ...{ JsonData: '{"a":1}', Token: expect.stringMatching(/^tk_/), OriginalTransactionId: null },
      // 2.9 %, and 22 % of that.
      ...{ TotalFee: 5.79, VatAboveTotalFee: 1.27 },
    });
    expect((await call<Transaction>('/payments/find', { InvoiceId: 'order-1' })).Model).toEqual(Model);
  });

  it.each<[string, string, object, string]>([
    ['no amount', '/orders/create', { Amount: undefined }, 'Amount is required'],
    ['three decimals', '/orders/create', { Amount: 1.999 }, 'Invalid Amount value'],
    ['nothing', '/orders/create', { Amount: 0 }, 'Invalid Amount value'],
    ['less than nothing', '/orders/create', { Amount: -1 }, 'Invalid Amount value'],
    ['a currency that it does not take', '/orders/create', { Currency: 'JPY' }, 'Invalid Currency value'],
    ['no description', '/orders/create', { Description: undefined }, 'Description is required'],
    [
      'a charge of nobody',
      '/payments/tokens/charge',
      { AccountId: undefined, Token: 't', TrInitiatorCode: 0 },
      'AccountId is required',
    ],
    ['a charge that nobody began', '/payments/tokens/charge', { Token: 't' }, 'TrInitiatorCode is required'],
    ['a token that is none', '/payments/tokens/charge', { Token: 't', TrInitiatorCode: 0 }, 'Token not found'],
    ['a transaction that is none', '/payments/get', { TransactionId: 1 }, 'Transaction not found'],
    ['an order that nobody tried to pay', '/v2/payments/find', { InvoiceId: 'order-1' }, 'Not found'],
    [
      'page 0',
      '/v2/payments/list',
      { CreatedDateGte: '2026-01-01', CreatedDateLte: '2026-01-02', PageNumber: 0 },
      'PageNumber must be at least 1',
    ],
  ])('refuses %s with a status of success', async (_what, path, more, Message) => {
    expect(await call(path, { ...ORDER, ...more })).toMatchObject({ status: 200, Success: false, Message });
    expect(await spec.client.cloudpayments.orders()).toEqual([]);
  });

  it('knows sites by their secret, and forms as well as JSON', async () => {
    expect((await call('/test', {}, { site: { ...SITE, apiSecret: 'x' } })).status).toBe(401);
    expect(await call('/test', {})).toMatchObject({ Success: true, Message: expect.any(String) });
    const form = { ...ORDER, Amount: '10.00', RequireConfirmation: 'false' };
    expect(await call('/orders/create', form, { form: true })).toMatchObject({ Success: true, Model: { Amount: 10 } });
    const elsewhere = await call('/payments/find', { InvoiceId: 'order-1' }, { site: OTHER });
    expect(elsewhere.Message).toBe('Not found');
  });

  it('answers a key as before, for an hour', async () => {
    const first = await call<Order>('/orders/create', ORDER, { key: 'same' });
    expect(await call('/orders/create', ORDER, { key: 'same' })).toEqual(first);
    await spec.client.cloudpayments.forgetKeys();
    const later = await call<Order>('/orders/create', ORDER, { key: 'same' });
    expect(later.Model.Id).not.toBe(first.Model.Id);
    expect((await call('/orders/create', { ...ORDER, Amount: 0 }, { key: 'other' })).Success).toBe(false);
    expect((await call('/orders/create', ORDER, { key: 'other' })).Success).toBe(true);
  });

  it('has a transaction for each try, finds the last of them, and lists all', async () => {
    const { Id } = await order();
    await spec.client.cloudpayments.decline(Id, 5051);
    const { TransactionId } = await pay(Id);
    const refund = await spec.client.cloudpayments.refund(TransactionId, '9.50');
    expect((await call<Transaction>('/payments/find', { InvoiceId: 'order-1' })).Model).toMatchObject({
      TransactionId,
    });
    const last = await call<Transaction>('/v2/payments/find', { InvoiceId: 'order-1' });
    expect(last.Model).toMatchObject({
      TransactionId: refund.TransactionId,
      Type: 1,
      OriginalTransactionId: TransactionId,
    });
    const today = new Date().toISOString().slice(0, 10);
    const day = await call<Transaction[]>('/payments/list', { Date: today });
    expect(day.Model.map(({ Status, Type }) => [Status, Type])).toEqual([
      ['Declined', 0],
      ['Completed', 0],
      ['Completed', 1],
    ]);
    const period = { CreatedDateGte: `${today}T00:00:00Z`, CreatedDateLte: new Date().toISOString(), PageNumber: 1 };
    expect((await call('/v2/payments/list', period)).Model).toEqual(day.Model);
    const declined = await call<Transaction[]>('/v2/payments/list', { ...period, Statuses: ['Declined'] });
    expect(declined.Model).toHaveLength(1);
    expect((await call('/v2/payments/list', { ...period, PageNumber: 2 })).Model).toEqual([]);
    expect((await call('/payments/list', { Date: '2020-01-01' })).Model).toEqual([]);
  });

  it('tells of a decline as no success, with the reason', async () => {
    const { Id } = await order();
    const { Token, TransactionId } = await pay(Id);
    const charge = { ...ORDER, InvoiceId: 'order-2', Token, TrInitiatorCode: 0, PaymentScheduled: 1 };
    await spec.client.cloudpayments.declineNext(Token!, 5051);
    expect(await call('/payments/tokens/charge', charge)).toMatchObject({
      Success: false,
      Message: null,
      Model: {
        ReasonCode: 5051,
        Status: 'Declined',
        StatusCode: 5,
        CardHolderMessage: 'Недостаточно средств на карте',
      },
    });
    expect(await call('/payments/tokens/charge', charge)).toMatchObject({
      Success: true,
      Model: { Status: 'Completed' },
    });
    await spec.client.cloudpayments.revoke(Token!);
    expect(await call('/payments/tokens/charge', charge)).toMatchObject({
      Success: false,
      Model: { ReasonCode: 5054 },
    });
    const foreign = await call('/payments/tokens/charge', { ...charge, AccountId: 'emma' });
    expect(foreign.Message).toMatch(/another AccountId/);
    const found = await call('/payments/find', { InvoiceId: 'order-2' });
    expect(found).toMatchObject({ Success: false, Model: { Status: 'Declined' } });
    expect(TransactionId).toBeGreaterThan(0);
  });

  it('takes money in two stages, or lets go of it', async () => {
    const [part, none] = [await order({ RequireConfirmation: true }), await order({ RequireConfirmation: true })];
    const [{ TransactionId }, void_] = [await pay(part.Id), await pay(none.Id)];
    const read = async (id: number) => (await call<Transaction>('/payments/get', { TransactionId: id })).Model;
    expect(await read(TransactionId)).toMatchObject({ Status: 'Authorized', ConfirmDate: null });
    expect((await call('/payments/refund', { TransactionId, Amount: 1 })).Success).toBe(false);
    expect((await call('/payments/confirm', { TransactionId, Amount: 199.51 })).Success).toBe(false);
    expect((await call('/payments/confirm', { TransactionId, Amount: 100 })).Success).toBe(true);
    expect(await read(TransactionId)).toMatchObject({ Status: 'Completed', Amount: 100 });
    expect((await call('/payments/void', { TransactionId: void_.TransactionId })).Success).toBe(true);
    expect(await read(void_.TransactionId)).toMatchObject({ Status: 'Cancelled' });
  });

  it('gives back what is left and not a kopeck more', async () => {
    const { TransactionId } = await pay((await order()).Id);
    const refund = (Amount: number) => call<{ TransactionId: number }>('/payments/refund', { TransactionId, Amount });
    const first = await refund(10.01);
    expect(first).toMatchObject({ Success: true, Message: null, Model: { TransactionId: expect.any(Number) } });
    expect((await refund(189.5)).Success).toBe(false);
    expect((await refund(189.49)).Success).toBe(true);
    expect((await refund(0.01)).Success).toBe(false);
    expect((await call('/payments/refund', { TransactionId: first.Model.TransactionId, Amount: 1 })).Success).toBe(
      false,
    );
  });

  it('lists what banks took back', async () => {
    const { TransactionId } = await pay((await order()).Id);
    await spec.client.cloudpayments.claim(TransactionId);
    await spec.client.cloudpayments.claim(TransactionId, 'Representment');
    const period = { CreatedDateGte: '2026-01-01', CreatedDateLte: new Date().toISOString(), PageNumber: 1 };
    const { Model } = await call<object[]>('/chargebacks/list', period);
    expect(Model).toMatchObject([
      { TransactionId, Amount: 199.5, Type: 'Chargeback', Operation: 'Presentment' },
      { TransactionId, Operation: 'Representment' },
    ]);
    expect((await call('/chargebacks/list', period, { site: OTHER })).Model).toEqual([]);
  });

  it('keeps a link open after a decline, and closes it when it is paid or cancelled', async () => {
    const { Url, Id } = await order({
      SuccessRedirectUrl: 'https://shop.example/ok',
      FailRedirectUrl: 'https://shop.example/no',
    });
    const shown = await (await fetch(Url, { headers: { 'accept-language': 'ru' } })).text();
    expect(shown).toContain('Лавка &amp; Co');
    expect(shown).toMatch(/Оплатить 199,50\s₽/);
    expect(shown).toContain('href="https://shop.example/no"');
    const declined = await press(Url, '5051');
    expect(await declined.text()).toContain('There is not enough money.');
    const paid = await press(Url, 'pay');
    expect([paid.status, paid.headers.get('location')]).toEqual([303, 'https://shop.example/ok']);
    expect(await (await fetch(Url)).text()).toContain('Paid');
    await press(Url, 'pay');
    const all = await spec.client.cloudpayments.transactions();
    expect(all.map(({ Status }) => Status)).toEqual(['Declined', 'Completed']);
    expect((await call('/orders/cancel', { Id })).Success).toBe(false);

    const cancelled = await order();
    expect((await call('/orders/cancel', { Id: cancelled.Id })).Success).toBe(true);
    await press(cancelled.Url, 'pay');
    expect(await (await fetch(cancelled.Url)).text()).toContain('The time to pay is over');
    await expect(pay(cancelled.Id)).rejects.toThrow('cancelled');
  });

  it('waits while a bank thinks', async () => {
    const { Id, Url } = await order();
    const { TransactionId, Status } = await pay(Id, { afterMs: 200_000 });
    expect(Status).toBe('AwaitingAuthentication');
    expect(await (await fetch(Url)).text()).toContain('The bank has not decided yet');
    const read = async () => (await call<Transaction>('/payments/get', { TransactionId })).Model.Status;
    await until(async () => (await read()) === 'Completed');
  });

  describe('its notifications', () => {
    const hmac = (message: string) => createHmac('sha256', SITE.apiSecret).update(message).digest('base64');
    const about = (id: number) =>
      until(() => received.find(({ fields }) => fields.get('TransactionId') === String(id)));

    it('are forms with what became of a transaction, signed as they are and as they read', async () => {
      const { Id } = await order({ JsonData: { ключ: 'a b&c' } });
      const { TransactionId } = await pay(Id);
      const { headers, body, fields } = await about(TransactionId);
      expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
      expect(headers['content-hmac']).toBe(hmac(body));
      expect(headers['x-content-hmac']).toBe(hmac(decodeURIComponent(body.replaceAll('+', ' '))));
      expect(Object.fromEntries(fields)).toMatchObject({
        ...{ Amount: '199.50', Currency: 'RUB', InvoiceId: 'order-1', AccountId: 'anna', Status: 'Completed' },
        ...{ OperationType: 'Payment', TestMode: '1', CardLastFour: '4242', Data: '{"ключ":"a b&c"}' },
        DateTime: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      });
      const refund = await spec.client.cloudpayments.refund(TransactionId, '1.00');
      const told = Object.fromEntries((await about(refund.TransactionId)).fields);
      expect(told).toMatchObject({
        OperationType: 'Refund',
        PaymentTransactionId: String(TransactionId),
        Amount: '1.00',
      });
      expect(told).not.toHaveProperty('Currency');
      const declined = await spec.client.cloudpayments.decline((await order()).Id, 5051);
      expect(Object.fromEntries((await about(declined.TransactionId)).fields)).toMatchObject({ ReasonCode: '5051' });
    });

    it('are JSON where the site wants it so, signed twice alike', async () => {
      await spec.client.cloudpayments.setTerminal({ publicId: SITE.publicId, format: 'json' });
      const { TransactionId } = await pay((await order()).Id);
      const { headers, body } = await until(() => received[0]);
      expect(JSON.parse(body)).toMatchObject({ TransactionId, Amount: 199.5, TestMode: 1 });
      expect([headers['content-hmac'], headers['x-content-hmac']]).toEqual([hmac(body), hmac(body)]);
    });

    it('are repeated until they are answered with zero, and signed by somebody else when that is ordered', async () => {
      answer = 'OK';
      const { TransactionId } = await pay((await order()).Id);
      const times = () => received.filter(({ fields }) => fields.get('TransactionId') === String(TransactionId)).length;
      await until(() => times() === 1);
      answer = '{"code":0}';
      await until(() => times() === 2);
      await spec.faults({ target: 'cloudpayments.webhook', kind: 'forge', times: 1 });
      const forged = await pay((await order()).Id);
      const { headers, body } = await about(forged.TransactionId);
      expect(headers['content-hmac']).not.toBe(hmac(body));
    });

    it.each([
      ['{"code":0}', 'Completed', 0],
      ['{"code":10}', 'Declined', 3001],
      ['{"code":11}', 'Declined', 3002],
      ['{"code":12}', 'Declined', 3003],
      ['{"code":13}', 'Declined', 3008],
      ['{"code":20}', 'Declined', 3004],
      ['OK', 'Declined', 3005],
    ])('ask the site before the money, which answers %s', async (said, status, reason) => {
      await spec.client.cloudpayments.setTerminal({ publicId: SITE.publicId, kinds: ['check'] });
      answer = said;
      const { Url } = await order();
      const page = await press(Url, 'pay');
      const [{ Status, ReasonCode }] = (await spec.client.cloudpayments.transactions()) as [Transaction];
      expect([Status, ReasonCode]).toEqual([status, reason]);
      if (status === 'Declined') expect(await page.text()).toContain('The seller did not accept the payment.');
    });
  });
});
