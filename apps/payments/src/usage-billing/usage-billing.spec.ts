import {
  type Actor,
  ChangePlan,
  CreatePlan,
  ReadPlan,
  ChangeMySubscription,
  ListMySubscriptions,
  QuoteOrder,
  ReadEntitlements,
  RenewalUpcoming,
  UsageRecorded,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { dispute, pay } from '../../test/pretended.provider';
import { CatalogueService } from '../catalogue/catalogue.service';
import { SubscriptionsService } from '../subscriptions/subscriptions.service';
import { UsageBillingService } from './usage-billing.service';
import { beyondPlan, priceOfUse, useFor } from './usage-price';

/** A million micro-dollars belongs to the plan; each further one costs 150 roubles. */
const BY_USE = { freeMicros: 1_000_000, prices: { RUB: 15000 } };

describe('what use beyond a plan costs', () => {
  it.each([
    [0, 0],
    [1_000_000, 0],
    [1_000_066, 0],
    [1_000_067, 1],
    [1_500_000, 7500],
    [9_007_199_254_740_991, 135_107_988_806_114],
  ])('%i micro-dollars: %i kopecks', (micros, expected) =>
    expect(priceOfUse(beyondPlan(micros, BY_USE), BY_USE, 'RUB')).toBe(expected),
  );

  it.each([0, 1, 7499, 15000, 1_000_001])('%i kopecks buy no more than they pay for', (limit) => {
    expect(priceOfUse(useFor(limit, BY_USE, 'RUB'), BY_USE, 'RUB')).toBeLessThanOrEqual(limit);
    expect(priceOfUse(useFor(limit, BY_USE, 'RUB') + 67, BY_USE, 'RUB')).toBeGreaterThanOrEqual(limit);
  });

  it('is not known in a currency in which it is not sold, and nothing is to be had there', () => {
    expect(priceOfUse(9_000_000, BY_USE, 'EUR')).toBeUndefined();
    expect(useFor(100, BY_USE, 'EUR')).toBe(0);
  });
});

describe('use beyond a plan', () => {
  let shop: TestShop;
  let planId: string;
  beforeAll(async () => {
    shop = await TestShop.start();
    planId = await shop.plan({ byUse: BY_USE });
  });
  afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
  afterAll(() => shop.app.stop());

  const mine = async (actor: Actor) => {
    const { data } = await shop.app.gateway.call(ListMySubscriptions, { query: {} }, { actor });
    return data[0]!;
  };
  async function subscriber(): Promise<Actor> {
    const ann = shop.person();
    await shop.buy(ann, { wanted: { kind: 'plan', planId, autoRenew: true }, saves: 'card' });
    return ann;
  }
  const limit = async (actor: Actor, useLimitMinor: number) => {
    const { id, revision } = await mine(actor);
    const change = { params: { subscriptionId: id }, body: { useLimitMinor }, ifMatch: `"${revision}"` };
    return shop.app.gateway.call(ChangeMySubscription, change, { actor });
  };
  const uses = async ({ id: userId }: Actor, costMicros: number, more = {}) => {
    const { use } = await mine(shop.person(userId));
    const used = {
      usageId: uuidv7(),
      botId: BOT,
      userId,
      model: 'm',
      inputTokens: 1,
      cachedInputTokens: 0,
      outputTokens: 1,
    };
    const event = UsageRecorded({ ...used, costMicros, estimated: false, outcome: 'answered', durationMs: 1, ...more });
    await shop.app.probe.say(event);
    const micros = (use?.micros ?? 0) + costMicros;
    await until(async () => (await mine(shop.person(userId))).use?.micros === micros, { what: `${micros} used` });
    return event;
  };
  const allowed = async ({ id: userId }: Actor) =>
    (await shop.app.gateway.call(ReadEntitlements, { params: { userId }, query: { botId: BOT } })).modelUse;
  const renews = { kind: 'plan' as const, planId: '' };

  it('is not to be had until the person says as much as they want to pay for', async () => {
    const ann = await subscriber();
    const { id, startedAt } = await mine(ann);
    expect(await allowed(ann)).toEqual({ period: `${id}.1`, since: startedAt, micros: 1_000_000 });
    expect((await limit(ann, 30000)).use).toMatchObject({ limitMinor: 30000, owedMinor: 0, currency: 'RUB' });
    expect(await allowed(ann)).toMatchObject({ period: `${id}.1`, micros: 3_000_000 });
    expect(await allowed(shop.person())).toBeUndefined();
  });

  it('is counted by the hour, and once however often it is told', async () => {
    const ann = await subscriber();
    const event = await uses(ann, 400_000);
    await shop.app.probe.sayAgain(event as never);
    await shop.later(3_600_000);
    await uses(ann, 500_000);
    const rows = await shop.app.service.db.query(
      'SELECT micros::int FROM usage_hours WHERE user_id = $1 ORDER BY hour',
      [ann.id],
    );
    expect(rows).toEqual([{ micros: 400_000 }, { micros: 500_000 }]);
  });

  it('is paid with the next charge, of which the person is told, and then begins anew', async () => {
    const ann = await subscriber();
    await limit(ann, 30000);
    await uses(ann, 2_000_000);
    const before = await mine(ann);
    expect(before).toMatchObject({ use: { owedMinor: 15000 }, nextCharge: { amountMinor: 19900 + 15000 } });
    await shop.later(before.validUntil.getTime() - shop.app.clock.now().getTime() - 1.5 * DAY_MS);
    await shop.runs('tell-of-renewals');
    const told = await shop.app.probe.until(RenewalUpcoming, ({ data }) => data.userId === ann.id);
    expect(told.data.amountMinor).toBe(34900);
    await shop.later(DAY_MS);
    await shop.runs('renew-subscriptions');
    await until(async () => (await mine(ann)).validUntil > before.validUntil, { what: 'the renewal' });
    expect((await mine(ann)).use).toMatchObject({ micros: 0, owedMinor: 0, limitMinor: 30000 });
    expect(await allowed(ann)).toMatchObject({
      period: `${before.id}.2`,
      since: shop.app.clock.now(),
      micros: 3_000_000,
    });
    const [order] = await shop.app.service.db.query<{ use: string; total: string }[]>(
      `SELECT use_minor AS use, total_minor AS total FROM orders WHERE user_id = $1 AND kind = 'renewal'`,
      [ann.id],
    );
    expect(order).toEqual({ use: '15000', total: '34900' });
  });

  it('is charged for within a limit that was set before it had a currency', async () => {
    const ann = await subscriber();
    await limit(ann, 30000);
    await shop.app.service.db.query('UPDATE usage_accounts SET limit_currency = NULL WHERE user_id = $1', [ann.id]);
    expect(await allowed(ann)).toMatchObject({ micros: 3_000_000 });
    await uses(ann, 2_000_000);
    const before = await mine(ann);
    expect(before).toMatchObject({
      ...{ use: { owedMinor: 15000, limitMinor: 30000, currency: 'RUB' }, nextCharge: { amountMinor: 34900 } },
    });
    // An order in another currency leaves it for the next one.
    await shop.app.service.db.transaction(async (tx) => {
      const nest = shop.app.service.nest;
      const subscription = await nest.get(SubscriptionsService, { strict: false }).lock(tx, before.id);
      const plan = await nest.get(CatalogueService, { strict: false }).plan(tx, BOT, planId);
      await nest.get(UsageBillingService, { strict: false }).rollOver(tx, subscription, plan);
    });
    expect((await mine(ann)).use).toMatchObject({ micros: 0, owedMinor: 15000 });
  });

  it('is no price of time, costs no more than the limit, and no code makes it cheaper', async () => {
    const ann = await subscriber();
    await limit(ann, 10000);
    await uses(ann, 9_000_000);
    await shop.promoCode('HALF', { kind: 'percent', percent: 50 });
    const { id: subscriptionId } = await mine(ann);
    const wanted = { ...renews, planId, subscriptionId };
    const quote = await shop.app.gateway.call(
      QuoteOrder,
      { body: { botId: BOT, wanted, currency: 'RUB', promoCode: 'HALF' } },
      { actor: ann },
    );
    expect(quote).toMatchObject({ listMinor: 19900, discountMinor: 9950, useMinor: 10000, dueMinor: 19950 });
    await shop.buy(ann, { wanted, promoCode: 'HALF' });
    const periods = await shop.app.service.db.query<{ paid: number }[]>(
      'SELECT amount_minor::int AS paid FROM subscription_periods WHERE user_id = $1 ORDER BY starts_at',
      [ann.id],
    );
    expect(periods).toEqual([{ paid: 19900 }, { paid: 9950 }]);
  });

  it('that goes on while it is paid belongs to the next bill, and what is paid twice is given back', async () => {
    const ann = await subscriber();
    await limit(ann, 30000);
    await uses(ann, 2_000_000);
    const { id: subscriptionId } = await mine(ann);
    const wanted = { ...renews, planId, subscriptionId };
    const [first, second] = [await shop.place(ann, { wanted }), await shop.place(ann, { wanted })];
    await uses(ann, 300_000);
    await shop.payFor(ann, first);
    expect((await mine(ann)).use).toMatchObject({ micros: 300_000, owedMinor: 0 });
    expect(await shop.balanceOf(ann)).toBe(0);
    await shop.payFor(ann, second, { state: 'partly-refunded' });
    expect(await shop.balanceOf(ann)).toBe(15000);
    expect((await mine(ann)).use).toMatchObject({ micros: 300_000 });
    // What is left of the order is what it cost without.
    expect(await shop.order(ann, second.id)).toMatchObject({ totalMinor: 34900, refundedMinor: 15000 });
    await expect(shop.refund(second.id, 34900)).rejects.toMatchObject({ code: 'payments.nothing_to_refund' });
    await shop.refund(second.id, 19900, true);
    expect(await shop.balanceOf(ann)).toBe(34900);
  });

  it('that was paid twice is taken from the balance when the bank takes all of it back', async () => {
    const ann = await subscriber();
    await limit(ann, 30000);
    await uses(ann, 2_000_000);
    const { id: subscriptionId } = await mine(ann);
    const wanted = { ...renews, planId, subscriptionId };
    const [first, second] = [await shop.place(ann, { wanted }), await shop.place(ann, { wanted })];
    await shop.payFor(ann, first);
    await shop.payFor(ann, second, { state: 'partly-refunded' });
    const externalId = await shop.app.service.db
      .query<{ id: string }[]>('SELECT external_id AS id FROM invoices WHERE order_id = $1', [second.id])
      .then(([row]) => row!.id);
    dispute(externalId, 'lost');
    await shop.notify(externalId);
    await shop.settled(ann, second.id, 'refunded');
    expect(await shop.balanceOf(ann)).toBe(0);
  });

  it('that was carried into a bill is part of what may be had on it', async () => {
    const ann = await subscriber();
    await limit(ann, 30000);
    await uses(ann, 2_000_000);
    const { id: subscriptionId } = await mine(ann);
    const order = await shop.place(ann, { wanted: { ...renews, planId, subscriptionId } });
    await uses(ann, 900_000);
    await shop.payFor(ann, order);
    expect(await allowed(ann)).toMatchObject({ period: `${subscriptionId}.2`, micros: 3_000_000 - 900_000 });
  });

  it('is limited to no less than what is owed by now', async () => {
    const ann = await subscriber();
    await limit(ann, 30000);
    await uses(ann, 2_000_000);
    const tooLow = { problem: { code: 'payments.use_limit_too_low', params: { owedMinor: 15000, currency: 'RUB' } } };
    await expect(limit(ann, 14999)).rejects.toMatchObject(tooLow);
    expect((await limit(ann, 15000)).use).toMatchObject({ limitMinor: 15000, owedMinor: 15000 });
  });

  it('is wanted in one currency alone: an order in another one neither pays for it nor makes more of it', async () => {
    const both = { freeMicros: 1_000_000, prices: { RUB: 15000, EUR: 150 } };
    const twoPrices = await shop.plan({ prices: { RUB: 19900, EUR: 199 }, byUse: both });
    const ann = shop.person();
    const wanted = { kind: 'plan' as const, planId: twoPrices, autoRenew: true };
    await shop.buy(ann, { wanted });
    await limit(ann, 30000);
    await uses(ann, 2_000_000);
    const { id: subscriptionId } = await mine(ann);
    const inEuros = await shop.place(ann, { wanted: { ...wanted, subscriptionId }, currency: 'EUR' });
    expect(inEuros.quote).toMatchObject({ dueMinor: 199 });
    const externalId = await shop.page(ann, inEuros.id);
    pay(externalId, 199, { currency: 'EUR' });
    await shop.notify(externalId);
    await shop.settled(ann, inEuros.id);
    expect(await allowed(ann)).toMatchObject({ period: `${subscriptionId}.2`, micros: 1_000_000 });
    expect((await mine(ann)).use).toMatchObject({ micros: 0, owedMinor: 15000, limitMinor: 30000, currency: 'RUB' });
    // In euros they owe as much.
    await expect(limit(ann, 149)).rejects.toMatchObject({ problem: { params: { owedMinor: 150, currency: 'EUR' } } });
    expect((await limit(ann, 200)).use).toMatchObject({ owedMinor: 150, limitMinor: 200, currency: 'EUR' });
    expect(await allowed(ann)).toMatchObject({ micros: 1_000_000 + 333_333 });
  });

  it('has a price in each currency of the plan', async () => {
    const byUse = { freeMicros: 0, prices: { EUR: 150 } };
    const codes = { status: 422, problem: { code: 'payments.use_price_missing', params: { currencies: ['RUB'] } } };
    const { revision, ...plan } = await shop.app.gateway.call(ReadPlan, { params: { planId } });
    await expect(
      shop.app.gateway.call(ChangePlan, { params: { planId }, body: { byUse }, ifMatch: `"${revision}"` }),
    ).rejects.toMatchObject(codes);
    const { botId, name, description, level, prices, features, period } = plan;
    const body = { botId, name, description, level, prices, features, period, byUse, code: 'by-use' };
    await expect(shop.app.gateway.call(CreatePlan, { body, idempotencyKey: uuidv7() })).rejects.toMatchObject(codes);
  });

  it('under a plan without a price for it is counted for nobody', async () => {
    const other = await shop.plan();
    const ann = shop.person();
    await shop.buy(ann, { wanted: { kind: 'plan', planId: other } });
    const used = { usageId: uuidv7(), botId: BOT, userId: ann.id, model: 'm', inputTokens: 1, cachedInputTokens: 0 };
    await shop.app.probe.say(
      UsageRecorded({ ...used, outputTokens: 1, costMicros: 5, estimated: false, outcome: 'answered', durationMs: 1 }),
    );
    await uses(await subscriber(), 1);
    expect(await shop.app.service.db.query('SELECT FROM usage_hours WHERE user_id = $1', [ann.id])).toEqual([]);
    expect(await mine(ann)).not.toHaveProperty('use');
  });
});
