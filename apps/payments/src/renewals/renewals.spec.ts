import {
  type Actor,
  ChangeMySubscription,
  ForgetPaymentMethod,
  InvoiceFailed,
  ListMySubscriptions,
  ReadShop,
  RenewalFailed,
  RenewalUpcoming,
  StartTrial,
  SubscriptionExpired,
  SubscriptionExpiring,
  SubscriptionRenewed,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { books, refusals, undecided } from '../../test/pretended.provider';
import { RenewalsService } from './renewals.service';

const HOUR_MS = 3_600_000;

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan({ trialDays: 7, graceDays: 4 });
});
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(() => shop.app.stop());

const only = async (actor: Actor) => {
  const { data } = await shop.app.gateway.call(ListMySubscriptions, { query: {} }, { actor });
  return data[0]!;
};
/** Somebody whose card is charged again, or whose balance is. */
async function subscriber(saves?: string): Promise<Actor> {
  const ann = shop.person();
  await shop.buy(ann, { wanted: { kind: 'plan', planId, autoRenew: true }, ...(saves !== undefined && { saves }) });
  return ann;
}
const untilTime = async (time: Date) => shop.later(time.getTime() - shop.app.clock.now().getTime());
const saidOf = <E extends Parameters<typeof shop.app.probe.all>[0]>(definition: E, { id }: Actor) =>
  shop.app.probe.all(definition).filter(({ data }) => (data as { userId: string }).userId === id);

it('is announced a day before, charged once a period, and goes on from where it ended', async () => {
  const ann = await subscriber('card-good');
  const first = await only(ann);
  expect(first).toMatchObject({ autoRenew: true, renewsWith: 'MIR ·· 4477', nextCharge: { amountMinor: 19900 } });
  await untilTime(new Date(first.nextCharge!.at.getTime() - DAY_MS));
  await shop.runs('tell-of-renewals');
  await shop.runs('tell-of-renewals');
  expect(saidOf(RenewalUpcoming, ann)).toHaveLength(1);
  await untilTime(first.nextCharge!.at);
  await shop.runs('renew-subscriptions');
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(SubscriptionRenewed, ({ data }) => data.userId === ann.id);
  const second = await only(ann);
  expect(second.validUntil.getTime() - first.validUntil.getTime()).toBeGreaterThanOrEqual(28 * DAY_MS);
  expect(second.periodStart).toEqual(first.periodStart);

  // And again, a month later.
  await untilTime(second.nextCharge!.at);
  await shop.runs('renew-subscriptions');
  await until(() => saidOf(SubscriptionRenewed, ann).length === 2, { what: 'the second renewal' });
  expect(saidOf(RenewalFailed, ann)).toEqual([]);
});

it('a refused charge is told, tried again after 12, 24 and 48 hours, and ends after the days of grace', async () => {
  const ann = await subscriber('card-empty');
  refusals.set('card-empty', 'insufficient_funds');
  const { nextCharge, validUntil } = await only(ann);
  await untilTime(nextCharge!.at);
  for (const [attempt, pauseHours] of [
    [1, 12],
    [2, 24],
    [3, 48],
  ] as const) {
    await shop.runs('renew-subscriptions');
    const { data } = await shop.app.probe.until(
      RenewalFailed,
      (event) => event.data.userId === ann.id && event.data.attempt === attempt,
    );
    expect(data).toMatchObject({ reason: 'insufficient_funds', amountMinor: 19900 });
    expect(new Date(data.nextAttemptAt!).getTime() - shop.app.clock.now().getTime()).toBe(pauseHours * HOUR_MS);
    await shop.later(pauseHours * HOUR_MS);
  }
  await shop.runs('renew-subscriptions');
  await until(() => saidOf(RenewalFailed, ann).length === 4, { what: 'the last refusal' });
  expect(saidOf(RenewalFailed, ann)[3]!.data).not.toHaveProperty('nextAttemptAt');
  await untilTime(new Date(validUntil.getTime() + 4 * DAY_MS));
  await shop.runs('end-subscriptions');
  await shop.runs('end-subscriptions');
  await shop.app.probe.until(SubscriptionExpired, ({ data }) => data.userId === ann.id);
});

it('a charge that is refused hours later is told and tried again as well', async () => {
  const ann = await subscriber('card-undecided');
  undecided.add('card-undecided');
  await untilTime((await only(ann)).nextCharge!.at);
  await shop.runs('renew-subscriptions');
  const [{ id }] = await shop.app.service.db.query<[{ id: string }]>(
    `SELECT id FROM orders WHERE user_id = $1 AND kind = 'renewal'`,
    [ann.id],
  );
  const externalId = `ext-${id}:1`;
  await until(() => books.has(externalId), { what: 'the provider to be asked' });
  await shop.later(3 * HOUR_MS);
  await shop.runs('close-orders');
  await shop.settled(ann, id, 'expired');
  books.set(externalId, { ...books.get(externalId)!, state: 'failed', failure: 'insufficient_funds' });
  await shop.notify(externalId);
  const { data } = await shop.app.probe.until(RenewalFailed, (event) => event.data.userId === ann.id);
  expect(data).toMatchObject({ reason: 'insufficient_funds', attempt: 1 });
  undecided.delete('card-undecided');
  await untilTime(new Date(data.nextAttemptAt!));
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(SubscriptionRenewed, (event) => event.data.userId === ann.id);
});

it('a card that recovers is charged at the next attempt, and the person is served all the while', async () => {
  const ann = await subscriber('card-late');
  refusals.set('card-late', 'declined');
  const { nextCharge } = await only(ann);
  await untilTime(nextCharge!.at);
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(RenewalFailed, ({ data }) => data.userId === ann.id);
  refusals.delete('card-late');
  await shop.later(12 * HOUR_MS);
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(SubscriptionRenewed, ({ data }) => data.userId === ann.id);
  expect((await only(ann)).status).toBe('active');
});

it('what rests is not charged for, also where a charge was refused while it began to', async () => {
  const ann = await subscriber('card-resting');
  refusals.set('card-resting', 'declined');
  await untilTime((await only(ann)).nextCharge!.at);
  await shop.runs('renew-subscriptions');
  const failed = await shop.app.probe.until(InvoiceFailed, ({ data }) => data.userId === ann.id);
  await shop.app.probe.until(RenewalFailed, ({ data }) => data.userId === ann.id);
  const { id: subscriptionId, revision } = await only(ann);
  const pause = { params: { subscriptionId }, body: { paused: true }, ifMatch: `"${revision}"` };
  await shop.app.gateway.call(ChangeMySubscription, pause, { actor: ann });
  const { db, nest } = shop.app.service;
  // As if the person had been faster than the provider.
  await db.query(`UPDATE orders SET state = 'awaiting' WHERE id = $1`, [failed.data.orderId]);
  await db.transaction((tx) => nest.get(RenewalsService, { strict: false }).refused(tx, failed));
  expect((await only(ann)).nextCharge).toBeNull();
  refusals.delete('card-resting');
  await db.query(`UPDATE subscriptions SET renew_at = $2 WHERE user_id = $1`, [ann.id, shop.app.clock.now()]);
  await shop.runs('renew-subscriptions');
  const orders = await db.query<unknown[]>(`SELECT FROM orders WHERE user_id = $1 AND kind = 'renewal'`, [ann.id]);
  expect(orders).toHaveLength(1);
});

it('a card that was revoked is forgotten and charged no more', async () => {
  const ann = await subscriber('card-revoked');
  refusals.set('card-revoked', 'method_revoked');
  await untilTime((await only(ann)).nextCharge!.at);
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(RenewalFailed, ({ data }) => data.userId === ann.id);
  const { payWith } = await shop.app.gateway.call(ReadShop, { query: { botId: BOT } }, { actor: ann });
  expect(payWith[0]!.saved).toEqual([]);
});

it('a card that the person forgets is charged no more', async () => {
  const ann = await subscriber('card-forgotten');
  const { payWith } = await shop.app.gateway.call(ReadShop, { query: { botId: BOT } }, { actor: ann });
  const { methodId } = payWith[0]!.saved[0]!;
  await expect(
    shop.app.gateway.call(ForgetPaymentMethod, { params: { methodId } }, { actor: shop.person() }),
  ).rejects.toMatchObject({ status: 404 });
  await shop.app.gateway.call(ForgetPaymentMethod, { params: { methodId } }, { actor: ann });
  expect(await only(ann)).toMatchObject({ renewsWith: null });
});

it('a balance is charged where no card is saved', async () => {
  const ann = await subscriber();
  await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor: 20000 } });
  await untilTime((await only(ann)).nextCharge!.at);
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(SubscriptionRenewed, ({ data }) => data.userId === ann.id);
  expect(await shop.balanceOf(ann)).toBe(100);
});

it('the end of what does not go on by itself is told three days, a day and half a day before, each once', async () => {
  const ann = shop.person();
  await shop.app.gateway.call(StartTrial, { body: { botId: BOT }, idempotencyKey: uuidv7() }, { actor: ann });
  const { validUntil } = await only(ann);
  for (const hoursBefore of [72, 48, 24, 23, 12, 1]) {
    await untilTime(new Date(validUntil.getTime() - hoursBefore * HOUR_MS));
    await shop.runs('tell-of-ends');
    await shop.runs('tell-of-ends');
  }
  expect(saidOf(SubscriptionExpiring, ann).map(({ data }) => data.daysLeft)).toEqual([3, 1, 0]);
});

it('what ends within a day when it is first looked at is told of once', async () => {
  const ann = shop.person();
  await shop.app.gateway.call(StartTrial, { body: { botId: BOT }, idempotencyKey: uuidv7() }, { actor: ann });
  const { validUntil } = await only(ann);
  await untilTime(new Date(validUntil.getTime() - 20 * HOUR_MS));
  await shop.runs('tell-of-ends');
  expect(saidOf(SubscriptionExpiring, ann).map(({ data }) => data.daysLeft)).toEqual([1]);
});

it('one end that cannot be told keeps no other from being told', async () => {
  const [broken, ann] = [shop.person(), shop.person()];
  for (const actor of [broken, ann])
    await shop.app.gateway.call(StartTrial, { body: { botId: BOT }, idempotencyKey: uuidv7() }, { actor });
  const { db } = shop.app.service;
  // It ends first, and no event can say its region.
  await db.query(
    `UPDATE subscriptions SET valid_until = valid_until - interval '1 hour', region = repeat('x', 1000) WHERE user_id = $1`,
    [broken.id],
  );
  const { validUntil } = await only(ann);
  await untilTime(new Date(validUntil.getTime() - 20 * HOUR_MS));
  const told = shop.app.service.nest.get(RenewalsService, { strict: false }).tellOfEnds(new AbortController().signal);
  await expect(told).rejects.toThrow('1 of 2 subscriptions');
  await shop.app.probe.until(SubscriptionExpiring, ({ data }) => data.userId === ann.id);
});
