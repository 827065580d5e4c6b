import {
  CancelOrder,
  OrderClosed,
  NoticeSendRequested,
  OrderPaid,
  PayOrder,
  QuoteOrder,
  ReadMyBalance,
  ReadShop,
  SubscriptionActivated,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { asked, books, looked, pay, pretended } from '../../test/pretended.provider';

const receipting = { ...pretended, name: 'receipting', recurring: false, needsEmail: () => true };
const sandbox = { apiRoot: 'http://127.0.0.1:9' };

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start({
    providers: [pretended, receipting],
    payments: { pretended: sandbox, receipting: sandbox },
  });
  planId = await shop.plan({ trialDays: 7 });
});
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(() => shop.app.stop());

const month = () => ({ kind: 'plan', planId }) as const;
const paidOf = (orderId: string) => shop.app.probe.until(OrderPaid, ({ data }) => data.orderId === orderId);

it('what is paid is had, once, however often it is told of', async () => {
  const ann = shop.person();
  const { trial } = await shop.app.gateway.call(ReadShop, { query: { botId: BOT } }, { actor: ann });
  expect(trial).toEqual({ planId, days: 7 });
  const order = await shop.place(ann, { wanted: month() });
  expect(order.next).toEqual({ kind: 'wait' });
  const externalId = await shop.page(ann, order.id);
  pay(externalId, 19900);
  await Promise.all(Array.from({ length: 5 }, () => shop.notify(externalId)));
  await shop.settled(ann, order.id);
  const { data } = await shop.app.probe.until(SubscriptionActivated, (event) => event.data.userId === ann.id);
  expect(data).toMatchObject({ status: 'active', features: { 'vpn.devices': 3 } });
  await shop.notify(externalId);
  const { subscriptions } = await shop.app.gateway.call(ReadShop, { query: { botId: BOT } }, { actor: ann });
  expect(subscriptions).toHaveLength(1);
  expect(await shop.balanceOf(ann)).toBe(0);
});

it('a body that claims to be paid is not believed', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month() });
  const externalId = await shop.page(ann, order.id);
  await shop.notify(externalId);
  await shop.runs('check-invoices');
  expect((await shop.order(ann, order.id)).state).toBe('awaiting');
});

it('a payment of which nobody tells is found by asking', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month() });
  pay(await shop.page(ann, order.id), 19900);
  shop.app.clock.advance(20_000);
  await shop.runs('check-invoices');
  await shop.settled(ann, order.id);
});

it('while an offer lives it is asked each minute whether it was paid', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month() });
  const page = await shop.page(ann, order.id);
  for (let minutes = 0; minutes < 12; minutes += 1) {
    shop.app.clock.advance(60_000);
    await shop.runs('check-invoices');
    await until(() => looked.filter((id) => id === page).length > minutes, { what: `minute ${minutes}` });
  }
  pay(page, 19900);
  shop.app.clock.advance(60_000);
  await shop.runs('check-invoices');
  await shop.settled(ann, order.id);
});

it('a payment that its provider does not know is asked about ever more seldom, and given up', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month() });
  const page = await shop.page(ann, order.id);
  books.delete(page);
  for (let hours = 0; hours < 5 * 24 + 7; hours += 3) {
    await shop.later(3 * 3_600_000);
    await shop.runs('check-invoices');
  }
  expect(looked.filter((id) => id === page).length).toBeLessThan(25);
  await shop.runs('give-up-invoices');
  const kept = `SELECT poll_at AS at, state, failure FROM invoices WHERE order_id = $1`;
  expect(await shop.app.service.db.query(kept, [order.id])).toEqual([
    { at: null, state: 'expired', failure: 'expired' },
  ]);
  expect(shop.app.probe.all(NoticeSendRequested).map(({ data }) => data.texts.en)).toContainEqual(
    expect.stringContaining('pretended of shop has not told it for days'),
  );
});

it('a page that nobody has paid by is over once it was asked about for the last time, and staff are told nothing', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month() });
  const page = await shop.page(ann, order.id);
  const before = shop.app.probe.all(NoticeSendRequested).length;
  const isOver = async () => {
    const rows = await shop.app.service.db.query<object[]>(
      `SELECT FROM invoices WHERE order_id = $1 AND state = 'expired' AND poll_at IS NULL`,
      [order.id],
    );
    return rows.length === 1;
  };
  await shop.later(4 * DAY_MS + 2 * 3_600_000);
  await shop.runs('give-up-invoices');
  expect(await isOver()).toBe(false);
  await shop.runs('check-invoices');
  await until(isOver, { what: 'the end of the page' });
  const looks = looked.filter((id) => id === page).length;
  await shop.later(60_000);
  await shop.runs('check-invoices');
  await shop.later(DAY_MS);
  await shop.runs('give-up-invoices');
  expect(looked.filter((id) => id === page)).toHaveLength(looks);
  expect(shop.app.probe.all(NoticeSendRequested)).toHaveLength(before);
});

it('whoever is not asked any more, or does not answer, keeps no other from being asked', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month(), provider: 'receipting', email: 'ann@example.com' });
  const page = await shop.page(ann, order.id);
  shop.app.clock.advance(20_000);
  const { db } = shop.app.service;
  // Of one that was taken out of the bot, and of one that knows none of them: all have waited for longer.
  await db.query(
    `INSERT INTO invoices (id, order_id, user_id, bot_id, provider, attempt, state, amount_minor, currency, external_id,
       created_at, expires_at, poll_at, revision)
     SELECT gen_random_uuid(), $1, $2, $3, provider, attempt, 'pending', 100, 'RUB', 'of-' || provider || attempt, $4, $4, $4, 1
     FROM generate_series(2, 701) AS attempt, LATERAL (SELECT CASE attempt % 2 WHEN 0 THEN 'no-more' ELSE 'pretended' END) AS of (provider)`,
    [order.id, ann.id, BOT, new Date(shop.app.clock.now().getTime() - 60_000)],
  );
  const lookedBefore = looked.length;
  await shop.runs('check-invoices');
  await until(() => looked.includes(page), { what: 'the other one to be asked' });
  await until(() => looked.length - lookedBefore >= 301, { what: 'all of them to be asked' });
  await shop.runs('check-invoices');
  // None of them a second time, before all had their turn.
  await until(() => looked.length - lookedBefore >= 351, { what: 'the others to be asked' });
  const asked = looked.slice(lookedBefore);
  expect(new Set(asked).size).toBe(351);
  expect(asked).toHaveLength(351);
  expect(asked.filter((id) => id.startsWith('of-no-more'))).toEqual([]);
  await db.query(`DELETE FROM invoices WHERE order_id = $1 AND attempt > 1`, [order.id]);
});

it('an order that was given up is served when its money comes late', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month() });
  const externalId = await shop.page(ann, order.id);
  await shop.app.gateway.call(CancelOrder, { params: { orderId: order.id }, idempotencyKey: uuidv7() }, { actor: ann });
  pay(externalId, 19900);
  await shop.notify(externalId);
  await shop.settled(ann, order.id);
  expect((await paidOf(order.id)).data.late).toBe(true);
});

it('an order that is not paid in time is closed, and is served all the same later', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month() });
  const externalId = await shop.page(ann, order.id);
  shop.app.clock.advance(3_600_001);
  await shop.runs('close-orders');
  await shop.app.probe.until(OrderClosed, ({ data }) => data.orderId === order.id && data.reason === 'expired');
  pay(externalId, 19900);
  await shop.runs('check-invoices');
  await shop.settled(ann, order.id);
});

it('what nobody has paid is deleted after ninety days, with all that belongs to it alone', async () => {
  await shop.promoCode('UNPAID', { kind: 'percent', percent: 50, max_uses: 10 });
  const ann = shop.person();
  const [unpaid, late, other] = [
    await shop.place(ann, { wanted: month(), promoCode: 'UNPAID' }),
    await shop.place(ann, { wanted: month() }),
    await shop.place(ann, { wanted: month() }),
  ];
  const pages = [await shop.page(ann, unpaid.id), await shop.page(ann, late.id), await shop.page(ann, other.id)];
  await shop.later(DAY_MS);
  await shop.runs('close-orders');
  pay(pages[1]!, 19900);
  pay(pages[2]!, 100);
  for (const page of pages) await shop.notify(page);
  await shop.settled(ann, late.id);
  await until(async () => (await shop.balanceOf(ann)) === 100, { what: 'the other amount' });
  const left = async () => {
    const count = (of: string) => `(SELECT count(*)::int FROM ${of} x WHERE x.user_id = $1)`;
    const [row] = await shop.app.service.db.query<[object]>(
      `SELECT ${count('orders')} AS orders, ${count('invoices')} AS invoices, ${count('promo_redemptions')} AS uses`,
      [ann.id],
    );
    return row;
  };
  await shop.later(88 * DAY_MS);
  await shop.runs('give-up-invoices');
  await shop.runs('forget-unpaid-orders');
  expect(await left()).toEqual({ orders: 3, invoices: 3, uses: 1 });
  await shop.later(2 * DAY_MS);
  await shop.runs('forget-unpaid-orders');
  expect(await left()).toEqual({ orders: 2, invoices: 2, uses: 0 });
  await expect(shop.order(ann, unpaid.id)).rejects.toMatchObject({ problem: { code: 'payments.order_not_found' } });
});

it('what comes in another currency than was asked for is on the balance in that, and staff are told', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month() });
  const page = await shop.page(ann, order.id);
  pay(page, 19900, { currency: 'USD' });
  await shop.notify(page);
  const balances = async () => (await shop.app.gateway.call(ReadMyBalance, { query: {} }, { actor: ann })).balances;
  await until(async () => (await balances()).some(({ currency }) => currency === 'USD'), { what: 'the balance' });
  expect(await balances()).toEqual([{ currency: 'USD', amountMinor: 19900 }]);
  expect((await shop.order(ann, order.id)).state).toBe('awaiting');
  const { subscriptions } = await shop.app.gateway.call(ReadShop, { query: { botId: BOT } }, { actor: ann });
  expect(subscriptions).toEqual([]);
  const { data } = await shop.app.probe.until(NoticeSendRequested, (event) => event.data.texts.en.includes(order.id));
  expect(data).toMatchObject({ audience: 'staff' });
  expect(data.texts.en).toContain('199.00 USD in place of 199.00 RUB');
});

it.each([
  ['less', 100],
  ['more', 50_000],
])('when %s comes than was asked for it is on the balance, and nothing is handed out', async (_, amountMinor) => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month() });
  const externalId = await shop.page(ann, order.id);
  pay(externalId, amountMinor);
  await shop.notify(externalId);
  await until(async () => (await shop.balanceOf(ann)) === amountMinor, { what: 'the balance' });
  expect((await shop.order(ann, order.id)).state).toBe('awaiting');
});

it('who pays the same page twice has the second payment on the balance', async () => {
  const ann = shop.person();
  const order = await shop.buy(ann, { wanted: month() });
  const externalId = `ext-${order.id}:1`;
  pay(externalId, 19900);
  await shop.notify(externalId);
  await until(async () => (await shop.balanceOf(ann)) === 19900, { what: 'the balance' });
});

it('a balance pays a part, and what is left is asked of the provider', async () => {
  const ann = shop.person();
  await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor: 5000 } });
  const order = await shop.buy(ann, { wanted: month(), useBalance: true });
  expect(order.quote).toMatchObject({ fromBalanceMinor: 5000 });
  expect(books.get(`ext-${order.id}:1`)!.takings[0]!.money.amountMinor).toBe(14900);
  expect((await paidOf(order.id)).data.fromBalanceMinor).toBe(5000);
  expect(await shop.balanceOf(ann)).toBe(0);
});

it('a balance that is not to be used stays', async () => {
  const ann = shop.person();
  await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor: 50_000 } });
  await shop.buy(ann, { wanted: month() });
  expect(await shop.balanceOf(ann)).toBe(50_000);
});

it('a cart that waits for the balance buys once after the top-up, whatever is told five times', async () => {
  const ann = shop.person();
  const cart = await shop.place(ann, { wanted: month(), provider: undefined });
  expect(cart.next).toEqual({ kind: 'top-up', missingMinor: 19900 });
  const topUp = await shop.place(ann, { wanted: { kind: 'top-up', amountMinor: 20000 } });
  const externalId = await shop.page(ann, topUp.id);
  pay(externalId, 20000);
  await Promise.all(Array.from({ length: 5 }, () => shop.notify(externalId)));
  await shop.settled(ann, cart.id);
  expect(await shop.balanceOf(ann)).toBe(100);
});

it('a promo code of which ten uses are left is had by ten of a hundred who race for it', async () => {
  await shop.promoCode('TEN', { kind: 'percent', percent: 50, max_uses: 10 });
  const wanted = month();
  const placed = await Promise.allSettled(
    Array.from({ length: 100 }, () => shop.place(shop.person(), { wanted, promoCode: 'ten' })),
  );
  const won = placed.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  expect(won).toHaveLength(10);
  expect(won[0]!.quote).toMatchObject({ listMinor: 19900, discountMinor: 9950, dueMinor: 9950 });
  const refused = placed.flatMap((one) =>
    one.status === 'rejected' ? [(one.reason as { problem: { code: string } }).problem.code] : [],
  );
  expect(new Set(refused)).toEqual(new Set(['payments.promo_used']));
});

it.each([
  ['payments.promo_not_found', 'NOBODY', {}],
  ['payments.promo_expired', 'OVER', { kind: 'percent', percent: 10, valid_until: new Date(Date.now() - DAY_MS) }],
  ['payments.promo_not_for_this', 'EUROS', { kind: 'fixed', amounts: { EUR: 100 } }],
  ['payments.promo_not_for_this', 'OTHERS', { kind: 'percent', percent: 10, plan_ids: [uuidv7()] }],
])('says %s', async (code, promoCode, row) => {
  if (Object.keys(row).length > 0) await shop.promoCode(promoCode, row);
  const body = { botId: BOT, wanted: month(), currency: 'RUB', promoCode };
  const quoted = shop.app.gateway.call(QuoteOrder, { body }, { actor: shop.person() });
  await expect(quoted).rejects.toMatchObject({ status: 422, problem: { code } });
});

it.each([
  ['payments.plan_not_found', { wanted: { kind: 'plan', planId: uuidv7() } as const }],
  ['payments.currency_not_sold', { currency: 'USD' }],
  ['payments.provider_not_offered', { provider: 'stripe' }],
  ['payments.amount_out_of_range', { wanted: { kind: 'top-up', amountMinor: 1 } as const }],
  ['payments.amount_out_of_range', { wanted: { kind: 'top-up', amountMinor: 999_999_999_999 } as const }],
])('refuses with %s', async (code, more) => {
  await expect(shop.place(shop.person(), { wanted: month(), ...more })).rejects.toMatchObject({ problem: { code } });
});

it('a free order asks no provider', async () => {
  await shop.promoCode('FREE', { kind: 'percent', percent: 100 });
  const before = asked.count;
  const order = await shop.place(shop.person(), { wanted: month(), promoCode: 'FREE' });
  expect(order).toMatchObject({ state: 'fulfilled', next: { kind: 'done' } });
  expect(asked.count).toBe(before);
});

it('nobody reads the order of somebody else', async () => {
  const order = await shop.place(shop.person(), { wanted: month() });
  await expect(shop.order(shop.person(), order.id)).rejects.toMatchObject({ status: 404 });
});

it('what a way to pay needs, and whether it goes on by itself, is told of each', async () => {
  const ann = shop.person();
  const byUse = { freeMicros: 1_000_000, prices: { RUB: 15000 } };
  const dear = await shop.plan({ byUse });
  const { payWith, plans, needsEmail } = await shop.app.gateway.call(
    ReadShop,
    { query: { botId: BOT } },
    { actor: ann },
  );
  expect(payWith.map((way) => [way.provider, way.needsEmail])).toEqual([
    ['pretended', false],
    ['receipting', true],
  ]);
  expect(needsEmail).toBe(true);
  expect(plans.find(({ id }) => id === dear)).toMatchObject({ byUse });
  expect(plans.find(({ id }) => id === planId)).not.toHaveProperty('byUse');
  const quote = (wanted: object) =>
    shop.app.gateway.call(
      QuoteOrder,
      { body: { botId: BOT, wanted: wanted as never, currency: 'RUB' } },
      { actor: ann },
    );
  expect((await quote(month())).renewsBy).toEqual(['pretended']);
  expect((await quote({ kind: 'top-up', amountMinor: 5000 })).renewsBy).toEqual([]);
});

it('who pays in another way gives the address that it needs, and saves the card as they had said', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month(), saveMethod: true });
  expect(order.totalMinor).toBe(19900);
  const again = (body: object) =>
    shop.app.gateway.call(
      PayOrder,
      { params: { orderId: order.id }, body: body as never, idempotencyKey: uuidv7() },
      { actor: ann },
    );
  await expect(again({ provider: 'receipting' })).rejects.toMatchObject({ problem: { code: 'payments.email_needed' } });
  await again({ provider: 'receipting', email: 'ann@example.com' });
  await again({ provider: 'pretended' });
  const [row] = await shop.app.service.db.query<object[]>(
    `SELECT saves_method AS saves, email IS NOT NULL AS addressed FROM orders WHERE id = $1`,
    [order.id],
  );
  expect(row).toEqual({ saves: true, addressed: true });
  const externalId = `ext-${order.id}:3`;
  await until(() => books.has(externalId), { what: 'the third page' });
  pay(externalId, 19900, { saves: 'card-again' });
  await shop.notify(externalId);
  const paid = await shop.settled(ann, order.id);
  expect(paid).toMatchObject({ totalMinor: 19900, quote: { dueMinor: 0 } });
  const { payWith } = await shop.app.gateway.call(ReadShop, { query: { botId: BOT } }, { actor: ann });
  expect(payWith[0]!.saved).toHaveLength(1);
});

it('how a balance came to be is read page by page, forth and back, and by currency', async () => {
  const ann = shop.person();
  for (const amountMinor of [1000, 2000, 4000]) await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor } });
  const read = (query: object) => shop.app.gateway.call(ReadMyBalance, { query: query as never }, { actor: ann });
  const whole = await read({});
  expect(whole.data.map(({ changeMinor, balanceMinor }) => [changeMinor, balanceMinor])).toEqual([
    [4000, 7000],
    [2000, 3000],
    [1000, 1000],
  ]);
  const first = await read({ limit: 2 });
  const second = await read({ limit: 2, after: first.page.next });
  expect([...first.data, ...second.data]).toEqual(whole.data);
  expect(second.page.next).toBeNull();
  expect((await read({ limit: 2, after: second.page.prev })).data).toEqual(first.data);
  expect((await read({ currency: 'EUR' })).data).toEqual([]);
});
