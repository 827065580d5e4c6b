import {
  type Actor,
  CancelOrder,
  ChangeMySubscription,
  ListMySubscriptions,
  NoticeSendRequested,
  OrderPaid,
  OrderRefunded,
  QuoteOrder,
  ReadMyBalance,
  ReadShop,
  RenewalFailed,
} from '@switchboard/contracts';
import { Erasure } from '@switchboard/service-kit';
import { erasePerson, Refusal, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { PretendedStars } from '../../test/pretended-stars';
import { telegramStars } from '../providers/telegram-stars.provider';
import { RefundsJobs } from '../refunds/refunds.jobs';
import { RefundsService } from '../refunds/refunds.service';
import { StarsService } from './stars.service';

describe('Stars', () => {
  let stars: PretendedStars;
  let shop: TestShop;
  let planId: string;

  beforeAll(async () => {
    stars = await PretendedStars.start();
    const payments = { 'telegram-stars': {} };
    shop = await TestShop.start({ providers: [telegramStars], payments, directory: stars.directory });
    stars.sellsIn(shop);
    planId = await shop.plan({ prices: { XTR: 250 } });
  });
  afterAll(async () => {
    expect(await shop.ledgerFaults()).toEqual([]);
    await shop.app.stop();
    stars.stop();
  });

  async function order(person: Actor, more: { autoRenew?: boolean; planId?: string; subscriptionId?: string } = {}) {
    const wanted = { kind: 'plan', planId, ...more } as const;
    const { id } = await shop.place(person, { wanted, currency: 'XTR', provider: 'telegram-stars' });
    const next = await until(
      async () => {
        const { next } = await shop.order(person, id);
        return next?.kind === 'stars' ? next : undefined;
      },
      { what: 'the link' },
    );
    return { id, link: next!.link };
  }
  async function bought(person: Actor, more: { autoRenew?: boolean } = {}) {
    const { id, link } = await order(person, more);
    const chargeId = await stars.pay(link, person);
    await shop.settled(person, id);
    return { id, link, chargeId };
  }
  const subscriptionOf = async (actor: Actor) => {
    const { data } = await shop.app.gateway.call(ListMySubscriptions, { query: {} }, { actor });
    return data[0]!;
  };
  const balanceOf = async (actor: Actor) => {
    const { balances } = await shop.app.gateway.call(ReadMyBalance, { query: {} }, { actor });
    return balances.find(({ currency }) => currency === 'XTR')?.amountMinor ?? 0;
  };
  const paidOf = (orderId: string) => shop.app.probe.all(OrderPaid).filter(({ data }) => data.orderId === orderId);

  it('pay an order once, however often Telegram says so', async () => {
    const person = shop.person();
    const { id, chargeId } = await bought(person);
    const entries = `SELECT id FROM ledger_entries WHERE order_id = $1 ORDER BY id`;
    const before = await shop.app.service.db.query<unknown[]>(entries, [id]);
    for (let time = 0; time < 3; time++) {
      await shop.app.service.db.query('DELETE FROM star_lists');
      await shop.runs('read-star-payments');
      await stars.tell(chargeId);
    }
    await bought(shop.person());
    expect(await shop.app.service.db.query(entries, [id])).toEqual(before);
    expect(paidOf(id)).toHaveLength(1);
    expect(paidOf(id)[0]!.data).toMatchObject({ provider: 'telegram-stars', amountMinor: 250, currency: 'XTR' });
    expect(await balanceOf(person)).toBe(0);
  });

  it('are offered by the bot, with what it takes', async () => {
    const actor = shop.person();
    const { payWith } = await shop.app.gateway.call(ReadShop, { query: { botId: BOT } }, { actor });
    const offered = {
      provider: 'telegram-stars',
      methods: ['stars'],
      currencies: ['XTR'],
      recurring: true,
      needsEmail: false,
      saved: [],
    };
    expect(payWith).toEqual([offered]);
  });

  it('are refused before they are taken where nothing could be had for them', async () => {
    const [person, other] = [shop.person(), shop.person()];
    const { id, link } = await order(person);
    expect(await stars.check(link, person.id)).toBeUndefined();
    expect(await stars.check(link, other.id)).toMatch(/for somebody else/);
    expect(await stars.check(link, null)).toMatch(/for somebody else/);
    expect(await stars.check(link, person.id, { amountMinor: 1 })).toMatch(/price has changed/);
    await stars.pay(link, person);
    await shop.settled(person, id);
    expect(await stars.check(link, person.id)).toMatch(/paid already/);

    const cancelled = await order(person);
    const params = { orderId: cancelled.id };
    await shop.app.gateway.call(CancelOrder, { params, idempotencyKey: uuidv7() }, { actor: person });
    expect(await stars.check(cancelled.link, person.id)).toMatch(/over or was cancelled/);
    const late = await order(person);
    shop.app.clock.advance(61 * 60_000);
    expect(await stars.check(late.link, person.id)).toMatch(/over or was cancelled/);
    shop.app.clock.advance(-61 * 60_000);
  });

  it('of which no update came are found in the list of Telegram', async () => {
    const person = shop.person();
    const { id, link } = await order(person);
    await stars.pay(link, person, { untold: true });
    await shop.runs('read-star-payments');
    await shop.settled(person, id);
    expect(paidOf(id)).toHaveLength(1);
  });

  it('that were taken twice for one order lie on the balance', async () => {
    const person = shop.person();
    const { id, link } = await order(person);
    // Two devices at once: both were told that it may be paid.
    const { payload } = stars.invoice(link);
    await Promise.all([stars.pay(link, person), stars.pay(link, person)]);
    await shop.settled(person, id);
    await until(async () => (await balanceOf(person)) === 250, { what: `the second payment of ${payload}` });
  });

  it('go back when staff say so, and take back what was had for them', async () => {
    const person = shop.person();
    const { id, chargeId } = await bought(person);
    const { nest, db } = shop.app.service;
    const refunds = nest.get(RefundsService, { strict: false });
    await db.transaction(async (tx) => {
      const asked = { amountMinor: 250, cause: 'asked', toBalance: false, askedBy: 'spec', reason: null };
      await nest.get(RefundsJobs, { strict: false }).send(tx, await refunds.begin(tx, id, asked));
    });
    const { data } = await shop.app.probe.until(OrderRefunded, (event) => event.data.orderId === id);
    expect(data).toMatchObject({ full: true, amountMinor: 250, toBalance: false });
    const [refund] = stars.transactions.filter((one) => one.chargeId === chargeId && one.direction === 'out');
    await stars.tellOfRefund(refund!);
    await shop.runs('read-star-payments');
    expect(shop.app.probe.all(OrderRefunded).filter((event) => event.data.orderId === id)).toHaveLength(1);
    expect((await subscriptionOf(person)).status).toBe('ended');
  });

  it('of which a part is to go back stay where they are, and the part is on the balance', async () => {
    const person = shop.person();
    const { id } = await bought(person);
    const { nest, db } = shop.app.service;
    await db.transaction(async (tx) => {
      const asked = { amountMinor: 100, cause: 'asked', toBalance: false, askedBy: 'spec', reason: null };
      const refund = await nest.get(RefundsService, { strict: false }).begin(tx, id, asked);
      await nest.get(RefundsJobs, { strict: false }).send(tx, refund);
    });
    await until(async () => (await balanceOf(person)) === 100, { what: 'the part on the balance' });
    expect(stars.transactions.some((one) => one.userId === person.id && one.direction === 'out')).toBe(false);
  });

  it.each([
    ['told of', false],
    ['not told of', true],
  ])('that Telegram has given back, which is %s, end what was had', async (_, untold) => {
    const person = shop.person();
    const { id, chargeId } = await bought(person);
    const refund = stars.takeBack(chargeId);
    if (untold) await shop.runs('read-star-payments');
    else await stars.tellOfRefund(refund);
    const { data } = await shop.app.probe.until(OrderRefunded, (event) => event.data.orderId === id);
    expect(data).toMatchObject({ full: true, amountMinor: 250 });
    await until(async () => (await subscriptionOf(person)).status === 'ended', { what: 'the end' });
  });

  it('that were paid and given back before anybody heard of either leave nothing', async () => {
    const person = shop.person();
    const { id, link } = await order(person);
    stars.takeBack(await stars.pay(link, person, { untold: true }));
    await shop.runs('read-star-payments');
    await shop.app.probe.until(OrderRefunded, (event) => event.data.orderId === id);
    expect([await balanceOf(person), (await subscriptionOf(person)).status]).toEqual([0, 'ended']);
  });

  it('of another program that sells by the same bot are left alone', async () => {
    const person = shop.person();
    const entries = `SELECT count(*)::int AS n FROM ledger_entries`;
    await shop.runs('read-star-payments');
    const before = await shop.app.service.db.query(entries);
    const theirs = { payload: 'their-own', at: shop.app.clock.now(), userId: person.id };
    stars.transactions.push({ ...stars.transactions[0]!, ...theirs, chargeId: 'foreign' });
    await shop.runs('read-star-payments');
    await shop.runs('read-star-payments');
    expect(await shop.app.service.db.query(entries)).toEqual(before);
  });

  it('are read on when one of them cannot be booked, which is tried again by itself', async () => {
    const [ann, ben] = [shop.person(), shop.person()];
    const [first, second] = [await order(ann), await order(ben)];
    await shop.runs('read-star-payments');
    const service = shop.app.service.nest.get(StarsService, { strict: false });
    const original = service.apply.bind(service);
    const { payload } = stars.invoice(first.link);
    const apply = jest
      .spyOn(service, 'apply')
      .mockImplementation((tx, botId, charge) =>
        charge.payload === payload ? Promise.reject(new Error('not now')) : original(tx, botId, charge),
      );
    await stars.pay(first.link, ann, { untold: true });
    await stars.pay(second.link, ben, { untold: true });
    await shop.runs('read-star-payments');
    await shop.settled(ben, second.id);
    apply.mockRestore();
    await shop.settled(ann, first.id);
  });

  it('are found behind pages of what is no payment of a person', async () => {
    const person = shop.person();
    const { id, link } = await order(person);
    await shop.runs('read-star-payments');
    stars.payOut(200);
    await stars.pay(link, person, { untold: true });
    await shop.runs('read-star-payments');
    await shop.settled(person, id);
  });

  it('for more than Telegram takes are refused, and the person may pay otherwise', async () => {
    const person = shop.person();
    const dear = await shop.plan({ prices: { XTR: 200_000 } });
    const wanted = { kind: 'plan', planId: dear } as const;
    const { id } = await shop.place(person, { wanted, currency: 'XTR', provider: 'telegram-stars' });
    await until(async () => (await shop.order(person, id)).failure === 'other', { what: 'the refusal' });
  });

  describe('that Telegram charges for by itself', () => {
    const month = 30 * DAY_MS;
    const advance = (ms: number) => shop.app.clock.advance(ms);

    it('are asked for where a plan of a month is to go on at its usual price', async () => {
      const person = shop.person();
      const { link } = await order(person, { autoRenew: true });
      expect(stars.invoice(link).renews).toBe(true);
      const year = await shop.plan({ prices: { XTR: 2000 }, months: 12 });
      const yearly = await order(person, { autoRenew: true, planId: year });
      expect(stars.invoice(yearly.link).renews).toBe(false);
      await stars.pay(yearly.link, person);
      await shop.settled(person, yearly.id);
      // Nothing would charge for it, and nobody tops up a balance of Stars.
      const { id: subscriptionId, revision, autoRenew } = await subscriptionOf(person);
      expect(autoRenew).toBe(false);
      const on = { params: { subscriptionId }, body: { autoRenew: true }, ifMatch: `"${revision}"` };
      await expect(shop.app.gateway.call(ChangeMySubscription, on, { actor: person })).rejects.toMatchObject({
        problem: { code: 'payments.nothing_to_charge' },
      });
    });

    it('go on by an order for each month, and nothing else is charged', async () => {
      const person = shop.person();
      const { chargeId } = await bought(person, { autoRenew: true });
      const first = await subscriptionOf(person);
      expect(first).toMatchObject({ status: 'active', autoRenew: true });
      advance(month);
      await shop.runs('renew-subscriptions');
      expect(shop.app.probe.all(RenewalFailed).filter(({ data }) => data.userId === person.id)).toEqual([]);
      await stars.renew(chargeId);
      await until(async () => (await subscriptionOf(person)).validUntil > first.validUntil, { what: 'another month' });
      await stars.renew(chargeId, { untold: true });
      await shop.runs('read-star-payments');
      const paid = shop.app.probe.all(OrderPaid).filter(({ data }) => data.userId === person.id);
      expect(paid.map(({ data }) => [data.kind, data.amountMinor])).toEqual([
        ['plan', 250],
        ['renewal', 250],
        ['renewal', 250],
      ]);
      expect(await balanceOf(person)).toBe(0);
      advance(-month);
    });

    it('stop and go on as the person says, here or in Telegram', async () => {
      const person = shop.person();
      const { chargeId, link } = await bought(person, { autoRenew: true });
      const renewing = async (renews: boolean) =>
        until(async () => (await subscriptionOf(person)).autoRenew === renews, { what: `that it renews: ${renews}` });
      await renewing(true);
      const set = async (autoRenew: boolean) => {
        const { id, revision } = await subscriptionOf(person);
        const asked = { params: { subscriptionId: id }, body: { autoRenew }, ifMatch: `"${revision}"` };
        await shop.app.gateway.call(ChangeMySubscription, asked, { actor: person });
      };
      const told = (renews: boolean) =>
        until(
          async () => {
            const [known] = await shop.app.service.db.query<{ state: string }[]>(
              `SELECT state FROM star_subscriptions WHERE charge_id = $1`,
              [chargeId],
            );
            return stars.renewals.at(-1)?.renews === renews && (known!.state === 'active') === renews;
          },
          { what: `that Telegram is told: ${renews}` },
        );
      await set(false);
      await told(false);
      await set(true);
      await told(true);
      // Once it is noted here: what Telegram says meanwhile may be older than the wish.
      const noted = `SELECT 1 FROM star_subscriptions WHERE charge_id = $1 AND state = 'active'`;
      await until(async () => (await shop.app.service.db.query<unknown[]>(noted, [chargeId])).length === 1, {
        what: 'that Telegram goes on',
      });
      const before = stars.renewals.length;
      await stars.tellOfRenewal(link, person, 'canceled');
      await renewing(false);
      await stars.tellOfRenewal(link, person, 'active');
      await renewing(true);
      expect(stars.renewals).toHaveLength(before);
    });

    it('are known when the poll of the invoice has booked them before their update came', async () => {
      const person = shop.person();
      const { id, link } = await order(person, { autoRenew: true });
      const chargeId = await stars.pay(link, person, { untold: true });
      advance(DAY_MS / 24);
      await shop.runs('check-invoices');
      await shop.settled(person, id);
      advance(-DAY_MS / 24);
      await stars.tell(chargeId);
      const known = `SELECT charge_id FROM star_subscriptions WHERE order_id = $1`;
      await until(async () => (await shop.app.service.db.query<unknown[]>(known, [id])).length === 1, {
        what: 'the subscription of Telegram',
      });
      const first = await subscriptionOf(person);
      await stars.renew(chargeId);
      await until(async () => (await subscriptionOf(person)).validUntil > first.validUntil, { what: 'another month' });
    });

    it('of two who confirm at once one goes on, and the other is money on the balance and stopped', async () => {
      const person = shop.person();
      const { id, link } = await order(person, { autoRenew: true });
      const charges = await Promise.all([stars.pay(link, person), stars.pay(link, person)]);
      await shop.settled(person, id);
      await until(async () => (await balanceOf(person)) === 250, { what: 'the second payment on the balance' });
      const [known] = await shop.app.service.db.query<{ chargeId: string }[]>(
        `SELECT charge_id AS "chargeId" FROM star_subscriptions WHERE order_id = $1`,
        [id],
      );
      const other = charges.find((chargeId) => chargeId !== known!.chargeId);
      await until(() => stars.renewals.some((one) => one.chargeId === other && !one.renews), { what: 'the stop' });
      expect(stars.renewals.filter(({ chargeId }) => chargeId === known!.chargeId)).toEqual([]);
      expect(shop.app.probe.all(OrderPaid).filter(({ data }) => data.userId === person.id)).toHaveLength(1);
    });

    it('go on with the plan that it was changed to, and end with the former one', async () => {
      const person = shop.person();
      const former = await bought(person, { autoRenew: true });
      const { id: subscriptionId } = await subscriptionOf(person);
      advance(month + DAY_MS);
      await shop.runs('end-subscriptions');
      expect((await subscriptionOf(person)).status).toBe('grace');
      const other = await shop.plan({ prices: { XTR: 500 } });
      const { id, link } = await order(person, { autoRenew: true, planId: other, subscriptionId });
      expect(stars.invoice(link).renews).toBe(true);
      const chargeId = await stars.pay(link, person);
      await shop.settled(person, id);
      const told = (charge: string) =>
        stars.renewals.filter((one) => one.chargeId === charge).map(({ renews }) => renews);
      await until(() => told(former.chargeId).length > 0, { what: 'that Telegram is told to stop the former' });
      const first = await subscriptionOf(person);
      expect(first).toMatchObject({ planId: other, autoRenew: true });
      advance(month);
      await stars.renew(chargeId);
      await until(async () => (await subscriptionOf(person)).validUntil > first.validUntil, { what: 'another month' });
      // As often as it is asked about before Telegram has answered.
      expect([new Set(told(former.chargeId)), told(chargeId)]).toEqual([new Set([false]), []]);
      advance(-2 * month - DAY_MS);
    });

    it('do not go on where a change of the plan was paid with what was left of the former one', async () => {
      const person = shop.person();
      const { chargeId } = await bought(person, { autoRenew: true });
      const { id: subscriptionId } = await subscriptionOf(person);
      const other = await shop.plan({ prices: { XTR: 500 } });
      const { id, link } = await order(person, { autoRenew: true, planId: other, subscriptionId });
      expect(stars.invoice(link)).toMatchObject({ amountMinor: 250, renews: false });
      await stars.pay(link, person);
      await shop.settled(person, id);
      expect(await subscriptionOf(person)).toMatchObject({ planId: other, autoRenew: false });
      await until(() => stars.renewals.some((one) => one.chargeId === chargeId && !one.renews), { what: 'the stop' });
    });

    it('leave what was used beyond the plan for the next order that can pay it', async () => {
      const byUse = { freeMicros: 0, prices: { XTR: 100 } };
      const person = shop.person();
      const { id: orderId, link } = await order(person, {
        autoRenew: true,
        planId: await shop.plan({ prices: { XTR: 250 }, byUse }),
      });
      const chargeId = await stars.pay(link, person);
      await shop.settled(person, orderId);
      const { id: subscriptionId, revision, validUntil } = await subscriptionOf(person);
      const limit = { params: { subscriptionId }, body: { useLimitMinor: 200 }, ifMatch: `"${revision}"` };
      await shop.app.gateway.call(ChangeMySubscription, limit, { actor: person });
      await shop.app.service.db.query(
        `INSERT INTO usage_hours (subscription_id, user_id, bill, hour, micros) VALUES ($1, $2, 1, now(), 900000)`,
        [subscriptionId, person.id],
      );
      const before = await subscriptionOf(person);
      expect(before).toMatchObject({ nextCharge: { amountMinor: 250 }, use: { owedMinor: 90 } });
      await stars.renew(chargeId);
      await until(async () => (await subscriptionOf(person)).validUntil > validUntil, { what: 'another month' });
      expect((await subscriptionOf(person)).use).toMatchObject({ micros: 0, owedMinor: 90, limitMinor: 200 });
      const body = {
        botId: BOT,
        wanted: { kind: 'plan', planId: before.planId, subscriptionId },
        currency: 'XTR',
      } as const;
      expect(await shop.app.gateway.call(QuoteOrder, { body }, { actor: person })).toMatchObject({
        useMinor: 90,
        dueMinor: 340,
      });
    });

    it('are not charged for what rests', async () => {
      const person = shop.person();
      const { chargeId } = await bought(person, { autoRenew: true });
      for (const paused of [true, false]) {
        const { id: subscriptionId, revision } = await subscriptionOf(person);
        const change = { params: { subscriptionId }, body: { paused }, ifMatch: `"${revision}"` };
        await shop.app.gateway.call(ChangeMySubscription, change, { actor: person });
        const isTold = () => stars.renewals.at(-1)?.chargeId === chargeId && stars.renewals.at(-1)?.renews === !paused;
        await until(isTold, { what: `that Telegram is told: ${!paused}` });
      }
    });

    it('follow the last wish, also where it comes while Telegram is asked', async () => {
      const person = shop.person();
      const { chargeId } = await bought(person, { autoRenew: true });
      const set = async (autoRenew: boolean) => {
        const { id: subscriptionId, revision } = await subscriptionOf(person);
        const asked = { params: { subscriptionId }, body: { autoRenew }, ifMatch: `"${revision}"` };
        await shop.app.gateway.call(ChangeMySubscription, asked, { actor: person });
      };
      const last = () => stars.renewals.filter((one) => one.chargeId === chargeId).at(-1)?.renews;
      const { promise, resolve: answers } = Promise.withResolvers<void>();
      stars.slow = promise;
      await set(false);
      await until(() => last() === false, { what: 'that Telegram is asked to stop' });
      const looked = jest.spyOn(shop.app.service.nest.get(StarsService, { strict: false }), 'renewalToChange');
      await set(true);
      await until(() => looked.mock.calls.length > 0, { what: 'the wish to be heard before Telegram has answered' });
      await looked.mock.results[0]!.value;
      looked.mockRestore();
      stars.slow = undefined;
      answers();
      await until(() => last() === true, { what: 'that Telegram is asked to go on' });
    });

    it('follow the last wish, also where nobody has heard that Telegram has done another', async () => {
      const person = shop.person();
      const { chargeId } = await bought(person, { autoRenew: true });
      const set = async (autoRenew: boolean) => {
        const { id: subscriptionId, revision } = await subscriptionOf(person);
        const asked = { params: { subscriptionId }, body: { autoRenew }, ifMatch: `"${revision}"` };
        await shop.app.gateway.call(ChangeMySubscription, asked, { actor: person });
      };
      const last = () => stars.renewals.filter((one) => one.chargeId === chargeId).at(-1)?.renews;
      stars.isUnheard = true;
      await set(false);
      // As often as one call is repeated by itself.
      await until(() => stars.renewals.filter((one) => one.chargeId === chargeId).length === 3, {
        what: 'its failure',
      });
      await set(true);
      await until(async () => (await subscriptionOf(person)).autoRenew, { what: 'the other wish' });
      stars.isUnheard = false;
      await until(() => last() === true, { what: 'that Telegram is asked to go on' });
    });

    it('stop when the person is erased, or staff are told that they do not', async () => {
      const [ann, ben] = [shop.person(), shop.person()];
      const [ofAnn, ofBen] = [await bought(ann, { autoRenew: true }), await bought(ben, { autoRenew: true })];
      stars.refusals.set(ben.id, new Refusal(404, 'bot-adapter.payer_not_found'));
      expect(await erasePerson(shop.app, ann.id)).toEqual([]);
      expect(stars.renewals.at(-1)).toEqual({ chargeId: ofAnn.chargeId, renews: false });
      expect(await erasePerson(shop.app, ben.id)).toEqual([]);
      await shop.app.probe.until(NoticeSendRequested, ({ data }) => data.texts.en.includes(`\`${ofBen.chargeId}\``));
    });

    it('keep nobody from being erased whose bot is gone, or answers to the last with nothing', async () => {
      const [ann, ben, eve] = [shop.person(), shop.person(), shop.person()];
      const charges = [];
      for (const person of [ann, ben, eve]) charges.push(await bought(person, { autoRenew: true }));
      stars.refusals.set(ann.id, new Refusal(404, 'bot-adapter.unknown_bot'));
      stars.refusals.set(ben.id, new Refusal(409, 'bot-adapter.payments_not_taken'));
      stars.refusals.set(eve.id, new Refusal(503, 'unavailable'));
      for (const person of [ann, ben]) expect(await erasePerson(shop.app, person.id)).toEqual([]);
      const erase = (isLastAttempt: boolean) => {
        const { signal } = new AbortController();
        const asked = { erasureId: uuidv7(), userId: eve.id };
        const erasure = shop.app.service.nest.get(Erasure, { strict: false });
        return erasure.erase(asked, { signal, isLastAttempt }, () => Promise.resolve());
      };
      await expect(erase(false)).rejects.toThrow('503');
      await erase(true);
      for (const { chargeId } of charges)
        await shop.app.probe.until(NoticeSendRequested, ({ data }) => data.texts.en.includes(`\`${chargeId}\``));
    });

    it('are made known by the charge of the next month, where those of the first were not', async () => {
      const [ann, ben] = [shop.person(), shop.person()];
      for (const person of [ann, ben]) {
        const { id, chargeId } = await bought(person, { autoRenew: true });
        // As it was booked before it was kept that Telegram goes on charging.
        await shop.app.service.db.query(`DELETE FROM star_subscriptions WHERE order_id = $1`, [id]);
        const first = await subscriptionOf(person);
        const set = {
          params: { subscriptionId: first.id },
          body: { autoRenew: false },
          ifMatch: `"${first.revision}"`,
        };
        if (person === ben) await shop.app.gateway.call(ChangeMySubscription, set, { actor: person });
        advance(month);
        await stars.renew(chargeId);
        await until(async () => (await subscriptionOf(person)).validUntil > first.validUntil, {
          what: 'another month',
        });
        const { id: subscriptionId, revision } = await subscriptionOf(person);
        const off = { params: { subscriptionId }, body: { autoRenew: false }, ifMatch: `"${revision}"` };
        if (person === ann) await shop.app.gateway.call(ChangeMySubscription, off, { actor: person });
        await until(() => stars.renewals.some((one) => one.chargeId === chargeId && !one.renews), {
          what: 'that Telegram is told to stop',
        });
        advance(-month);
      }
    });

    it('are stopped where nothing was known of them, and nothing is left that could go on', async () => {
      const person = shop.person();
      const { id, chargeId } = await bought(person, { autoRenew: true });
      await shop.app.service.db.query(`DELETE FROM star_subscriptions WHERE order_id = $1`, [id]);
      stars.takeBack(chargeId);
      await shop.runs('read-star-payments');
      await until(async () => (await subscriptionOf(person)).status === 'ended', { what: 'the end' });
      advance(month);
      await stars.renew(chargeId);
      await until(async () => (await balanceOf(person)) === 250, { what: 'the Stars on the balance' });
      await until(() => stars.renewals.some((one) => one.chargeId === chargeId && !one.renews), { what: 'the stop' });
      advance(-month);
    });

    it('are stopped where their payment and its way back come in one read', async () => {
      const person = shop.person();
      const { id, link } = await order(person, { autoRenew: true });
      const chargeId = await stars.pay(link, person, { untold: true });
      stars.takeBack(chargeId);
      await shop.runs('read-star-payments');
      await shop.app.probe.until(OrderRefunded, (event) => event.data.orderId === id);
      await until(() => stars.renewals.some((one) => one.chargeId === chargeId && !one.renews), { what: 'the stop' });
    });

    it('that could not be charged are told of, and end in their time', async () => {
      const person = shop.person();
      const { link } = await bought(person, { autoRenew: true });
      await stars.tellOfRenewal(link, person, 'failed');
      const { data } = await shop.app.probe.until(RenewalFailed, (event) => event.data.userId === person.id);
      expect(data).toMatchObject({ reason: 'insufficient_funds', amountMinor: 250, currency: 'XTR' });
      expect((await subscriptionOf(person)).autoRenew).toBe(false);
    });

    it('lie on the balance once there is nothing any more that could go on', async () => {
      const person = shop.person();
      const { id, chargeId } = await bought(person, { autoRenew: true });
      stars.takeBack(chargeId);
      await shop.runs('read-star-payments');
      await shop.app.probe.until(OrderRefunded, (event) => event.data.orderId === id);
      await until(() => stars.renewals.some((one) => one.chargeId === chargeId && !one.renews), {
        what: 'that Telegram is told to stop',
      });
      await stars.renew(chargeId);
      await until(async () => (await balanceOf(person)) === 250, { what: 'the Stars on the balance' });
    });

    it('never end before Telegram charges next, however short the month is', async () => {
      const person = shop.person();
      advance(new Date('2027-02-01T12:00:00Z').getTime() - shop.app.clock.now().getTime());
      await shop.runs('make-ledger-partitions');
      const { id } = await bought(person, { autoRenew: true });
      await until(
        async () => {
          const { validUntil, startedAt } = await subscriptionOf(person);
          // And half a day, in which it becomes known here.
          return validUntil.getTime() - startedAt.getTime() >= month + DAY_MS / 2;
        },
        { what: `thirty days of order ${id}` },
      );
    });
  });
});
