import { OrderPaid } from '@switchboard/contracts';
import { DAY_MS, TestShop } from '../../test/build';
import { pay } from '../../test/pretended.provider';

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan();
});
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(() => shop.app.stop());

const month = () => ({ kind: 'plan', planId }) as const;
const daysOf = async (userId: string) => {
  const [{ days }] = await shop.app.service.db.query<[{ days: number }]>(
    `SELECT extract(epoch FROM valid_until - started_at)::float8 / 86400 AS days FROM subscriptions WHERE user_id = $1`,
    [userId],
  );
  return days;
};

it('an amount in each currency is taken off, and never more than the price', async () => {
  await shop.promoCode('FIFTY', { kind: 'fixed', amounts: { RUB: 5000 } });
  await shop.promoCode('MUCH', { kind: 'fixed', amounts: { RUB: 90_000 } });
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: month(), promoCode: 'FIFTY' });
  expect(order.quote).toMatchObject({ discountMinor: 5000, dueMinor: 14_900 });
  await shop.payFor(ann, order);
  const free = await shop.place(shop.person(), { wanted: month(), promoCode: 'MUCH' });
  expect(free).toMatchObject({ state: 'fulfilled', quote: { discountMinor: 19_900, dueMinor: 0 } });
});

it('days come on top of what is bought', async () => {
  await shop.promoCode('WEEK', { kind: 'days', days: 7 });
  const [ann, ben] = [shop.person(), shop.person()];
  await shop.buy(ann, { wanted: month() });
  await shop.buy(ben, { wanted: month(), promoCode: 'WEEK' });
  expect((await daysOf(ben.id)) - (await daysOf(ann.id))).toBeCloseTo(7, 3);
});

it('a use that was paid late is one more than there are, and is nobody’s when another one comes back', async () => {
  await shop.promoCode('ONCE', { kind: 'percent', percent: 50, max_uses: 1 });
  const [ann, ben, carol] = [shop.person(), shop.person(), shop.person()];
  const given = await shop.place(ann, { wanted: month(), promoCode: 'ONCE' });
  const page = await shop.page(ann, given.id);
  await shop.later(DAY_MS);
  await shop.runs('close-orders');
  const had = await shop.buy(ben, { wanted: month(), promoCode: 'ONCE' });
  pay(page, given.quote.dueMinor);
  await shop.notify(page);
  await shop.app.probe.until(OrderPaid, ({ data }) => data.orderId === given.id && data.late);
  await shop.refund(had.id, 9950);
  await shop.settled(ben, had.id, 'refunded');
  await expect(shop.place(carol, { wanted: month(), promoCode: 'ONCE' })).rejects.toMatchObject({
    problem: { code: 'payments.promo_used' },
  });
});
