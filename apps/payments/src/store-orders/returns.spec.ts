import {
  type Actor,
  AskMyReturn,
  AskReturn,
  DecideReturn,
  OrderRefunded,
  ReceiveReturn,
  RefundReturn,
  ReturnChanged,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { DAY_MS } from '../../test/build';
import { TestStore } from '../../test/store';

let store: TestStore;
beforeAll(async () => {
  store = await TestStore.start();
  await store.shop.promoCode('TENTH', { kind: 'percent', percent: 10 });
});
afterEach(async () => expect(await store.faults()).toEqual([]));
afterAll(() => store.shop.app.stop());

const refusedAs = (code: string) => ({ problem: { code } });
type Lines = { variantId: string; quantity: number }[];

/** As the person asks, and staff agree and receive it. */
class Back {
  private constructor(
    private readonly orderId: string,
    readonly id: string,
  ) {}

  static async ask(actor: Actor, orderId: string, lines: Lines): Promise<Back> {
    const asked = { params: { orderId }, body: { lines, reason: 'Too small' }, idempotencyKey: uuidv7() };
    const { returns } = await store.shop.app.gateway.call(AskMyReturn, asked, { actor });
    return new Back(orderId, returns[0]!.id);
  }

  decide = (agree: boolean) => this.call(DecideReturn, { agree, text: 'Send it to us' });
  receive = (lines: Lines, restock = true) => this.call(ReceiveReturn, { lines, restock });
  refund = (amountMinor: number, more: object = {}) =>
    this.call(RefundReturn, { amountMinor, currency: 'RUB', ...more });

  async received(lines: Lines, restock = true) {
    await this.decide(true);
    return this.receive(lines, restock);
  }

  async now() {
    const { returns } = await store.parcel(this.orderId);
    return returns.find(({ id }) => id === this.id)!;
  }

  private async call(route: typeof DecideReturn | typeof ReceiveReturn | typeof RefundReturn, body: object) {
    const params = { orderId: this.orderId, returnId: this.id };
    const { revision } = await this.now();
    return store.shop.app.gateway.call(route as typeof DecideReturn, {
      params,
      body: body as never,
      ifMatch: `"${revision}"`,
    });
  }
}

it('one line of three comes back with its money, then the rest with the delivery, and never more than was paid', async () => {
  const things = [await store.thing(1), await store.thing(1), await store.thing(1, { prices: { RUB: 333_33 } })];
  const ann = store.shop.person();
  for (const id of things) await store.setLine(ann, id, 1);
  const order = await store.pay(
    ann,
    await store.shop.place(ann, { wanted: await store.wanted(ann), promoCode: 'TENTH' }),
  );
  // 2333.33 less 10 %, and 300 for the courier.
  expect(order.totalMinor).toBe(2400_00);
  for (const step of ['packed', 'sent', 'done'] as const) await store.move(order.id, step);
  const line = (i: number) => [{ variantId: things[i]!, quantity: 1 }];
  const first = await Back.ask(ann, order.id, line(2));
  await expect(Back.ask(ann, order.id, line(2))).rejects.toMatchObject({
    status: 409,
    ...refusedAs('payments.nothing_to_return'),
  });
  const got = await first.received(line(2));
  expect(got).toMatchObject({ state: 'received', goodsMinor: 299_99, deliveryMinor: 0 });
  expect(await store.numbers(things[2]!)).toEqual([1, 0]);
  expect((await store.parcel(order.id)).state).toBe('partly-returned');
  await expect(first.refund(300_00)).rejects.toMatchObject({
    status: 409,
    problem: { code: 'payments.nothing_to_refund', params: { leftMinor: 299_99 } },
  });
  expect(await first.refund(299_99)).toMatchObject({ state: 'refunded' });
  await store.shop.app.probe.until(OrderRefunded, ({ data }) => data.orderId === order.id);
  await expect(first.refund(1)).rejects.toMatchObject(refusedAs('payments.return_state_refused'));

  const rest = await Back.ask(ann, order.id, [...line(0), ...line(1)]);
  const last = await rest.received([...line(0), ...line(1)], false);
  expect(last).toMatchObject({ goodsMinor: 2100_00 - 299_99, deliveryMinor: 300_00, restock: false });
  expect(await store.numbers(things[0]!)).toEqual([0, 0]);
  await rest.refund(2400_00 - 299_99);
  await until(async () => (await store.parcel(order.id)).money === 'refunded', { what: 'all money to go back' });
  expect(await store.mine(ann, order.id)).toMatchObject({ state: 'returned', refundedMinor: 2400_00 });
  const told = store.shop.app.probe.all(ReturnChanged).filter(({ data }) => data.returnId === rest.id);
  expect(told.map(({ data }) => data.state)).toEqual(['asked', 'agreed', 'received', 'refunded']);
});

it('of three pieces two are agreed to and one comes', async () => {
  const id = await store.thing(3);
  const ann = store.shop.person();
  const order = await store.had(ann, { [id]: 3 });
  const back = await Back.ask(ann, order.id, [{ variantId: id, quantity: 2 }]);
  await back.decide(true);
  await expect(back.receive([{ variantId: id, quantity: 3 }])).rejects.toMatchObject(
    refusedAs('payments.nothing_to_return'),
  );
  expect(await back.receive([{ variantId: id, quantity: 1 }])).toMatchObject({ goodsMinor: 1000_00 });
  expect(await store.numbers(id)).toEqual([1, 0]);
  const { lines } = await store.parcel(order.id);
  expect(lines).toMatchObject([{ quantity: 3, returned: 1 }]);
});

it('what is refused, or does not come in time, brings no money and can be asked for again', async () => {
  const id = await store.thing(1);
  const ann = store.shop.person();
  const order = await store.had(ann, { [id]: 1 });
  const line = [{ variantId: id, quantity: 1 }];
  const refused = await Back.ask(ann, order.id, line);
  expect(await refused.decide(false)).toMatchObject({ state: 'refused', decision: 'Send it to us' });
  await expect(refused.receive(line)).rejects.toMatchObject(refusedAs('payments.return_state_refused'));
  const late = await Back.ask(ann, order.id, line);
  await late.decide(true);
  await store.shop.later(15 * DAY_MS);
  await store.shop.runs('lapse-returns');
  expect((await late.now()).state).toBe('lapsed');
  await expect(Back.ask(ann, order.id, line)).rejects.toMatchObject(refusedAs('payments.order_state_refused'));
  const body = { lines: line, reason: 'It broke' };
  const asked = { params: { orderId: order.id }, body, idempotencyKey: uuidv7() };
  expect(await store.shop.app.gateway.call(AskReturn, asked)).toMatchObject({ state: 'asked', reason: 'It broke' });
});

it('nobody gives back what they have not got, or what somebody else has', async () => {
  const id = await store.thing(2);
  const [ann, eve] = [store.shop.person(), store.shop.person()];
  const order = await store.bought(ann, { [id]: 1 });
  const line = [{ variantId: id, quantity: 1 }];
  await expect(Back.ask(ann, order.id, line)).rejects.toMatchObject(refusedAs('payments.order_state_refused'));
  await expect(Back.ask(eve, order.id, line)).rejects.toMatchObject({ status: 404 });
  for (const step of ['packed', 'sent'] as const) await store.move(order.id, step);
  const other = Back.ask(ann, order.id, [{ variantId: uuidv7(), quantity: 1 }]);
  await expect(other).rejects.toMatchObject(refusedAs('payments.nothing_to_return'));
});

it('money can go to the balance, and is not given back in another currency', async () => {
  const id = await store.thing(1);
  const ann = store.shop.person();
  const order = await store.had(ann, { [id]: 1 });
  const back = await Back.ask(ann, order.id, [{ variantId: id, quantity: 1 }]);
  await back.received([{ variantId: id, quantity: 1 }]);
  await expect(back.refund(1, { currency: 'USD' })).rejects.toMatchObject(refusedAs('payments.currency_not_sold'));
  await back.refund(1300_00, { toBalance: true });
  expect(await store.shop.balanceOf(ann)).toBe(1300_00);
});
