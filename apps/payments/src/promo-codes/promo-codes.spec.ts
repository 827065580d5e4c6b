import { CancelOrder, OrderPaid } from '@switchboard/contracts';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { pay } from '../../test/pretended.provider';
import { PromoCodesService, PromoUsed } from './promo-codes.service';

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

it('a person has it as often as it says, and again when an order came to nothing', async () => {
  await shop.promoCode('TWICE', { kind: 'percent', percent: 10, max_per_person: 2 });
  const ann = shop.person();
  const asked = { wanted: month(), promoCode: 'TWICE' };
  await shop.buy(ann, asked);
  const { id: orderId } = await shop.place(ann, asked);
  await expect(shop.place(ann, asked)).rejects.toMatchObject({ problem: { code: 'payments.promo_used' } });
  await shop.app.gateway.call(CancelOrder, { params: { orderId }, idempotencyKey: uuidv7() }, { actor: ann });
  await shop.place(ann, asked);
  await shop.place(shop.person(), asked);
});

it('one for those who come first is for nobody who has bought before', async () => {
  await shop.promoCode('FIRST', { kind: 'percent', percent: 10, first_only: true, max_per_person: 2 });
  const ann = shop.person();
  await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor: 5000 } });
  const asked = { wanted: month(), promoCode: 'FIRST' };
  await shop.buy(ann, asked);
  await expect(shop.place(ann, asked)).rejects.toMatchObject({ problem: { code: 'payments.promo_not_for_this' } });
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

describe('whatever happens in whatever order', () => {
  const PEOPLE = [uuidv7(), uuidv7(), uuidv7()];
  const step = fc.oneof(
    fc.record({ what: fc.constant('reserve' as const), person: fc.constantFrom(...PEOPLE) }),
    // Paid, in time or late; given back, or come to nothing.
    fc.record({ what: fc.constantFrom('use', 'release'), order: fc.nat(7) }),
  );

  it('no use is given away that is not there, of the code or of a person', async () => {
    const { db, nest } = shop.app.service;
    const codes = nest.get(PromoCodesService, { strict: false });
    const most = fc.record({
      maxUses: fc.option(fc.integer({ min: 1, max: 4 })),
      maxPerPerson: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(most, fc.array(step, { maxLength: 24 }), async ({ maxUses, maxPerPerson }, steps) => {
        const code = uuidv7();
        await shop.promoCode(code, { kind: 'percent', percent: 10, max_uses: maxUses, max_per_person: maxPerPerson });
        const orders: { id: string; person: string; had: boolean }[] = [];
        const had = (person?: string) => orders.filter((one) => one.had && (!person || one.person === person)).length;
        for (const one of steps) {
          if ('person' in one) {
            const order = { id: uuidv7(), person: one.person, had: true };
            const reserved = await db
              .transaction((tx) => codes.reserve(tx, code, { id: order.id, userId: order.person, botId: BOT }))
              .then(
                () => true,
                (error: unknown) => (error instanceof PromoUsed ? false : Promise.reject(error)),
              );
            expect(reserved).toBe(had() < (maxUses ?? Infinity) && had(one.person) < maxPerPerson);
            if (reserved) orders.push(order);
          } else {
            const order = orders[one.order];
            if (!order) continue;
            order.had = one.what === 'use';
            await db.transaction((tx) => (order.had ? codes.use(tx, order) : codes.release(tx, order.id)));
          }
          const [row] = await db.query<[{ uses: number }]>(`SELECT uses FROM promo_codes WHERE code = $1`, [code]);
          expect(row.uses).toBe(Math.min(maxUses ?? Infinity, had()));
        }
      }),
      { numRuns: 40 },
    );
  });

  it('no more is taken off than the price', async () => {
    const { db, nest } = shop.app.service;
    const codes = nest.get(PromoCodesService, { strict: false });
    const amount = fc.integer({ min: 0, max: 1_000_000_000_000 });
    const kind = fc.oneof(
      fc.record({ kind: fc.constant('percent'), percent: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ kind: fc.constant('fixed'), amounts: fc.record({ RUB: amount }) }),
      fc.record({ kind: fc.constant('days'), days: fc.integer({ min: 1, max: 1000 }) }),
    );
    await fc.assert(
      fc.asyncProperty(kind, amount, async (row, amountMinor) => {
        const code = uuidv7();
        await shop.promoCode(code, row);
        const asked = { ...{ userId: uuidv7(), botId: BOT, currency: 'RUB', code }, kind: 'plan', planId, amountMinor };
        const off = await codes.discount(db.manager, asked);
        expect(Number.isSafeInteger(off.amountMinor)).toBe(true);
        expect(off.amountMinor).toBeGreaterThanOrEqual(0);
        expect(off.amountMinor).toBeLessThanOrEqual(amountMinor);
      }),
      { numRuns: 60 },
    );
  });
});
