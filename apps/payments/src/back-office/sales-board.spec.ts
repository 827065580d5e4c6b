import { ReadSalesBoard, StartTrial } from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';

let shop: TestShop;
beforeAll(async () => {
  shop = await TestShop.start();
  // In the middle of a month, so that no day added below leaves it.
  const now = new Date();
  shop.app.clock.set(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 10)));
  await shop.later(0);
});
afterAll(() => shop.app.stop());

it('counts what was sold and what goes on, month by month', async () => {
  const planId = await shop.plan({ trialDays: 7, graceDays: 0 });
  const buy = (actor: ReturnType<typeof shop.person>, more = {}) =>
    shop.buy(actor, { wanted: { kind: 'plan', planId }, ...more });
  const [ann, ben, eve, dan] = [shop.person(), shop.person(), shop.person(), shop.person()];
  for (const actor of [eve, dan])
    await shop.app.gateway.call(StartTrial, { body: { botId: BOT }, idempotencyKey: uuidv7() }, { actor });
  await buy(ann);
  await buy(ben, { campaign: 'autumn' });
  await buy(eve);
  await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor: 50_000 } });
  // A month later Ben has not paid on.
  await shop.later(25 * DAY_MS);
  for (const actor of [ann, eve]) {
    const [row] = await shop.app.service.db.query<{ id: string }[]>(`SELECT id FROM subscriptions WHERE user_id = $1`, [
      actor.id,
    ]);
    await buy(actor, { wanted: { kind: 'plan', planId, subscriptionId: row!.id } });
  }
  await shop.later(20 * DAY_MS);
  const board = await shop.app.gateway.call(ReadSalesBoard, { query: { currency: 'RUB', months: 2 } });
  const [first, second] = board.months;
  expect(first).toMatchObject({ revenueMinor: 3 * 19900, orders: 3, buyers: 3, active: 3, began: 3, churned: 0 });
  expect(first).toMatchObject({ trials: 2, converted: 1, churnPercent: null });
  expect(second).toMatchObject({ revenueMinor: 2 * 19900, active: 2, began: 0, churned: 1, churnPercent: 33.3 });
  const monthly = 19900 * (2_629_800 / 2_678_400);
  expect(Math.abs(second!.arpuMinor! - monthly)).toBeLessThan(monthly * 0.11);
  expect(second!.ltvMinor).toBe(Math.round(second!.arpuMinor! * 3));
  expect(board.byCampaign).toEqual([{ campaign: 'autumn', orders: 1, revenueMinor: 19900 }]);
  expect(board.byProvider).toEqual([{ provider: 'pretended', amountMinor: 5 * 19900 + 50_000, payments: 6 }]);
  const others = { actor: { kind: 'staff', id: 'ben', roles: [], scopes: ['*'], bots: ['another'] } } as const;
  const none = await shop.app.gateway.call(
    ReadSalesBoard,
    { query: { currency: 'RUB', months: 1, botId: BOT } },
    { actor: { ...others.actor, roles: [], scopes: ['*'], bots: ['another'] } },
  );
  expect(none.months[0]).toMatchObject({ revenueMinor: 0, active: 0 });
});
