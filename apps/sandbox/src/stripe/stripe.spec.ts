import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Stripe from 'stripe';
import { type Running, startForSpec, until } from '../start-for-spec';

const KEY = 'sk_test_sandbox';
const SECRET = 'whsec_spec';

describe('Stripe, asked by its official client', () => {
  let spec: Running;
  let stripe: Stripe;
  let hooks: Server;
  let told: { headers: Record<string, string>; body: string }[] = [];
  let status = 200;

  beforeAll(async () => {
    hooks = createServer(async (req, res) => {
      told.push({ headers: req.headers as Record<string, string>, body: await text(req) });
      res.writeHead(status).end();
    });
    await new Promise<void>((listening) => hooks.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(hooks.address() as AddressInfo).port}/`;
    const webhook = { url, secret: SECRET };
    const thinWebhook = { url: `${url}thin`, secret: 'whsec_thin' };
    spec = await startForSpec({ stripe: { accounts: [{ key: KEY, webhook, thinWebhook }, { key: 'sk_live_other' }] } });
    stripe = clientOf(KEY);
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

  /** The official client knows hosts only, and ours has a path before its own. */
  const clientOf = (key: string, maxNetworkRetries = 0) =>
    new Stripe(key, {
      maxNetworkRetries,
      telemetry: false,
      httpClient: Stripe.createFetchHttpClient((url: string | URL | Request, init?: RequestInit) =>
        fetch(String(url).replace('https://api.stripe.com', spec.sandbox.addresses['stripe']!), init),
      ),
    });
  const item = { price_data: { currency: 'usd', unit_amount: 999, product_data: { name: 'Plus' } }, quantity: 1 };
  const params: Stripe.Checkout.SessionCreateParams = {
    mode: 'payment',
    line_items: [item],
    success_url: 'https://shop.example/done?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://shop.example/cart',
    client_reference_id: 'ord_1',
    payment_intent_data: { metadata: { order: 'ord_1' } },
  };
  const session = (more: Stripe.Checkout.SessionCreateParams = {}, options: Stripe.RequestOptions = {}) =>
    stripe.checkout.sessions.create({ ...params, ...more }, options);
  const read = (id: string) =>
    stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent.latest_charge.balance_transaction'] });
  const eventsTold = (type: string) =>
    told.map(({ body }) => JSON.parse(body) as Stripe.Event).filter((event) => event.type === type);
  const arrives = (type: string) => until(() => told.find(({ body }) => body.includes(`"type":"${type}"`)));
  const verify = ({ body, headers }: (typeof told)[number], secret = SECRET) =>
    stripe.webhooks.constructEvent(body, headers['stripe-signature']!, secret);
  const refusal = async (call: Promise<unknown>) =>
    (await call.then(
      () => undefined,
      (error: Stripe.errors.StripeError) => error,
    ))!;

  /** Somebody whose card is saved. */
  async function saved(card = '4242424242424242') {
    const customer = await stripe.customers.create({ metadata: { user: 'u1' } });
    const made = await session({ customer: customer.id, payment_intent_data: { setup_future_usage: 'off_session' } });
    await spec.client.stripe.pay(made.id, card);
    const { data } = await stripe.customers.listPaymentMethods(customer.id);
    return { customer: customer.id, payment_method: data[0]!.id };
  }
  const charge = (who: { customer: string; payment_method: string }, more: object = {}, options = {}) =>
    stripe.paymentIntents.create(
      { amount: 500, currency: 'usd', ...who, off_session: true, confirm: true, ...more },
      options,
    );

  it('a session is paid once: money, fee and order are told of, and by a signed webhook', async () => {
    const made = await session();
    expect(made).toMatchObject({
      status: 'open',
      payment_status: 'unpaid',
      amount_total: 999,
      currency: 'usd',
      payment_intent: null,
      livemode: false,
    });
    expect(made.id).toMatch(/^cs_test_/);
    await spec.client.stripe.pay(made.id);
    const paid = await read(made.id);
    expect(paid).toMatchObject({ status: 'complete', payment_status: 'paid', client_reference_id: 'ord_1', url: null });
    const intent = paid.payment_intent as Stripe.PaymentIntent;
    const taken = intent.latest_charge as Stripe.Charge;
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 999, metadata: { order: 'ord_1' } });
    expect(taken.balance_transaction).toMatchObject({ amount: 999, fee: 59, net: 940 });
    const event = verify(await arrives('checkout.session.completed'));
    expect(event).toMatchObject({
      api_version: '2026-09-30.endive',
      livemode: false,
      data: { object: { id: made.id } },
    });
    expect((await stripe.events.retrieve(event.id)).data).toEqual(event.data);
    await expect(spec.client.stripe.pay(made.id)).rejects.toThrow('409');
  });

  it('a card that was declined leaves the session open for another one', async () => {
    const made = await session();
    await spec.client.stripe.decline(made.id, 'insufficient_funds');
    const declined = await read(made.id);
    expect([declined.status, declined.payment_status]).toEqual(['open', 'unpaid']);
    expect((declined.payment_intent as Stripe.PaymentIntent).last_payment_error).toMatchObject({
      decline_code: 'insufficient_funds',
    });
    await spec.client.stripe.pay(made.id);
    expect((await read(made.id)).payment_status).toBe('paid');
    await arrives('payment_intent.payment_failed');
  });

  it('what takes days is complete and unpaid, and ends one way or the other', async () => {
    const [first, second] = [await session(), await session()];
    for (const { id } of [first, second]) await spec.client.stripe.payLater(id);
    expect(await read(first.id)).toMatchObject({ status: 'complete', payment_status: 'unpaid' });
    await spec.client.stripe.settle(first.id, true);
    await spec.client.stripe.settle(second.id, false);
    expect([(await read(first.id)).payment_status, (await read(second.id)).payment_status]).toEqual(['paid', 'unpaid']);
    await arrives('checkout.session.async_payment_succeeded');
    await arrives('checkout.session.async_payment_failed');
  });

  it('expires when told to, or by itself, and then cannot be paid', async () => {
    const made = await session();
    expect((await stripe.checkout.sessions.expire(made.id)).status).toBe('expired');
    expect(await refusal(stripe.checkout.sessions.expire(made.id))).toMatchObject({ statusCode: 400 });
    await expect(spec.client.stripe.pay(made.id)).rejects.toThrow('expired');
    await arrives('checkout.session.expired');
  });

  it.each<[string, Stripe.Checkout.SessionCreateParams, object]>([
    ['without a mode', { mode: undefined as never }, { param: 'mode', code: 'parameter_missing' }],
    ['with an unknown parameter', { colour: 'red' } as never, { param: 'colour', code: 'parameter_unknown' }],
    [
      'without a price',
      { line_items: [{ quantity: 1 }] },
      { param: 'line_items[0][price_data]', code: 'parameter_missing' },
    ],
    [
      'of too little',
      { line_items: [{ ...item, price_data: { ...item.price_data, unit_amount: 49 } }] },
      { code: 'amount_too_small' },
    ],
    ['that would expire too soon', { expires_at: Math.floor(Date.now() / 1000) + 60 }, { param: 'expires_at' }],
    ['of a customer that is not known', { customer: 'cus_none' }, { param: 'customer', code: 'resource_missing' }],
  ])('a session %s is refused', async (_what, more, facts) => {
    expect(await refusal(session(more))).toMatchObject({
      statusCode: 400,
      type: 'StripeInvalidRequestError',
      ...facts,
    });
  });

  it('a key that is missing, wrong, expired or of somebody else opens nothing', async () => {
    const made = await session();
    expect(await refusal(clientOf('sk_test_wrong').checkout.sessions.retrieve(made.id))).toMatchObject({
      statusCode: 401,
      type: 'StripeAuthenticationError',
    });
    expect(await refusal(clientOf('sk_live_other').checkout.sessions.retrieve(made.id))).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    });
    await spec.client.stripe.setAccount({ key: KEY, expired: true });
    expect(await refusal(stripe.checkout.sessions.retrieve(made.id))).toMatchObject({
      statusCode: 401,
      code: 'api_key_expired',
    });
    await spec.client.stripe.setAccount({ key: KEY, expired: false });
    expect((await clientOf('sk_live_other').checkout.sessions.create(params)).livemode).toBe(true);
    const none = await fetch(`${spec.sandbox.addresses['stripe']}/v1/checkout/sessions`, { method: 'POST' });
    expect(none.status).toBe(401);
  });

  describe('an idempotency key', () => {
    it('gives the answer of before, says so, and refuses other parameters', async () => {
      const first = await session({}, { idempotencyKey: 'k1' });
      const again = await session({}, { idempotencyKey: 'k1' });
      // With `fetch` its own answer is what is given out.
      const { headers } = again.lastResponse as unknown as Response;
      expect([again.id, headers.get('idempotent-replayed')]).toEqual([first.id, 'true']);
      expect(await refusal(session({ client_reference_id: 'other' }, { idempotencyKey: 'k1' }))).toMatchObject({
        statusCode: 400,
        type: 'StripeIdempotencyError',
      });
      await spec.client.stripe.forgetIdempotencyKeys();
      expect((await session({}, { idempotencyKey: 'k1' })).id).not.toBe(first.id);
    });

    it('that is in use is a conflict', async () => {
      await spec.fault('stripe.checkout.sessions.create', 'delay', { ms: 300 });
      const first = session({}, { idempotencyKey: 'k2' });
      await until(async () => (await spec.client.faults()).length === 0);
      expect(await refusal(session({}, { idempotencyKey: 'k2' }))).toMatchObject({
        statusCode: 409,
        code: 'idempotency_key_in_use',
      });
      expect((await first).id).toMatch(/^cs_/);
    });

    it('is remembered for what was carried out and not answered, and not for what was malformed', async () => {
      await spec.fault('stripe.checkout.sessions.create', '500-after-commit');
      expect(await refusal(session({}, { idempotencyKey: 'k3' }))).toMatchObject({
        statusCode: 500,
        type: 'StripeAPIError',
      });
      await session({}, { idempotencyKey: 'k3' });
      expect(await spec.client.stripe.objects('checkout.session')).toHaveLength(1);
      await refusal(session({ mode: undefined as never }, { idempotencyKey: 'k4' }));
      expect((await session({}, { idempotencyKey: 'k4' })).status).toBe('open');
    });
  });

  describe('a saved card', () => {
    it('is charged without the person', async () => {
      const who = await saved();
      expect(await charge(who)).toMatchObject({ status: 'succeeded', amount_received: 500, customer: who.customer });
    });

    it('can be declined, ask for the person, think about it, or be gone', async () => {
      const who = await saved();
      await spec.client.stripe.setNextCharge(who.payment_method, 'insufficient_funds');
      const declined = await refusal(charge(who, {}, { idempotencyKey: 'c1' }));
      expect(declined).toMatchObject({
        statusCode: 402,
        type: 'StripeCardError',
        decline_code: 'insufficient_funds',
        payment_intent: { status: 'requires_payment_method' },
      });
      expect(await refusal(charge(who, {}, { idempotencyKey: 'c1' }))).toMatchObject({ statusCode: 402 });
      const asking = await saved('4000002760003184');
      expect(await refusal(charge(asking))).toMatchObject({ statusCode: 402, code: 'authentication_required' });
      await spec.client.stripe.setNextCharge(who.payment_method, 'processing');
      const pending = await charge(who);
      expect(pending.status).toBe('processing');
      await spec.client.stripe.settleIntent(pending.id, true);
      expect((await stripe.paymentIntents.retrieve(pending.id)).status).toBe('succeeded');
      await stripe.paymentMethods.detach(who.payment_method);
      expect(await refusal(charge(who))).toMatchObject({ statusCode: 400, param: 'payment_method' });
    });

    it('is looked after by its person in the portal, for some minutes', async () => {
      const { customer, payment_method } = await saved();
      const { url } = await stripe.billingPortal.sessions.create({
        customer,
        return_url: 'https://shop.example/me',
        locale: 'ru',
      });
      expect(await (await fetch(url)).text()).toContain('visa ·· 4242');
      const press = (form: Record<string, string>) => fetch(url, { method: 'POST', body: new URLSearchParams(form) });
      await press({ remove: payment_method });
      expect((await stripe.paymentMethods.retrieve(payment_method)).customer).toBeNull();
      await press({ add: '4242424242424242' });
      const { data } = await stripe.customers.listPaymentMethods(customer);
      await press({ use: data[0]!.id });
      const known = (await stripe.customers.retrieve(customer)) as Stripe.Customer;
      expect(known.invoice_settings.default_payment_method).toBe(data[0]!.id);
      await arrives('customer.updated');
      await spec.client.stripe.setAccount({ key: KEY, portal: false });
      expect(await refusal(stripe.billingPortal.sessions.create({ customer }))).toMatchObject({ statusCode: 400 });
      await spec.client.stripe.setAccount({ key: KEY, portal: true });
    });
  });

  describe('money back', () => {
    const paid = async () => {
      const made = await session();
      await spec.client.stripe.pay(made.id);
      return (await read(made.id)).payment_intent as Stripe.PaymentIntent;
    };

    it('in parts and never more than there was, by the API and by the dashboard', async () => {
      const { id } = await paid();
      const part = await stripe.refunds.create({ payment_intent: id, amount: 400, metadata: { refund: 'r1' } });
      expect(part).toMatchObject({ status: 'succeeded', amount: 400, payment_intent: id });
      expect(await refusal(stripe.refunds.create({ payment_intent: id, amount: 600 }))).toMatchObject({
        statusCode: 400,
        param: 'amount',
      });
      await spec.client.stripe.refund(id);
      expect(await refusal(stripe.refunds.create({ payment_intent: id }))).toMatchObject({
        code: 'charge_already_refunded',
      });
      const { latest_charge } = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
      expect(latest_charge).toMatchObject({ amount_refunded: 999, refunded: true });
      expect((await stripe.refunds.list({ payment_intent: id })).data.map(({ amount }) => amount)).toEqual([599, 400]);
      await arrives('charge.refunded');
    });

    it('that the bank has to decide about', async () => {
      await spec.client.stripe.setAccount({ key: KEY, slowRefunds: true });
      const { id } = await paid();
      const { id: refund } = await stripe.refunds.create({ payment_intent: id });
      expect((await stripe.refunds.retrieve(refund)).status).toBe('pending');
      await spec.client.stripe.settleRefund(refund, false);
      expect(await stripe.refunds.retrieve(refund)).toMatchObject({
        status: 'failed',
        failure_reason: expect.any(String),
      });
      await spec.client.stripe.setAccount({ key: KEY, slowRefunds: false });
    });

    it('that a bank took', async () => {
      const { id } = await paid();
      const dispute = await spec.client.stripe.dispute(id);
      expect(await refusal(stripe.refunds.create({ payment_intent: id }))).toMatchObject({ code: 'charge_disputed' });
      expect((await stripe.disputes.list({ payment_intent: id })).data).toMatchObject([{ status: 'needs_response' }]);
      await spec.client.stripe.closeDispute(dispute.id, 'lost');
      expect((await stripe.disputes.list({ payment_intent: id })).data).toMatchObject([{ status: 'lost' }]);
      await arrives('charge.dispute.closed');
    });
  });

  it('lists go page by page, and events by kind and time', async () => {
    for (let i = 0; i < 5; i += 1) await spec.client.stripe.pay((await session()).id);
    const all: string[] = [];
    for await (const { id } of stripe.checkout.sessions.list({ limit: 2 })) all.push(id);
    expect(new Set(all).size).toBe(5);
    const since = Math.floor(Date.now() / 1000) - 60;
    const types = ['checkout.session.completed', 'charge.refunded'];
    expect((await stripe.events.list({ types, created: { gte: since } })).data).toHaveLength(5);
    expect((await stripe.events.list({ type: 'charge.*', created: { lt: since } })).data).toEqual([]);
    expect((await stripe.paymentIntents.search({ query: "metadata['order']:'ord_1'" })).data).toHaveLength(5);
  });

  it.each([
    ['429', { statusCode: 429, type: 'StripeRateLimitError' }],
    ['500', { statusCode: 500, type: 'StripeAPIError' }],
    ['reset', { type: 'StripeConnectionError' }],
  ])('%s is what the official client takes it for', async (kind, facts) => {
    await spec.fault('stripe.checkout.sessions.create', kind);
    if (kind === 'reset') await spec.fault('stripe.checkout.sessions.create', kind);
    expect(await refusal(session())).toMatchObject(facts);
  });

  describe('a webhook', () => {
    const cause = async (fault: string) => {
      await spec.fault('stripe.webhook', fault, { after: 0 });
      await session().then(({ id }) => stripe.checkout.sessions.expire(id));
      return arrives('checkout.session.expired');
    };

    it.each([
      ['wrong-secret', false],
      ['old-timestamp', false],
      ['no-signature', false],
      ['two-v1', true],
    ])('with the flaw %s is authentic: %s', async (fault, isAuthentic) => {
      const raw = await cause(fault);
      if (isAuthentic) expect(verify(raw).type).toBe('checkout.session.expired');
      else expect(() => verify(raw)).toThrow();
    });

    it('is sent again with a new time until it is taken, and can be replayed as it was', async () => {
      status = 500;
      await cause('delay');
      status = 200;
      await until(() => told.length >= 2);
      expect(told[1]!.body).toBe(told[0]!.body);
      const sent = await until(async () =>
        (await spec.client.stripe.notifications(KEY)).find((one) => one.status === 200),
      );
      expect(await spec.client.stripe.replay(sent.id)).toBe(200);
      expect(told.at(-1)!.headers['stripe-signature']).toBe(sent.headers['stripe-signature']);
    });

    it('can come twice', async () => {
      await cause('duplicate');
      await until(() => eventsTold('checkout.session.expired').length === 2);
      expect(told[0]!.body).toBe(told[1]!.body);
    });
  });

  describe('usage', () => {
    const hour = Math.floor(Date.now() / 3_600_000) * 3600;
    const meter = () =>
      stripe.billing.meters.create({
        display_name: 'Tokens',
        event_name: 'tokens',
        default_aggregation: { formula: 'sum' },
      });
    const use = (customer: string, value: string, identifier: string, more: object = {}) =>
      stripe.billing.meterEvents.create({
        event_name: 'tokens',
        payload: { stripe_customer_id: customer, value },
        identifier,
        ...more,
      });

    it('is summed by the hour after a while, once for an identifier, and can be taken back', async () => {
      const { id } = await meter();
      const customer = await stripe.customers.create({});
      const asked = Date.now();
      await use(customer.id, '7', 'a', { timestamp: hour });
      await use(customer.id, '5', 'b', { timestamp: hour });
      await use(customer.id, '3', 'c', { timestamp: hour });
      expect(await refusal(use(customer.id, '7', 'a', { timestamp: hour }))).toMatchObject({ statusCode: 400 });
      await stripe.billing.meterEventAdjustments.create({
        event_name: 'tokens',
        type: 'cancel',
        cancel: { identifier: 'c' },
      });
      const sum = async () => {
        const window = { customer: customer.id, start_time: hour, end_time: hour + 3600 };
        return (await stripe.billing.meters.listEventSummaries(id, window)).data[0]!.aggregated_value;
      };
      const first = await sum();
      // On a busy machine it has been a while already.
      if (Date.now() - asked < 300) expect(first).toBe(0);
      await until(async () => (await sum()) === 12);
    });

    it('that is wrong is answered with 200, and told of later by an event that has to be fetched', async () => {
      await meter();
      await use('cus_none', '7', 'd');
      const raw = await arrives('v1.billing.meter.error_report_triggered');
      const thin = stripe.parseEventNotification(raw.body, raw.headers['stripe-signature']!, 'whsec_thin');
      const event = await stripe.v2.core.events.retrieve(thin.id);
      expect(event).toMatchObject({
        type: thin.type,
        data: { reason: { error_types: [{ code: 'meter_event_customer_not_found' }] } },
      });
      const late = Math.floor(Date.now() / 1000) - 36 * 86_400;
      expect(await refusal(use('cus_none', '7', 'e', { timestamp: late }))).toMatchObject({
        code: 'timestamp_too_far_in_past',
      });
    });
  });

  it('somebody pays on a page, in their language, after a card was declined', async () => {
    const { url, id } = await session({ locale: 'ru' });
    const shown = await (await fetch(url!)).text();
    expect(shown).toContain('Sandbox shop');
    expect(shown.replaceAll(/\s/g, ' ')).toMatch(/9,99 \$/);
    const press = (form: Record<string, string>) =>
      fetch(url!, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' });
    expect(await (await press({ outcome: 'decline' })).text()).toContain('Карта отклонена');
    const done = await press({ outcome: 'pay', method: '4242424242424242' });
    expect(done.headers.get('location')).toBe(`https://shop.example/done?session=${id}`);
    expect((await read(id)).payment_status).toBe('paid');
    expect(await (await fetch(url!)).text()).toContain('Оплачено');
    const other = await session();
    await fetch(other.url!, { method: 'POST', body: new URLSearchParams({ outcome: 'expire' }) });
    expect((await read(other.id)).status).toBe('expired');
  });
});
