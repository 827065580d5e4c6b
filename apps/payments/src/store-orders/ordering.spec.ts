import {
  BalanceChanged,
  ChangeVariant,
  CreateDeliveryMethod,
  NoticeSendRequested,
  OrderPaid,
  QuoteOrder,
  StoreOrderChanged,
} from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';
import { BOT } from '../../test/build';
import { pay } from '../../test/pretended.provider';
import { ADDRESS, named, RECIPIENT, TestStore } from '../../test/store';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.start({ accounts: ['branch'] });
});
afterEach(async () => expect(await store.faults()).toEqual([]));
afterAll(() => store.shop.app.stop());

const HOUR_MS = 3_600_000;
const refusedAs = (code: string) => ({ problem: { code } });
const statesOf = (orderId: string) =>
  store.shop.app.probe
    .all(StoreOrderChanged)
    .filter(({ data }) => data.orderId === orderId)
    .map(({ data: { state } }) => state);

it('a cart is ordered with an address, paid by a link, and one piece fewer is on the shelf', async () => {
  const id = await store.thing(3, { sku: 'WAY-1' });
  const ann = store.shop.person();
  const cart = await store.setLine(ann, id, 1);
  expect(cart).toMatchObject({ goodsMinor: 1000_00, delivery: [{ amountMinor: 300_00 }], currency: 'RUB' });
  expect((await store.setLine(ann, id, 1)).revision).toBe(cart.revision);
  const chatId = uuidv7();
  const order = await store.order(ann, { [id]: 1 }, { chatId, note: 'Ring twice' });
  expect(order).toMatchObject({ kind: 'goods', totalMinor: 1300_00, state: 'awaiting' });
  expect(await store.numbers(id)).toEqual([3, 1]);
  expect((await store.cart(ann)).lines).toEqual([]);
  expect(await store.mine(ann, order.id)).toMatchObject({ state: 'new', address: ADDRESS, recipient: RECIPIENT });
  await store.pay(ann, order);
  expect(await store.numbers(id)).toEqual([2, 0]);
  expect(await store.parcel(order.id)).toMatchObject({
    ...{ state: 'paid', money: 'fulfilled', totalMinor: 1300_00, goodsMinor: 1000_00, channel: 'telegram' },
    deliverTo: { address: ADDRESS, recipient: RECIPIENT, note: 'Ring twice' },
  });
  const { data } = await store.shop.app.probe.until(
    StoreOrderChanged,
    (one) => one.data.orderId === order.id && one.data.state === 'paid',
  );
  expect(data).toMatchObject({ brandId: BOT, chatId, previous: 'new', byStaff: false });
  expect(statesOf(order.id)).toEqual(['new', 'paid']);
  // Neither the order nor an event says to whom it goes.
  const [{ wanted }] = await store.shop.app.service.db.query<[{ wanted: object }]>(
    `SELECT wanted FROM orders WHERE id = $1`,
    [order.id],
  );
  expect(JSON.stringify([wanted, store.shop.app.probe.heard])).not.toContain('Баумана');
});

it('of two who want the last piece at once one has it, and the other is told so', async () => {
  const id = await store.thing(1);
  const buyers = [store.shop.person(), store.shop.person()];
  const wanted = await Promise.all(
    buyers.map(async (buyer) => {
      await store.setLine(buyer, id, 1);
      return store.wanted(buyer);
    }),
  );
  const placed = await Promise.allSettled(buyers.map((buyer, i) => store.shop.place(buyer, { wanted: wanted[i]! })));
  const refused = placed.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  expect(refused).toMatchObject([
    { status: 409, problem: { code: 'payments.out_of_stock', params: { variants: [{ variantId: id, left: 0 }] } } },
  ]);
  expect(await store.numbers(id)).toEqual([1, 1]);
  const later = store.setLine(store.shop.person(), id, 1);
  await expect(later).rejects.toMatchObject(refusedAs('payments.out_of_stock'));
});

it('thirty buyers of ten pieces of two things get ten orders, in whatever order they name them', async () => {
  const things = [await store.thing(10), await store.thing(10)];
  const buyers = Array.from({ length: 30 }, () => store.shop.person());
  const placed = await Promise.allSettled(
    buyers.map((buyer, i) => {
      const order = i % 2 === 0 ? things : things.toReversed();
      return store.order(buyer, Object.fromEntries(order.map((id) => [id, 1])));
    }),
  );
  const done = placed.filter(({ status }) => status === 'fulfilled');
  const codes = placed.flatMap((one) =>
    one.status === 'rejected' ? [(one.reason as { problem?: { code: string } }).problem?.code] : [],
  );
  expect(new Set(codes)).toEqual(new Set(['payments.out_of_stock']));
  expect(done).toHaveLength(10);
  for (const id of things) expect(await store.numbers(id)).toEqual([10, 10]);
});

it('a price that has changed since it was seen is not paid: the new sum is told', async () => {
  const { id: productId } = await store.product();
  const { id: variantId } = await store.variant(productId);
  await store.stock(variantId, 'received', 5);
  const ann = store.shop.person();
  await store.setLine(ann, variantId, 2);
  const wanted = await store.wanted(ann);
  const change = { params: { productId, variantId }, body: { prices: { RUB: 1500_00 } }, ifMatch: '"1"' };
  await store.shop.app.gateway.call(ChangeVariant, change);
  const placed = store.shop.place(ann, { wanted });
  await expect(placed).rejects.toMatchObject({
    status: 409,
    problem: { code: 'payments.cart_changed', params: { sumMinor: 3300_00 } },
  });
  const { sumMinor: _, ...unseen } = wanted;
  const asked = { body: { botId: BOT, wanted: unseen, currency: 'RUB' } };
  expect(await store.shop.app.gateway.call(QuoteOrder, asked, { actor: ann })).toMatchObject({ dueMinor: 3300_00 });
  await expect(store.shop.place(ann, { wanted: unseen })).rejects.toMatchObject(refusedAs('payments.cart_changed'));
  await store.setLine(ann, variantId, 1);
  await expect(store.shop.place(ann, { wanted })).rejects.toMatchObject(refusedAs('payments.cart_changed'));
  expect(await store.numbers(variantId)).toEqual([5, 0]);
});

it.each([-1, 1.5, 1000, 1e9])('%s pieces are no quantity', async (quantity) => {
  const id = await store.thing(5);
  await expect(store.setLine(store.shop.person(), id, quantity)).rejects.toMatchObject({ status: 422 });
});

it('a sum that nobody pays is refused while it is put together', async () => {
  const id = await store.thing(999, { prices: { RUB: 900_000_000_000 } });
  const put = store.setLine(store.shop.person(), id, 999);
  await expect(put).rejects.toMatchObject(refusedAs('payments.amount_out_of_range'));
});

it('what is delivered needs to know to whom, and only ways that are offered are ordered', async () => {
  const body = { brandId: BOT, code: 'abroad', name: named('Abroad'), prices: { RUB: 0 }, needs: 'nothing' } as const;
  const made = { body: { ...body, countries: ['KZ'] }, idempotencyKey: uuidv7() };
  const { id: deliveryMethodId } = await store.shop.app.gateway.call(CreateDeliveryMethod, made);
  const id = await store.thing(5);
  const ann = store.shop.person();
  await store.setLine(ann, id, 1);
  const place = async (more: object) =>
    store.shop.place(ann, { wanted: { ...(await store.wanted(ann, more)), ...more } });
  await expect(place({ address: undefined })).rejects.toMatchObject({
    status: 422,
    ...refusedAs('payments.address_needed'),
  });
  await expect(place({ recipient: undefined })).rejects.toMatchObject(refusedAs('payments.address_needed'));
  await expect(place({ address: 'x'.repeat(10_000) })).rejects.toMatchObject({ status: 422 });
  await expect(place({ deliveryMethodId: uuidv7() })).rejects.toMatchObject(refusedAs('payments.delivery_not_offered'));
  await expect(place({ deliveryMethodId, country: 'RU' })).rejects.toMatchObject(
    refusedAs('payments.delivery_not_offered'),
  );
  const order = await place({ deliveryMethodId, country: 'KZ', address: undefined, recipient: undefined });
  expect(order.totalMinor).toBe(1000_00);
});

it('what nobody pays in time can be had by others, and late money is served while there is something', async () => {
  const id = await store.thing(1);
  const [ann, ben] = [store.shop.person(), store.shop.person()];
  const order = await store.order(ann, { [id]: 1 });
  const externalId = await store.shop.page(ann, order.id);
  await store.shop.later(HOUR_MS + 1000);
  await store.shop.runs('close-orders');
  await store.shop.settled(ann, order.id, 'expired');
  expect(await store.numbers(id)).toEqual([1, 0]);
  expect((await store.parcel(order.id)).state).toBe('cancelled');
  const taken = await store.order(ben, { [id]: 1 });
  pay(externalId, 1300_00);
  await store.shop.notify(externalId);
  // Its money came, and somebody else has what it was for.
  await store.shop.app.probe.until(NoticeSendRequested, ({ data }) => data.noticeId === order.id);
  await store.shop.app.probe.until(BalanceChanged, ({ data }) => data.userId === ann.id);
  expect(await store.shop.balanceOf(ann)).toBe(1300_00);
  expect(await store.numbers(id)).toEqual([1, 1]);
  await store.giveUp(ben, taken.id);
  const again = await store.order(ben, { [id]: 1 });
  const late = await store.shop.page(ben, again.id);
  await store.giveUp(ben, again.id);
  pay(late, 1300_00);
  await store.shop.notify(late);
  await store.shop.settled(ben, again.id);
  expect(await store.numbers(id)).toEqual([0, 0]);
  expect(statesOf(again.id)).toEqual(['new', 'cancelled', 'paid']);
});

it('a payment that is told five times sells once', async () => {
  const id = await store.thing(5);
  const ann = store.shop.person();
  const order = await store.order(ann, { [id]: 2 });
  const externalId = await store.shop.page(ann, order.id);
  pay(externalId, order.quote.dueMinor);
  await Promise.all(Array.from({ length: 5 }, () => store.shop.notify(externalId)));
  await store.shop.settled(ann, order.id);
  expect(await store.numbers(id)).toEqual([3, 0]);
  const paid = store.shop.app.probe.all(OrderPaid).filter(({ data }) => data.orderId === order.id);
  expect(paid).toHaveLength(1);
});

it('an order that waits for the balance keeps its pieces for an hour only', async () => {
  const id = await store.thing(1);
  const ann = store.shop.person();
  await store.setLine(ann, id, 1);
  const order = await store.shop.place(ann, { wanted: await store.wanted(ann), provider: undefined });
  expect(order.next).toEqual({ kind: 'top-up', missingMinor: 1300_00 });
  await store.shop.later(HOUR_MS + 1000);
  await store.shop.runs('close-orders');
  await store.shop.settled(ann, order.id, 'expired');
  expect(await store.numbers(id)).toEqual([1, 0]);
});

it('a promo code makes goods cheaper and not their delivery', async () => {
  await store.shop.promoCode('TENTH', { kind: 'percent', percent: 10 });
  const id = await store.thing(1);
  const ann = store.shop.person();
  await store.setLine(ann, id, 1);
  const order = await store.shop.place(ann, { wanted: await store.wanted(ann), promoCode: 'TENTH' });
  expect(order.totalMinor).toBe(1200_00);
});

it('one person keeps only so many pieces from everybody else', async () => {
  const id = await store.thing(10);
  const ann = store.shop.person();
  for (let i = 0; i < 3; i += 1) await store.order(ann, { [id]: 1 });
  const more = store.order(ann, { [id]: 1 });
  await expect(more).rejects.toMatchObject({ status: 409, ...refusedAs('payments.too_many_open_orders') });
  expect(await store.numbers(id)).toEqual([10, 3]);
});

it('orders of all accounts of a shop are counted without gaps', async () => {
  const id = await store.thing(20);
  const numbers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const order = await store.order(store.shop.person(), { [id]: 1 });
      return Number((await store.parcel(order.id)).number.split('-')[1]);
    }),
  );
  const sorted = numbers.toSorted((a, b) => a - b);
  expect(sorted).toEqual(sorted.map((_, i) => sorted[0]! + i));
});
