import {
  type Actor,
  AuditEntryAppendRequested,
  CancelStoreOrder,
  CorrectDelivery,
  ListMyStoreOrders,
  ListStoreOrders,
  MoveStoreOrders,
  OrderRefunded,
  ReadMyStoreOrder,
  RevealStoreOrderAddress,
  StoreOrderChanged,
} from '@switchboard/contracts';
import { erasePerson, tablesWith, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS } from '../../test/build';
import { ADDRESS, RECIPIENT, TestStore } from '../../test/store';

let store: TestStore;
let thing: string;
beforeAll(async () => {
  store = await TestStore.start();
  thing = await store.thing(100, { sku: 'MUG-1' });
});
afterEach(async () => expect(await store.faults()).toEqual([]));
afterAll(() => store.shop.app.stop());

const refusedAs = (code: string) => ({ problem: { code } });
const bought = (actor: Actor, quantity = 1) => store.bought(actor, { [thing]: quantity });
const cancel = async (orderId: string, refund: object | null, ifMatch?: string) => {
  const { revision } = await store.parcel(orderId);
  const body = { reason: 'It was asked for', refund } as never;
  const asked = { params: { orderId }, body, ifMatch: ifMatch ?? `"${revision}"` };
  return store.shop.app.gateway.call(CancelStoreOrder, asked);
};

it('a parcel goes from paid to done, each step is told once, and who did it is kept', async () => {
  const ann = store.shop.person();
  const { id } = await bought(ann);
  await store.move(id, 'packed');
  await store.move(id, 'sent', { tracking: 'RA 123 456 789 RU' });
  const done = await store.move(id, 'done');
  expect(done).toMatchObject({ state: 'done', deliverTo: null, tracking: 'RA 123 456 789 RU' });
  expect(done.changes.map(({ from, to }) => [from, to])).toEqual([
    ['sent', 'done'],
    ['packed', 'sent'],
    ['paid', 'packed'],
    ['new', 'paid'],
    [null, 'new'],
  ]);
  expect(done.changes[0]!.by).toMatch(/^staff:/);
  const told = () => store.shop.app.probe.all(StoreOrderChanged).filter(({ data }) => data.orderId === id);
  await until(() => told().length === 5, { what: 'five events' });
  expect(told()[3]!.data).toMatchObject({
    state: 'sent',
    previous: 'packed',
    tracking: 'RA 123 456 789 RU',
    byStaff: true,
  });
  expect(await store.mine(ann, id)).toMatchObject({ state: 'done', tracking: 'RA 123 456 789 RU' });
  const entry = store.shop.app.probe.all(AuditEntryAppendRequested).find(({ data }) => data.resourceId === id)!;
  expect(entry.data).toMatchObject({
    resourceType: 'store-order',
    before: { state: 'paid' },
    after: { state: 'packed' },
  });
});

it('a step is neither skipped nor repeated, and back it goes with a reason only', async () => {
  const { id } = await bought(store.shop.person());
  await expect(store.move(id, 'sent')).rejects.toMatchObject({
    status: 409,
    ...refusedAs('payments.order_state_refused'),
  });
  await store.move(id, 'packed');
  await expect(store.move(id, 'paid')).rejects.toMatchObject({ status: 422, ...refusedAs('payments.reason_needed') });
  const back = await store.move(id, 'paid', { reason: 'The wrong box' });
  expect(back).toMatchObject({ state: 'paid', packedAt: null });
  expect(back.changes[0]).toMatchObject({ reason: 'The wrong box' });
  const about = (one: { data: { orderId: string; correction: boolean } }) =>
    one.data.orderId === id && one.data.correction;
  await store.shop.app.probe.until(StoreOrderChanged, about);
});

it('what nobody has paid is packed by nobody', async () => {
  const { id } = await store.order(store.shop.person(), { [thing]: 1 });
  await expect(store.move(id, 'packed')).rejects.toMatchObject(refusedAs('payments.order_state_refused'));
  await expect(store.move(id, 'paid', { reason: 'By cash' })).rejects.toMatchObject(
    refusedAs('payments.order_state_refused'),
  );
  expect(await cancel(id, null)).toMatchObject({ state: 'cancelled', money: 'cancelled' });
});

it('many parcels are moved at once, each by itself', async () => {
  const [one, two, three] = [
    await bought(store.shop.person()),
    await bought(store.shop.person()),
    await bought(store.shop.person()),
  ];
  await store.move(two.id, 'packed');
  const unpaid = await store.order(store.shop.person(), { [thing]: 1 });
  const orders = [
    { orderId: one.id, revision: 2 },
    { orderId: two.id, revision: 3 },
    { orderId: three.id, revision: 1 },
    { orderId: unpaid.id, revision: 1 },
    { orderId: uuidv7(), revision: 1 },
  ];
  const asked = { body: { to: 'packed', orders }, idempotencyKey: uuidv7() } as const;
  const moved = await store.shop.app.gateway.call(MoveStoreOrders, asked);
  const outcomes = ['moved', 'unchanged', 'changed_elsewhere', 'state_refused', 'not_found'];
  expect(moved.orders.map(({ outcome }) => outcome)).toEqual(outcomes);
  expect(await store.shop.app.gateway.call(MoveStoreOrders, asked)).toEqual(moved);
  expect((await store.parcel(one.id)).state).toBe('packed');
  await store.giveUp(
    { kind: 'person', id: (await store.parcel(unpaid.id)).userId, roles: [], scopes: ['me:*'] },
    unpaid.id,
  );
});

it('a paid order that is cancelled is on the shelf again, and all its money goes back once', async () => {
  const [before] = await store.numbers(thing);
  const ann = store.shop.person();
  const { id } = await bought(ann, 2);
  await store.move(id, 'packed');
  const refund = { amountMinor: 2300_00, currency: 'RUB' };
  await expect(cancel(id, null)).rejects.toMatchObject({
    status: 409,
    problem: { code: 'payments.refund_differs', params: { refundableMinor: 2300_00 } },
  });
  await expect(cancel(id, { ...refund, amountMinor: 1 })).rejects.toMatchObject(refusedAs('payments.refund_differs'));
  await expect(cancel(id, { ...refund, amountMinor: 2301_00 })).rejects.toMatchObject(
    refusedAs('payments.refund_differs'),
  );
  expect(await cancel(id, refund)).toMatchObject({ state: 'cancelled' });
  await store.shop.app.probe.until(OrderRefunded, ({ data }) => data.orderId === id && data.full);
  await expect(cancel(id, refund)).rejects.toMatchObject(refusedAs('payments.order_state_refused'));
  expect(await store.numbers(thing)).toEqual([before, 0]);
  expect(await store.mine(ann, id)).toMatchObject({ state: 'cancelled', money: 'refunded', refundedMinor: 2300_00 });
});

it('what goes back by a refund alone, before it was sent, is on the shelf again', async () => {
  const [before] = await store.numbers(thing);
  const { id } = await bought(store.shop.person());
  await store.shop.refund(id, 1300_00);
  await until(async () => (await store.parcel(id)).state === 'cancelled', { what: 'the parcel to be cancelled' });
  expect(await store.numbers(thing)).toEqual([before, 0]);
});

it('to whom it goes is shown while it is in work, corrected before it is sent, and forgotten after a month', async () => {
  const ann = store.shop.person();
  const { id } = await bought(ann);
  const { revision } = await store.parcel(id);
  const correction = { address: 'Тверь, Советская 1', recipient: RECIPIENT, note: null, reason: 'Has moved' };
  const asked = { params: { orderId: id }, body: correction, ifMatch: `"${revision}"` };
  const corrected = await store.shop.app.gateway.call(CorrectDelivery, asked);
  expect(corrected.deliverTo).toMatchObject({ address: 'Тверь, Советская 1' });
  for (const step of ['packed', 'sent', 'done'] as const) await store.move(id, step);
  const reveal = () =>
    store.shop.app.gateway.call(RevealStoreOrderAddress, { params: { orderId: id }, reason: 'It came back' });
  expect(await reveal()).toMatchObject({ address: 'Тверь, Советская 1' });
  await store.shop.later(31 * DAY_MS);
  await store.shop.runs('forget-addresses');
  await expect(reveal()).rejects.toMatchObject({ status: 409, ...refusedAs('payments.address_erased') });
  expect(await store.mine(ann, id)).toMatchObject({ address: null, recipient: null });
});

it('orders are found by number, person and SKU, and counted by state; nobody sees those of others', async () => {
  const ann = store.shop.person();
  const { id } = await bought(ann);
  const { number } = await store.parcel(id);
  const find = async (query: object, actor?: Actor) =>
    store.shop.app.gateway.call(ListStoreOrders, { query }, actor && { actor });
  expect((await find({ search: number })).data.map((one) => one.id)).toEqual([id]);
  const own = await find({ search: ann.id, brandId: BOT });
  expect(own).toMatchObject({ data: [{ id, pieces: 1, state: 'paid' }], counts: { paid: 1 } });
  expect((await find({ search: 'MUG-1', state: 'done' })).data.every(({ state }) => state === 'done')).toBe(true);
  expect(JSON.stringify(own)).not.toContain('Баумана');
  const other = { kind: 'staff', id: 'ben', roles: [], scopes: ['*'], bots: ['another'] } as never;
  expect((await find({}, other)).data).toEqual([]);
  const eve = { actor: store.shop.person() };
  const read = store.shop.app.gateway.call(ReadMyStoreOrder, { params: { orderId: id } }, eve);
  await expect(read).rejects.toMatchObject({ status: 404 });
  expect((await store.shop.app.gateway.call(ListMyStoreOrders, { query: { botId: BOT } }, eve)).data).toEqual([]);
});

it('of somebody who was erased nobody can tell where their parcels went', async () => {
  const ann = store.shop.person();
  const { id } = await bought(ann);
  await store.move(id, 'packed', { tracking: 'SECRET-7' });
  await store.setLine(ann, thing, 1);
  expect(await erasePerson(store.shop.app, ann.id)).toEqual([]);
  for (const planted of [ADDRESS, RECIPIENT.name, RECIPIENT.phone, 'SECRET-7'])
    expect(await tablesWith(store.shop.app, planted)).toEqual([]);
  expect(await store.parcel(id)).toMatchObject({ state: 'packed', deliverTo: null, tracking: null });
});
