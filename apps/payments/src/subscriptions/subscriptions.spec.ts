import {
  type Actor,
  ChangeMySubscription,
  IdentityLinked,
  ListMySubscriptions,
  MembershipChanged,
  QuoteOrder,
  ReadEntitlements,
  StartTrial,
  SubscriptionExpired,
  SubscriptionPaused,
} from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';

let shop: TestShop;
let small: string;
let large: string;
beforeAll(async () => {
  shop = await TestShop.start();
  small = await shop.plan({ code: 'small', trialDays: 7 });
  large = await shop.plan({
    code: 'large',
    rank: 2,
    level: 'pro',
    prices: { RUB: 59700 },
    features: { 'vpn.devices': 10 },
  });
});
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(() => shop.app.stop());

const startTrial = (actor: Actor) =>
  shop.app.gateway.call(StartTrial, { body: { botId: BOT }, idempotencyKey: uuidv7() }, { actor });
const listed = async (actor: Actor) =>
  (await shop.app.gateway.call(ListMySubscriptions, { query: {} }, { actor })).data;
const only = async (actor: Actor) => {
  const [first, ...more] = await listed(actor);
  expect(more).toEqual([]);
  return first!;
};
const change = async (actor: Actor, body: { autoRenew?: boolean; paused?: boolean }) => {
  const { id, revision } = await only(actor);
  const request = { params: { subscriptionId: id }, body, ifMatch: `"${revision}"` };
  return shop.app.gateway.call(ChangeMySubscription, request as never, { actor });
};
const between = (from: Date, to: Date) => to.getTime() - from.getTime();
const bought = (actor: Actor, planId: string, subscriptionId?: string) =>
  shop.buy(actor, { wanted: { kind: 'plan', planId, subscriptionId } });

describe('a trial', () => {
  it('is had once, of ten who ask at the same time, and again by nobody', async () => {
    const ann = shop.person();
    const started = await Promise.allSettled(Array.from({ length: 10 }, () => startTrial(ann)));
    expect(started.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(startTrial(ann)).rejects.toMatchObject({ problem: { code: 'payments.trial_only_once' } });
    expect(await only(ann)).toMatchObject({ status: 'trial' });
  });

  it('is not had again by another account of the same messenger, nor by one that is joined to it later', async () => {
    const [ann, again, mail] = [shop.person(), shop.person(), shop.person()];
    const known = (userId: string, channel: string, externalId: string) =>
      shop.app.probe.say(
        IdentityLinked({ identityId: uuidv7(), userId, channel, externalId, linkedAt: new Date().toISOString() }),
      );
    await known(ann.id, 'telegram', '4711');
    await startTrial(ann);
    await known(again.id, 'telegram', '4711');
    await expect(startTrial(again)).rejects.toMatchObject({ status: 409 });
    await known(ann.id, 'email', 'ann@example.com');
    await known(mail.id, 'email', 'ann@example.com');
    await expect(startTrial(mail)).rejects.toMatchObject({ status: 409 });
  });

  it('ends by itself after its days, without grace', async () => {
    const ann = shop.person();
    await startTrial(ann);
    await shop.later(7 * DAY_MS);
    await shop.runs('end-subscriptions');
    const { data } = await shop.app.probe.until(SubscriptionExpired, ({ data }) => data.userId === ann.id);
    expect(data.status).toBe('expired');
  });

  it('is gone on with by whoever buys, and its days are not lost', async () => {
    const ann = shop.person();
    const { id } = await startTrial(ann);
    await shop.later(2 * DAY_MS);
    await bought(ann, small);
    const subscription = await only(ann);
    expect(subscription).toMatchObject({ id, status: 'active' });
    const start = new Date(subscription.startedAt.getTime() + 7 * DAY_MS);
    expect(between(start, subscription.validUntil)).toBeGreaterThanOrEqual(28 * DAY_MS);
  });
});

it('who buys again goes on after what is left; who comes late begins anew', async () => {
  const ann = shop.person();
  await bought(ann, small);
  const first = await only(ann);
  await shop.later(10 * DAY_MS);
  await bought(ann, small, first.id);
  const second = await only(ann);
  expect(between(first.validUntil, second.validUntil)).toBeGreaterThanOrEqual(28 * DAY_MS);
  expect(second.periodStart).toEqual(first.periodStart);
  await shop.later(100 * DAY_MS);
  await shop.runs('end-subscriptions');
  await shop.runs('end-subscriptions');
  expect((await only(ann)).status).toBe('expired');
  await bought(ann, small, first.id);
  const third = await only(ann);
  expect(third).toMatchObject({ id: first.id, status: 'active', periodStart: shop.app.clock.now() });
});

it('grace comes after the end, then it is over', async () => {
  const ann = shop.person();
  await bought(ann, small);
  await shop.later(31 * DAY_MS);
  await shop.runs('end-subscriptions');
  expect((await only(ann)).status).toBe('grace');
  const entitled = () => shop.app.gateway.call(ReadEntitlements, { params: { userId: ann.id }, query: { botId: BOT } });
  expect(await entitled()).toMatchObject({ level: 'plus', features: { 'vpn.devices': 3 } });
  await shop.later(3 * DAY_MS);
  await shop.runs('end-subscriptions');
  expect((await only(ann)).status).toBe('expired');
  expect(await entitled()).toMatchObject({ level: null, features: {} });
});

it('another plan costs what the days that are left do not pay, to the kopeck', async () => {
  const ann = shop.person();
  await bought(ann, small);
  const before = await only(ann);
  const whole = between(before.periodStart, before.validUntil);
  await shop.later(Math.floor(whole / 2));
  const left = before.validUntil.getTime() - shop.app.clock.now().getTime();
  const credit = Number((19900n * BigInt(left) + BigInt(whole) - 1n) / BigInt(whole));
  const wanted = { kind: 'plan', planId: large, subscriptionId: before.id } as const;
  const body = { botId: BOT, wanted, currency: 'RUB' };
  const quote = await shop.app.gateway.call(QuoteOrder, { body }, { actor: ann });
  expect(quote).toMatchObject({ listMinor: 59700, creditMinor: credit, dueMinor: 59700 - credit });
  await shop.buy(ann, { wanted });
  const after = await only(ann);
  expect(after).toMatchObject({ id: before.id, level: 'pro', features: { 'vpn.devices': 10 } });
  expect(between(after.periodStart, after.validUntil)).toBeGreaterThanOrEqual(28 * DAY_MS);
});

it('a cheaper plan lasts longer for what the dearer one was worth', async () => {
  const ann = shop.person();
  await bought(ann, large);
  const { id } = await only(ann);
  const change = await shop.place(ann, { wanted: { kind: 'plan', planId: small, subscriptionId: id } });
  expect(change).toMatchObject({ state: 'fulfilled', quote: { creditMinor: 19900, dueMinor: 0 } });
  const { level, periodStart, validUntil } = await only(ann);
  expect(level).toBe('plus');
  // Of 597 roubles that were paid a moment ago 199 buy the month, and the rest two more.
  expect(between(periodStart, validUntil)).toBeGreaterThan(2.9 * 28 * DAY_MS);
});

it('two changes that were ordered side by side take what is left into account once', async () => {
  const ann = shop.person();
  await bought(ann, small);
  const { id } = await only(ann);
  const wanted = { kind: 'plan', planId: large, subscriptionId: id } as const;
  const [one, other] = [await shop.place(ann, { wanted }), await shop.place(ann, { wanted })];
  const paidMinor = 19900 + one.quote.dueMinor + other.quote.dueMinor;
  await shop.payFor(ann, one);
  await shop.payFor(ann, other);
  const { periodStart, validUntil } = await only(ann);
  const months = between(periodStart, validUntil) / (31 * DAY_MS);
  expect(months).toBeLessThanOrEqual((paidMinor + 19900) / 59700);
  expect(months).toBeGreaterThan(((paidMinor - 100) / 59700) * (28 / 31));
});

it('what rests keeps its days', async () => {
  const ann = shop.person();
  await bought(ann, small);
  const before = await only(ann);
  await shop.later(5 * DAY_MS);
  await change(ann, { paused: true });
  const { data } = await shop.app.probe.until(SubscriptionPaused, ({ data }) => data.userId === ann.id);
  expect(data.status).toBe('paused');
  await shop.later(100 * DAY_MS);
  await shop.runs('end-subscriptions');
  await change(ann, { paused: false });
  const after = await only(ann);
  expect(after.status).toBe('active');
  expect(between(before.validUntil, after.validUntil)).toBe(100 * DAY_MS);
});

it('what a process of the version before has put to rest goes on when its person wants it', async () => {
  const ann = shop.person();
  await bought(ann, small);
  await change(ann, { paused: true });
  await shop.app.service.db.query(`UPDATE subscriptions SET rests_for_person = false WHERE user_id = $1`, [ann.id]);
  await change(ann, { paused: false });
  expect((await only(ann)).status).toBe('active');
});

describe('whoever leaves the channel of a bot', () => {
  const tell = async (actor: Actor, isMember: boolean) => {
    const about = { userId: actor.id, botId: BOT, isMember, changedAt: shop.app.clock.now().toISOString() };
    await shop.app.probe.say(MembershipChanged(about));
  };
  const becomes = (actor: Actor, status: string) =>
    until(async () => (await only(actor)).status === status, { what: `a subscription that is ${status}` });

  it('is not served until they are back, cannot change that themselves, and loses no day', async () => {
    const ann = shop.person();
    await bought(ann, small);
    const before = await only(ann);
    await tell(ann, false);
    await becomes(ann, 'paused');
    await expect(change(ann, { paused: false })).rejects.toMatchObject({ problem: { code: 'payments.not_pausable' } });
    await shop.later(3 * DAY_MS);
    await tell(ann, true);
    await becomes(ann, 'active');
    expect(between(before.validUntil, (await only(ann)).validUntil)).toBe(3 * DAY_MS);
  });

  it('has the rest of their trial afterwards, and what they had put to rest themselves rests on', async () => {
    const [ann, ben] = [shop.person(), shop.person()];
    await bought(ben, small);
    await change(ben, { paused: true });
    await tell(ben, false);
    await tell(ben, true);
    await startTrial(ann);
    await tell(ann, false);
    await becomes(ann, 'paused');
    await tell(ann, true);
    await becomes(ann, 'trial');
    expect((await only(ben)).status).toBe('paused');
  });

  it('cannot wake what they had put to rest before they left', async () => {
    const ann = shop.person();
    await bought(ann, small);
    const { revision } = await change(ann, { paused: true });
    await tell(ann, false);
    await until(async () => (await only(ann)).revision > revision, { what: 'the subscription to know' });
    await expect(change(ann, { paused: false })).rejects.toMatchObject({ problem: { code: 'payments.not_pausable' } });
    await tell(ann, true);
    await until(async () => (await only(ann)).revision > revision + 1, { what: 'the subscription to know' });
    expect((await change(ann, { paused: false })).status).toBe('active');
  });

  it('is not served by whatever they try, buy, go on with or change to, until they are back', async () => {
    const [ann, ben, eve] = [shop.person(), shop.person(), shop.person()];
    await bought(ann, small);
    await bought(eve, small);
    await shop.later((await only(eve)).servedUntil.getTime() - shop.app.clock.now().getTime());
    await shop.runs('end-subscriptions');
    await shop.runs('end-subscriptions');
    await becomes(eve, 'expired');
    await bought(ann, small, (await only(ann)).id);
    for (const person of [ann, ben, eve]) await tell(person, false);
    await becomes(ann, 'paused');
    const known = `SELECT FROM memberships WHERE user_id = ANY($1) AND NOT is_member`;
    const outside = () => shop.app.service.db.query<unknown[]>(known, [[ann.id, ben.id, eve.id]]);
    await until(async () => (await outside()).length === 3, { what: 'all to be outside' });
    await bought(ann, large, (await only(ann)).id);
    await startTrial(ben);
    await bought(eve, small, (await only(eve)).id);
    for (const person of [ann, ben, eve]) {
      expect((await only(person)).status).toBe('paused');
      const entitled = { params: { userId: person.id }, query: { botId: BOT } };
      expect((await shop.app.gateway.call(ReadEntitlements, entitled)).level).toBeNull();
    }
    // Who buys during a trial that rests goes on with it.
    await bought(ben, small);
    for (const person of [ann, ben, eve]) await tell(person, true);
    for (const person of [ann, ben, eve]) await becomes(person, 'active');
  });

  it('loses no day of grace with what they pay meanwhile', async () => {
    const ann = shop.person();
    await bought(ann, small);
    const { validUntil, id } = await only(ann);
    await shop.later(validUntil.getTime() + DAY_MS - shop.app.clock.now().getTime());
    await shop.runs('end-subscriptions');
    await becomes(ann, 'grace');
    await tell(ann, false);
    await becomes(ann, 'paused');
    await shop.later(10 * DAY_MS);
    await bought(ann, small, id);
    await tell(ann, true);
    await becomes(ann, 'active');
    expect(between(shop.app.clock.now(), (await only(ann)).validUntil)).toBeGreaterThanOrEqual(28 * DAY_MS);
  });
});

it('a package adds to what the plan brings, until the period ends', async () => {
  const ann = shop.person();
  await bought(ann, small);
  const { id } = await only(ann);
  const packageId = await shop.pack({ 'vpn.devices': 2 }, 5000);
  await shop.buy(ann, { wanted: { kind: 'package', packageId, subscriptionId: id, quantity: 2 } });
  expect((await only(ann)).features).toEqual({ 'vpn.devices': 7 });
});

it('a package that is paid when the subscription is over is money on the balance', async () => {
  const ann = shop.person();
  await bought(ann, small);
  const { id } = await only(ann);
  const packageId = await shop.pack({ 'vpn.devices': 2 }, 5000);
  const order = await shop.place(ann, { wanted: { kind: 'package', packageId, subscriptionId: id, quantity: 1 } });
  await shop.later(40 * DAY_MS);
  await shop.runs('end-subscriptions');
  await shop.runs('end-subscriptions');
  await shop.payFor(ann, order, { state: 'cancelled' });
  expect(await shop.balanceOf(ann)).toBe(5000);
});

it('who began on the last day of a long month goes on until the last of each, whatever February was', async () => {
  const ann = shop.person();
  const now = shop.app.clock.now();
  const january = new Date(Date.UTC(now.getUTCFullYear() + 3, 0, 31, 10));
  await shop.later(between(now, january));
  await bought(ann, small);
  const { id } = await only(ann);
  const ends: string[] = [];
  for (let month = 0; month < 3; month += 1) {
    ends.push((await only(ann)).validUntil.toISOString().slice(5, 10));
    await bought(ann, small, id);
  }
  expect(ends).toEqual([expect.stringMatching(/^02-2[89]$/), '03-31', '04-30']);
  expect((await only(ann)).validUntil.toISOString().slice(5, 10)).toBe('05-31');
});
