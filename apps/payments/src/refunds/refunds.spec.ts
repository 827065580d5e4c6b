import {
  type Actor,
  ListMySubscriptions,
  OrderRefunded,
  PayOrder,
  ReadMyBalance,
  SubscriptionEnded,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { TestShop } from '../../test/build';
import { v7 as uuidv7 } from 'uuid';
import { books, pay, refunds } from '../../test/pretended.provider';
import { RefundsJobs } from './refunds.jobs';
import { RefundsService } from './refunds.service';

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan();
});
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(() => shop.app.stop());

const bought = (actor: Actor, more = {}) => shop.buy(actor, { wanted: { kind: 'plan', planId }, ...more });

function refund(orderId: string, amountMinor: number, toBalance = false): Promise<void> {
  const get = shop.app.service.nest;
  const [service, jobs] = [get.get(RefundsService, { strict: false }), get.get(RefundsJobs, { strict: false })];
  const how = { amountMinor, cause: 'asked', toBalance, askedBy: 'staff:anna', reason: 'It was slow' };
  return shop.app.service.db.transaction(async (tx) => jobs.send(tx, await service.begin(tx, orderId, how)));
}

const refundedOf = (orderId: string) => shop.app.probe.until(OrderRefunded, ({ data }) => data.orderId === orderId);
const changed = (orderId: string, change: { dispute?: 'open' | 'won' | 'lost'; refundedMinor?: number }) => {
  const externalId = `ext-${orderId}:1`;
  const book = books.get(externalId)!;
  books.set(externalId, { ...book, takings: [{ ...book.takings[0]!, ...change }] });
  return shop.notify(externalId);
};

it('a full refund takes back what was had, frees the promo code, and sends the money once', async () => {
  await shop.promoCode('ONE', { kind: 'percent', percent: 10, max_uses: 1 });
  const ann = shop.person();
  const order = await bought(ann, { promoCode: 'ONE' });
  await refund(order.id, 17910);
  const { data } = await refundedOf(order.id);
  expect(data).toMatchObject({ amountMinor: 17910, full: true, toBalance: false });
  await shop.app.probe.until(SubscriptionEnded, (event) => event.data.userId === ann.id);
  expect([...refunds.values()].filter(({ takingId }) => takingId.includes(order.id))).toHaveLength(1);
  await expect(refund(order.id, 1)).rejects.toMatchObject({ code: 'payments.nothing_to_refund' });
  await expect(bought(shop.person(), { promoCode: 'ONE' })).resolves.toMatchObject({ state: 'fulfilled' });
});

it('a part of it leaves what was bought, and no more than was paid goes back in all', async () => {
  const ann = shop.person();
  const order = await bought(ann);
  await refund(order.id, 5000);
  await refundedOf(order.id);
  expect((await shop.order(ann, order.id)).state).toBe('partly-refunded');
  await expect(refund(order.id, 15000)).rejects.toMatchObject({ code: 'payments.nothing_to_refund' });
  const { data } = await shop.app.gateway.call(ListMySubscriptions, { query: {} }, { actor: ann });
  expect(data[0]!.status).toBe('active');
});

it('what goes back to the balance is there at once', async () => {
  const ann = shop.person();
  const order = await bought(ann);
  await refund(order.id, 19900, true);
  expect((await refundedOf(order.id)).data.toBalance).toBe(true);
  expect(await shop.balanceOf(ann)).toBe(19900);
});

it('a chargeback takes access back, once, whatever the bank tells how often', async () => {
  const ann = shop.person();
  const order = await bought(ann);
  await changed(order.id, { dispute: 'open' });
  await changed(order.id, { dispute: 'lost' });
  await changed(order.id, { dispute: 'lost' });
  expect((await refundedOf(order.id)).data).toMatchObject({ cause: 'chargeback', full: true });
  await shop.app.probe.until(SubscriptionEnded, ({ data }) => data.userId === ann.id);
  await until(
    async () => {
      const rows = await shop.app.service.db.query<unknown[]>(
        `SELECT FROM invoices WHERE order_id = $1 AND state = 'charged-back'`,
        [order.id],
      );
      return rows.length === 1;
    },
    { what: 'the chargeback' },
  );
  expect(shop.app.probe.all(OrderRefunded).filter(({ data }) => data.orderId === order.id)).toHaveLength(1);
});

it.each([
  ["by the provider's own pages", { refundedMinor: 500 }],
  ['by a bank', { dispute: 'lost' }],
] as const)('what came in another currency is taken back %s from the balance that it lies on', async (_, back) => {
  const ann = shop.person();
  await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor: 5000 } });
  const order = await shop.place(ann, { wanted: { kind: 'plan', planId } });
  const externalId = await shop.page(ann, order.id);
  pay(externalId, 500, { currency: 'USD' });
  await shop.notify(externalId);
  const balances = async () => {
    const read = await shop.app.gateway.call(ReadMyBalance, { query: {} }, { actor: ann });
    return Object.fromEntries(read.balances.map(({ currency, amountMinor }) => [currency, amountMinor]));
  };
  await until(async () => (await balances())['USD'] === 500, { what: 'the balance' });
  await changed(order.id, { dispute: 'open' });
  await changed(order.id, back);
  await until(async () => !(await balances())['USD'], { what: 'the money to be gone' });
  expect(await balances()).toMatchObject({ RUB: 5000 });
});

it('what came twice as something else leaves what was bought, when it goes back', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: { kind: 'plan', planId } });
  const externalId = await shop.page(ann, order.id);
  pay(externalId, 500);
  await shop.notify(externalId);
  await until(async () => (await shop.balanceOf(ann)) === 500, { what: 'the balance' });
  const params = { orderId: order.id };
  const body = { provider: 'pretended' };
  await shop.app.gateway.call(PayOrder, { params, body, idempotencyKey: uuidv7() }, { actor: ann });
  const second = await shop.page(ann, order.id);
  pay(second, 19900);
  await shop.notify(second);
  await shop.settled(ann, order.id);
  await changed(order.id, { refundedMinor: 500 });
  await until(async () => (await shop.balanceOf(ann)) === 0, { what: 'the money to be gone' });
  expect((await shop.order(ann, order.id)).state).toBe('fulfilled');
});

it('what came a second time in full leaves what was bought by the first, when it goes back', async () => {
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: { kind: 'plan', planId } });
  const late = await shop.page(ann, order.id);
  const asked = { params: { orderId: order.id }, body: { provider: 'pretended' }, idempotencyKey: uuidv7() };
  await shop.app.gateway.call(PayOrder, asked, { actor: ann });
  const first = `ext-${order.id}:2`;
  await until(() => books.has(first), { what: 'the other page' });
  pay(first, 19900);
  await shop.notify(first);
  await shop.settled(ann, order.id);
  shop.app.clock.advance(1000);
  pay(late, 19900);
  await shop.notify(late);
  await until(async () => (await shop.balanceOf(ann)) === 19900, { what: 'the balance' });
  await changed(order.id, { refundedMinor: 19900 });
  await until(async () => (await shop.balanceOf(ann)) === 0, { what: 'the money to be gone' });
  expect((await shop.order(ann, order.id)).state).toBe('fulfilled');
});

it('a dispute that was won changes nothing', async () => {
  const ann = shop.person();
  const order = await bought(ann);
  await changed(order.id, { dispute: 'open' });
  await changed(order.id, { dispute: 'won' });
  await shop.notify(`ext-${order.id}:1`);
  expect((await shop.order(ann, order.id)).state).toBe('fulfilled');
});

it("what was given back by the provider's own pages is noted", async () => {
  const ann = shop.person();
  const order = await bought(ann);
  await changed(order.id, { refundedMinor: 19900 });
  expect((await refundedOf(order.id)).data).toMatchObject({ full: true, amountMinor: 19900 });
});

it('a top-up is given back from the balance, and a bank that takes it back takes no more than is there', async () => {
  const ann = shop.person();
  const topUp = await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor: 30_000 } });
  await expect(refund(topUp.id, 30_000, true)).rejects.toMatchObject({ code: 'payments.nothing_to_refund' });
  await refund(topUp.id, 5000);
  await refundedOf(topUp.id);
  expect(await shop.balanceOf(ann)).toBe(25_000);
  await shop.place(ann, { wanted: { kind: 'plan', planId }, provider: undefined });
  expect(await shop.balanceOf(ann)).toBe(5100);
  await expect(refund(topUp.id, 25_000)).rejects.toMatchObject({ code: 'payments.balance_too_low' });
  await changed(topUp.id, { dispute: 'lost' });
  await until(async () => (await shop.balanceOf(ann)) === 0, { what: 'the chargeback' });
});
