import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { YooKassa } from '@webzaytsev/yookassa-ts-sdk';
import { type Running, startForSpec, until } from '../start-for-spec';
import type { Payment } from './objects';

const SHOP = { shopId: '600001', secretKey: 'test_secret', name: 'Лавка & Co' };
const RECEIPTS = { shopId: '600002', secretKey: 'live_receipts', receipts: true };
const BARE = { shopId: '600003', secretKey: 'live_bare', recurring: false };
type Shop = { shopId: string; secretKey: string };
type Answer<T = Record<string, unknown>> = { status: number; body: T };

const rub = (value: string) => ({ value, currency: 'RUB' });
const REDIRECT = { type: 'redirect', return_url: 'https://shop.example/back' };
const ORDER = {
  amount: rub('199.00'),
  capture: true,
  confirmation: REDIRECT,
  description: 'Plus на месяц',
  metadata: { order: '1' },
};
const ITEM = { description: 'Plus', quantity: '1.00', amount: rub('199.00'), vat_code: 1, payment_subject: 'service' };

describe('YooKassa', () => {
  let spec: Running;
  let base: string;
  let receiver: Server;
  let received: { event: string; object: { id: string; status: string } }[] = [];
  let status = 200;

  beforeAll(async () => {
    receiver = createServer(async (req, res) => {
      received.push(JSON.parse(await text(req)) as never);
      res.writeHead(status).end();
    });
    await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
    const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    spec = await startForSpec({ yookassa: { shops: [{ ...SHOP, webhookUrl }, RECEIPTS, BARE] } });
    base = spec.sandbox.addresses['yookassa']!;
  });
  beforeEach(() => {
    received = [];
    status = 200;
  });
  afterEach(() => spec.client.reset());
  afterAll(async () => {
    await spec.sandbox.close();
    receiver.closeAllConnections();
    receiver.close();
  });

  let keys = 0;
  async function call<T = Record<string, unknown>>(
    method: string,
    path: string,
    { body, key = `key-${++keys}`, shop = SHOP as Shop, headers = {} as Record<string, string> } = {} as {
      body?: unknown;
      key?: string;
      shop?: Shop;
      headers?: Record<string, string>;
    },
  ): Promise<Answer<T>> {
    const response = await fetch(base + path, {
      method,
      headers: {
        authorization: `Basic ${btoa(`${shop.shopId}:${shop.secretKey}`)}`,
        ...(method === 'POST' && { 'content-type': 'application/json', 'idempotence-key': key }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }
  const order = async (more: object = {}, shop: Shop = SHOP) =>
    (await call<Payment>('POST', '/payments', { body: { ...ORDER, ...more }, shop })).body;
  const read = async (id: string, shop: Shop = SHOP) => (await call<Payment>('GET', `/payments/${id}`, { shop })).body;
  const press = (url: string, form: Record<string, string>) =>
    fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form) });

  it('answers with the object of the API, from the request to the money', async () => {
    const made = await order();
    expect(made).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-000f-5000-[89ab]000-[0-9a-f]{12}$/),
      status: 'pending',
      paid: false,
      amount: rub('199.00'),
      confirmation: { ...REDIRECT, confirmation_url: `${spec.sandbox.url}/yookassa/checkout/${made.id}` },
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      description: 'Plus на месяц',
      metadata: { order: '1' },
      recipient: { account_id: '600001', gateway_id: '1600001' },
      refundable: false,
      test: true,
    });
    await spec.client.yookassa.pay(made.id);
    const { confirmation: _gone, ...rest } = made;
    expect(await read(made.id)).toEqual({
      ...rest,
      status: 'succeeded',
      paid: true,
      refundable: true,
      captured_at: expect.any(String),
      // 3.5 % and 22 % of that.
      income_amount: rub('190.50'),
      refunded_amount: rub('0.00'),
      payment_method: {
        type: 'bank_card',
        id: made.id,
        saved: false,
        status: 'inactive',
        title: 'Bank card *0053',
        card: expect.objectContaining({ first6: '220000', last4: '0053', card_type: 'Mir' }),
      },
      authorization_details: expect.objectContaining({ rrn: expect.any(String), three_d_secure: { applied: true } }),
    });
  });

  it.each<[string, Parameters<typeof call>[2], number, string, string | undefined]>([
    ['a wrong secret', { shop: { ...SHOP, secretKey: 'x' } }, 401, 'invalid_credentials', 'Authorization'],
    ['no credentials', { headers: { authorization: '' } }, 401, 'invalid_credentials', 'Authorization'],
    ['no key', { headers: { 'idempotence-key': '' } }, 400, 'invalid_request', 'Idempotence-Key'],
    ['a key of 65 characters', { key: 'k'.repeat(65) }, 400, 'invalid_request', 'Idempotence-Key'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'invalid_request', undefined],
    [
      'a number for a sum',
      { body: { ...ORDER, amount: { value: 199, currency: 'RUB' } } },
      400,
      'invalid_request',
      'amount.value',
    ],
    ['a sum of three decimals', { body: { ...ORDER, amount: rub('1.999') } }, 400, 'invalid_request', 'amount.value'],
    ['less than a rouble', { body: { ...ORDER, amount: rub('0.99') } }, 400, 'invalid_request', 'amount.value'],
    [
      'dollars',
      { body: { ...ORDER, amount: { value: '5.00', currency: 'USD' } } },
      400,
      'invalid_request',
      'amount.currency',
    ],
    ['nowhere to go back', { body: { ...ORDER, confirmation: undefined } }, 400, 'invalid_request', 'confirmation'],
    ['a long description', { body: { ...ORDER, description: 'x'.repeat(129) } }, 400, 'invalid_request', 'description'],
    ['metadata of no text', { body: { ...ORDER, metadata: { n: 1 } } }, 400, 'invalid_request', 'metadata.n'],
    [
      'SBP in two stages',
      { body: { ...ORDER, capture: false, payment_method_data: { type: 'sbp' } } },
      400,
      'invalid_request',
      'capture',
    ],
    [
      'too much by SBP',
      { body: { ...ORDER, amount: rub('700000.01'), payment_method_data: { type: 'sbp' } } },
      400,
      'invalid_request',
      'amount.value',
    ],
    [
      'a method that nobody saved',
      { body: { ...ORDER, payment_method_id: 'x' } },
      400,
      'invalid_request',
      'payment_method_id',
    ],
    [
      'to save where that is not allowed',
      { shop: BARE, body: { ...ORDER, save_payment_method: true } },
      403,
      'forbidden',
      undefined,
    ],
    ['no receipt where one is needed', { shop: RECEIPTS }, 400, 'invalid_request', 'receipt'],
    [
      'a receipt by telephone',
      { shop: RECEIPTS, body: { ...ORDER, receipt: { customer: { phone: '79000000000' }, items: [ITEM] } } },
      400,
      'invalid_request',
      'receipt.customer.email',
    ],
    [
      'a receipt of another sum',
      {
        shop: RECEIPTS,
        body: { ...ORDER, receipt: { customer: { email: 'a@b.ru' }, items: [{ ...ITEM, amount: rub('198.99') }] } },
      },
      400,
      'invalid_request',
      'receipt.items',
    ],
    [
      'a receipt with a tax that there is not',
      {
        shop: RECEIPTS,
        body: { ...ORDER, receipt: { customer: { email: 'a@b.ru' }, items: [{ ...ITEM, vat_code: 13 }] } },
      },
      400,
      'invalid_request',
      'receipt.items.0.vat_code',
    ],
  ])('refuses %s', async (_what, asked, status, code, parameter) => {
    const { status: answered, body } = await call('POST', '/payments', { body: ORDER, ...asked });
    expect([answered, body]).toEqual([
      status,
      {
        ...{ type: 'error', id: expect.any(String), code, description: expect.any(String) },
        ...(parameter !== undefined && { parameter }),
      },
    ]);
    expect(await spec.client.yookassa.payments()).toEqual([]);
  });

  it('answers a key as the first time, whatever has happened since, and refuses it for something else', async () => {
    const first = await call<Payment>('POST', '/payments', { body: ORDER, key: 'same' });
    await spec.client.yookassa.pay(first.body.id);
    expect(await call('POST', '/payments', { body: ORDER, key: 'same' })).toEqual(first);
    const other = await call('POST', '/payments', { body: { ...ORDER, amount: rub('1.00') }, key: 'same' });
    expect(other).toMatchObject({ status: 400, body: { parameter: 'Idempotence-Key' } });
    const elsewhere = await call<Payment>('POST', '/payments', { body: ORDER, key: 'same', shop: BARE });
    expect(elsewhere.body.id).not.toBe(first.body.id);
    // A refusal is no answer to keep.
    const wrong = { ...ORDER, amount: rub('0.01') };
    expect((await call('POST', '/payments', { body: wrong, key: 'again' })).status).toBe(400);
    expect((await call('POST', '/payments', { body: ORDER, key: 'again' })).status).toBe(200);
  });

  it('takes money in two stages, a part of it, or lets go of it', async () => {
    const [part, none] = [await order({ capture: false }), await order({ capture: false })];
    for (const { id } of [part, none]) {
      expect((await call('POST', `/payments/${id}/capture`, { body: {} })).status).toBe(400);
      expect((await call('POST', `/payments/${id}/cancel`, { body: {} })).status).toBe(400);
      await spec.client.yookassa.pay(id);
    }
    expect(await read(part.id)).toMatchObject({
      status: 'waiting_for_capture',
      paid: true,
      expires_at: expect.any(String),
    });
    const tooMuch = await call('POST', `/payments/${part.id}/capture`, { body: { amount: rub('199.01') } });
    expect(tooMuch.status).toBe(400);
    const captured = await call('POST', `/payments/${part.id}/capture`, { body: { amount: rub('100.00') } });
    expect(captured.body).toMatchObject({ status: 'succeeded', amount: rub('100.00'), income_amount: rub('95.73') });
    const cancelled = await call('POST', `/payments/${none.id}/cancel`, { body: {} });
    const cancellation_details = { party: 'merchant', reason: 'canceled_by_merchant' };
    expect(cancelled.body).toMatchObject({ status: 'canceled', paid: false, cancellation_details });
  });

  it('registers receipts with a payment, before a charge ends, and with a refund in part', async () => {
    const receipt = { customer: { email: 'anna@example.com' }, items: [ITEM] };
    const first = await order({ receipt, save_payment_method: true }, RECEIPTS);
    expect(first.receipt_registration).toBe('pending');
    await spec.client.yookassa.pay(first.id);
    expect(await read(first.id, RECEIPTS)).toMatchObject({
      receipt_registration: 'succeeded',
      payment_method: { saved: true },
    });

    const { confirmation: _none, ...charge } = ORDER;
    const charged = await call<Payment>('POST', '/payments', {
      shop: RECEIPTS,
      body: { ...charge, payment_method_id: first.id, receipt },
    });
    expect(charged.body).toMatchObject({ status: 'pending', payment_method: { id: first.id } });
    await until(async () => (await read(charged.body.id, RECEIPTS)).status === 'succeeded');

    const refund = (value: string, more = {}) =>
      call('POST', '/refunds', { shop: RECEIPTS, body: { payment_id: first.id, amount: rub(value), ...more } });
    expect(await refund('9.00')).toMatchObject({ status: 400, body: { parameter: 'receipt' } });
    const part = { ...receipt, items: [{ ...ITEM, amount: rub('9.00') }] };
    expect((await refund('9.00', { receipt: part })).body).toMatchObject({
      status: 'succeeded',
      receipt_registration: 'succeeded',
    });
    const full = await call('POST', '/refunds', {
      shop: RECEIPTS,
      body: { payment_id: charged.body.id, amount: rub('199.00') },
    });
    expect(full.body).toMatchObject({ receipt_registration: 'succeeded' });
  });

  it('gives back what is left and not a kopeck more', async () => {
    const { id } = await order();
    const refund = (value: string) =>
      call('POST', '/refunds', { body: { payment_id: id, amount: rub(value), description: 'why' } });
    expect(await refund('10.00')).toMatchObject({ status: 400, body: { parameter: 'payment_id' } });
    await spec.client.yookassa.pay(id);
    const first = await refund('10.00');
    expect(first.body).toEqual({
      id: expect.any(String),
      payment_id: id,
      status: 'succeeded',
      created_at: expect.any(String),
      amount: rub('10.00'),
      description: 'why',
    });
    expect((await call('GET', `/refunds/${first.body['id'] as string}`)).body).toEqual(first.body);
    expect(await refund('189.01')).toMatchObject({ status: 400, body: { parameter: 'amount' } });
    await refund('189.00');
    expect(await read(id)).toMatchObject({ refunded_amount: rub('199.00'), refundable: false });
    expect((await call('GET', `/refunds?payment_id=${id}`)).body['items']).toHaveLength(2);
  });

  it('thinks about a refund, and may refuse it in the end', async () => {
    const { id } = await order();
    await spec.client.yookassa.pay(id);
    const refund = async (course: { afterMs?: number; reason?: string }) => {
      await spec.client.yookassa.setNextRefund(id, course);
      const { body } = await call('POST', '/refunds', { body: { payment_id: id, amount: rub('100.00') } });
      return body;
    };
    const states = async () =>
      ((await call('GET', `/refunds?payment_id=${id}`)).body['items'] as { status: string }[]).map((one) => one.status);
    expect(await refund({ afterMs: 60_000 })).toMatchObject({ status: 'pending' });
    const tooMuch = await call('POST', '/refunds', { body: { payment_id: id, amount: rub('100.00') } });
    expect(tooMuch.status).toBe(400);
    await until(async () => (await states())[0] === 'succeeded');
    await spec.client.yookassa.setNextRefund(id, { reason: 'rejected_by_payee' });
    const refused = await call('POST', '/refunds', { body: { payment_id: id, amount: rub('50.00') } });
    const cancellation_details = { party: 'payment_network', reason: 'rejected_by_payee' };
    expect(refused.body).toMatchObject({ status: 'canceled', cancellation_details });
    expect(await read(id)).toMatchObject({ refunded_amount: rub('100.00') });
  });

  it('answers a stock client', async () => {
    const { shopId: shop_id, secretKey: secret_key } = SHOP;
    const sdk = YooKassa({ shop_id, secret_key, endpoint: base, maxRPS: 1000, retries: 0 });
    const made = await sdk.payments.create({ ...ORDER, capture: false } as never, 'sdk-1');
    await spec.client.yookassa.pay(made.id);
    expect(await sdk.payments.load(made.id)).toMatchObject({ status: 'waiting_for_capture' });
    expect(await sdk.payments.capture(made.id)).toMatchObject({ status: 'succeeded' });
    const refund = await sdk.refunds.create({ payment_id: made.id, amount: rub('1.00') as never });
    expect(await sdk.refunds.load(refund.id)).toMatchObject({ status: 'succeeded', payment_id: made.id });
    for (let i = 0; i < 12; i += 1) await order();
    expect(await sdk.payments.list({ limit: 5 })).toHaveLength(13);
    await expect(sdk.payments.load('unknown')).rejects.toThrow("Payment doesn't exist");
  });

  it('lists by time and state, the newest first, in pages that nothing new shifts', async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i += 1) made.push((await order()).id);
    await spec.client.yookassa.pay(made[2]!);
    type List = { items: Payment[]; next_cursor?: string };
    const list = async (query: string) => (await call<List>('GET', `/payments?${query}`)).body;
    const ids = ({ items }: List) => items.map(({ id }) => id);
    const first = await list('limit=2');
    await order();
    const second = await list(`limit=2&cursor=${first.next_cursor}`);
    const third = await list(`limit=2&cursor=${second.next_cursor}`);
    expect([...ids(first), ...ids(second), ...ids(third)]).toEqual(made.toReversed());
    expect(third.next_cursor).toBeUndefined();
    expect(ids(await list('status=succeeded'))).toEqual([made[2]]);
    const { created_at: at } = await read(made[1]!);
    expect(ids(await list(`created_at.lt=${encodeURIComponent(at)}`))).toEqual([made[0]]);
    expect(ids(await list('captured_at.gte=2020-01-01T00:00:00.000Z'))).toEqual([made[2]]);
    for (const query of ['limit=101', 'limit=0', 'created_at.gte=yesterday', 'cursor=unknown', 'colour=red'])
      expect((await call('GET', `/payments?${query}`)).status).toBe(400);
  });

  it('says what it is to whom', async () => {
    expect((await call('GET', '/me')).body).toMatchObject({ account_id: '600001', status: 'enabled', test: true });
    expect((await call('GET', '/nothing')).status).toBe(404);
  });

  describe('the page', () => {
    it('shows what is paid to whom in the language of the browser, and takes a card', async () => {
      const { id, confirmation: shown } = await order({ description: '<b>Plus</b>' });
      const url = shown!.confirmation_url;
      const russian = await (await fetch(url, { headers: { 'accept-language': 'ru' } })).text();
      expect(russian).toContain('Лавка &amp; Co');
      expect(russian).toContain('&lt;b&gt;Plus&lt;/b&gt;');
      expect(russian).toMatch(/Оплатить 199\s₽/);
      expect(await (await fetch(url, { headers: { 'accept-language': 'en' } })).text()).toMatch(/Pay ₽199/);
      const paid = await press(url, { method: 'bank_card', outcome: 'pay' });
      expect([paid.status, paid.headers.get('location')]).toEqual([303, 'https://shop.example/back']);
      expect(await read(id)).toMatchObject({ status: 'succeeded' });
      // A second press changes nothing.
      await press(url, { method: 'bank_card', outcome: 'insufficient_funds' });
      expect(await read(id)).toMatchObject({ status: 'succeeded' });
      expect(await (await fetch(url)).text()).toContain('Paid');
    });

    it('lets a bank decline, for a reason', async () => {
      const { id, confirmation: shown } = await order();
      await press(shown!.confirmation_url, { method: 'bank_card', outcome: 'insufficient_funds' });
      const cancellation_details = { party: 'payment_network', reason: 'insufficient_funds' };
      expect(await read(id)).toMatchObject({ status: 'canceled', cancellation_details });
      const after = await (await fetch(shown!.confirmation_url)).text();
      expect(after).toContain('Declined');
      expect(after).toContain('href="https://shop.example/back"');
    });

    it('leads to the bank for SBP, which confirms at once, late or never', async () => {
      const sbp = async (outcome: string) => {
        const { id, confirmation: shown } = await order({ payment_method_data: { type: 'sbp' } });
        const url = shown!.confirmation_url;
        expect(await (await fetch(url)).text()).not.toContain('value="bank_card"');
        const toBank = await press(url, { method: 'sbp', outcome: 'pay' });
        expect(toBank.headers.get('location')).toBe(`/yookassa/checkout/${id}/sbp`);
        const bank = `${url}/sbp`;
        expect(await (await fetch(bank)).text()).toContain('<svg');
        await press(bank, { method: 'green', outcome });
        return { id, url };
      };
      const { id } = await sbp('pay');
      expect(await read(id)).toMatchObject({
        status: 'succeeded',
        payment_method: { type: 'sbp', sbp_operation_id: expect.any(String) },
      });
      const late = await sbp('slow');
      expect(await read(late.id)).toMatchObject({ status: 'pending', paid: false });
      expect(await (await fetch(late.url)).text()).toContain('The bank has not decided yet');
      await until(async () => (await read(late.id)).status === 'succeeded');
      const { id: refused } = await sbp('general_decline');
      expect(await read(refused)).toMatchObject({ status: 'canceled' });
    });
  });

  describe('its notifications', () => {
    const heard = (id: string) => received.filter(({ object }) => object.id === id).map(({ event }) => event);
    const ofEvent = (event: string) => until(() => received.find((one) => one.event === event));

    it('tell of each thing that happens, with the object as it was', async () => {
      const { id } = await order({ save_payment_method: true });
      await spec.client.yookassa.pay(id);
      expect(await ofEvent('payment.succeeded')).toMatchObject({
        type: 'notification',
        object: { id, status: 'succeeded' },
      });
      expect(await ofEvent('payment_method.active')).toMatchObject({ object: { id, saved: true, status: 'active' } });
      await spec.client.yookassa.refund(id, rub('1.00'));
      expect(await ofEvent('refund.succeeded')).toMatchObject({ object: { payment_id: id, amount: rub('1.00') } });
      const other = await order();
      await spec.client.yookassa.expire(other.id);
      const details = { party: 'yoo_money', reason: 'expired_on_confirmation' };
      expect(await ofEvent('payment.canceled')).toMatchObject({
        object: { id: other.id, cancellation_details: details },
      });
    });

    it('are repeated until they are taken, doubled, lost and turned about as ordered', async () => {
      status = 500;
      const first = await order();
      await spec.client.yookassa.pay(first.id);
      await until(() => received.length > 0);
      status = 200;
      await until(() => heard(first.id).length >= 2);
      const cause = async (kind: string) => {
        await spec.faults({ target: 'yookassa.webhook', kind, times: 1, ms: 60_000 });
        const { id } = await order();
        await spec.client.yookassa.pay(id);
        return id;
      };
      const [lost, doubled, held] = [await cause('drop'), await cause('duplicate'), await cause('reorder')];
      const after = await order();
      await spec.client.yookassa.pay(after.id);
      await until(() => heard(held).length > 0 && heard(doubled).length === 2);
      expect(heard(lost)).toEqual([]);
      const sequence = received.map(({ object }) => object.id);
      expect(sequence.indexOf(after.id)).toBeLessThan(sequence.indexOf(held));
    });

    it('can be claimed by anybody', async () => {
      const { id } = await order();
      await spec.client.yookassa.forge('600001', 'payment.succeeded', { id, status: 'succeeded', paid: true });
      expect(await ofEvent('payment.succeeded')).toMatchObject({ object: { id, paid: true } });
      expect(await read(id)).toMatchObject({ status: 'pending', paid: false });
    });
  });
});
