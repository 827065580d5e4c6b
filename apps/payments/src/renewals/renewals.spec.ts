import {
  type Actor,
  ChangeMySubscription,
  ForgetPaymentMethod,
  InvoiceFailed,
  ListMySubscriptions,
  NoticeSendRequested,
  ReadShop,
  RenewalFailed,
  RenewalUpcoming,
  StartTrial,
  SubscriptionExpired,
  SubscriptionExpiring,
  SubscriptionRenewed,
} from '@switchboard/contracts';
import type { JobRun } from '@switchboard/service-kit';
import { until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { asked, books, outage, refusals, undecided } from '../../test/pretended.provider';
import { InvoicesJobs } from '../invoices/invoices.jobs';
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

it('after an hour without any run nothing is renewed before somebody says so: the database may be an older one', async () => {
  const ann = await subscriber('card-restored');
  await untilTime((await only(ann)).nextCharge!.at);
  await shop.runs('renew-subscriptions');
  await until(async () => (await charges(ann)).length === 1, { what: 'the charge' });
  await shop.app.probe.until(SubscriptionRenewed, ({ data }) => data.userId === ann.id);
  const { db, nest } = shop.app.service;
  const lastRun = (ago: string) =>
    db.query(
      `UPDATE schedules SET last_success_at = clock_timestamp() - $1::interval WHERE job = 'renew-subscriptions'`,
      [ago],
    );
  const run = () => nest.get(RenewalsService, { strict: false }).renewDue(new AbortController().signal);
  // Where nothing is due nothing is held.
  await lastRun('2 hours');
  await db.query('UPDATE subscriptions SET renew_attempt = 0, renew_at = $1 WHERE renew_at <= $2', [
    new Date(shop.app.clock.now().getTime() + DAY_MS),
    shop.app.clock.now(),
  ]);
  await run();
  await db.query(`UPDATE subscriptions SET renew_at = $2 WHERE user_id = $1`, [ann.id, shop.app.clock.now()]);
  await expect(run()).rejects.toThrow('was a database restored?');
  expect(await charges(ann)).toHaveLength(1);
  await lastRun('0 hours');
  await shop.runs('renew-subscriptions');
  await until(async () => (await charges(ann)).length === 2, { what: 'the charge that somebody has allowed' });
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

/** Charged while the provider does not answer. */
async function chargedInVain(ann: Actor): Promise<void> {
  await untilTime((await only(ann)).nextCharge!.at);
  outage.lasts = true;
  await shop.runs('renew-subscriptions');
  const [{ key }] = await shop.app.service.db.query<[{ key: string }]>(
    `SELECT order_id || ':' || attempt AS key FROM invoices WHERE user_id = $1 AND method_id IS NOT NULL`,
    [ann.id],
  );
  await until(() => asked.keys.includes(key), { what: 'the provider to be asked' });
}
const charges = (actor: Actor): Promise<{ state: string; failure: string | null }[]> =>
  shop.app.service.db.query(
    `SELECT state, failure FROM invoices WHERE user_id = $1 AND method_id IS NOT NULL ORDER BY id`,
    [actor.id],
  );

const asksOf = (externalId: string) => asked.keys.filter((key) => `ext-${key}` === externalId).length;
/** Changes what they have, as they do themselves. */
async function changes(actor: Actor, body: { autoRenew: boolean } | { paused: boolean }): Promise<void> {
  const { id: subscriptionId, revision } = await only(actor);
  await shop.app.gateway.call(
    ChangeMySubscription,
    { params: { subscriptionId }, body, ifMatch: `"${revision}"` },
    { actor },
  );
}

it('a charge that no provider has answered for a day is told of as failed, once it says so, and tried again', async () => {
  const ann = await subscriber('card-unheard');
  await chargedInVain(ann);
  await shop.later(2 * HOUR_MS);
  await shop.runs('give-up-invoices');
  expect(await charges(ann)).toMatchObject([{ state: 'created' }]);
  await shop.later(28 * HOUR_MS);
  await shop.runs('close-orders');
  await shop.runs('give-up-invoices');
  await shop.runs('give-up-invoices');
  expect(await charges(ann)).toMatchObject([{ state: 'created' }]);
  outage.lasts = false;
  const { data } = await shop.app.probe.until(RenewalFailed, (event) => event.data.userId === ann.id);
  expect(data).toMatchObject({ reason: 'other', attempt: 1 });
  await untilTime(new Date(data.nextAttemptAt!));
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(SubscriptionRenewed, (event) => event.data.userId === ann.id);
  expect(await charges(ann)).toMatchObject([{ state: 'failed', failure: 'other' }, { state: 'paid' }]);
  expect(saidOf(RenewalFailed, ann)).toHaveLength(1);
});

it('a charge that was made though nobody heard of it is found after a day, and neither made nor asked for again', async () => {
  const ann = await subscriber('card-unheard-of');
  outage.takes = true;
  await chargedInVain(ann);
  outage.takes = false;
  await shop.later(30 * HOUR_MS);
  const [{ id: invoiceId, externalId }] = await shop.app.service.db.query<[{ id: string; externalId: string }]>(
    `SELECT id, 'ext-' || order_id || ':' || attempt AS "externalId" FROM invoices WHERE user_id = $1 AND method_id IS NOT NULL`,
    [ann.id],
  );
  // Told again by a database that was restored, it is asked for as if for the first time.
  const before = asksOf(externalId);
  const run = { signal: new AbortController().signal, attempt: 1, isLastAttempt: false } as JobRun;
  outage.lasts = false;
  await shop.app.service.nest.get(InvoicesJobs, { strict: false }).ask({ invoiceId }, run);
  expect(await charges(ann)).toMatchObject([{ state: 'created' }]);
  await shop.runs('give-up-invoices');
  await shop.app.probe.until(SubscriptionRenewed, (event) => event.data.userId === ann.id);
  await shop.runs('renew-subscriptions');
  expect(await charges(ann)).toMatchObject([{ state: 'paid' }]);
  expect(books.get(externalId)!.takings).toHaveLength(1);
  expect(asksOf(externalId)).toBe(before);
  expect(saidOf(RenewalFailed, ann)).toEqual([]);
});

it('a charge of which nobody could say for days whether it was made is not made again, and staff are told', async () => {
  const ann = await subscriber('card-unknown');
  await chargedInVain(ann);
  await shop.later(4 * DAY_MS + 10 * HOUR_MS);
  await shop.runs('give-up-invoices');
  const { data } = await shop.app.probe.until(RenewalFailed, (event) => event.data.userId === ann.id);
  expect(data).toMatchObject({ reason: 'other', attempt: 1 });
  expect(data).not.toHaveProperty('nextAttemptAt');
  const [{ key }] = await shop.app.service.db.query<[{ key: string }]>(
    `SELECT order_id || ':' || attempt AS key FROM invoices WHERE user_id = $1 AND method_id IS NOT NULL`,
    [ann.id],
  );
  expect(shop.app.probe.all(NoticeSendRequested).map(({ data }) => data.texts.en)).toContainEqual(
    expect.stringMatching(`Nobody knows what became of a payment.*${key}`),
  );
  outage.lasts = false;
  await shop.later(13 * HOUR_MS);
  await shop.runs('renew-subscriptions');
  await shop.runs('renew-subscriptions');
  expect(await charges(ann)).toMatchObject([{ state: 'failed' }]);
});

it.each([
  ['turned off and on', { autoRenew: false }, { autoRenew: true }],
  ['rested and goes on', { paused: true }, { paused: false }],
])('what was %s while its charge waits is charged once', async (_, first, then) => {
  const ann = await subscriber('card-impatient');
  await chargedInVain(ann);
  await changes(ann, first);
  await changes(ann, then);
  await shop.runs('renew-subscriptions');
  expect(await charges(ann)).toMatchObject([{ state: 'created' }]);
  outage.lasts = false;
  await shop.app.probe.until(SubscriptionRenewed, (event) => event.data.userId === ann.id);
  await shop.runs('renew-subscriptions');
  expect(await charges(ann)).toMatchObject([{ state: 'paid' }]);
});

it('what was turned off while its charge waits is not charged any more', async () => {
  const ann = await subscriber('card-off');
  await chargedInVain(ann);
  await changes(ann, { autoRenew: false });
  outage.lasts = false;
  const { data } = await shop.app.probe.until(InvoiceFailed, (event) => event.data.userId === ann.id);
  expect(data.reason).toBe('cancelled');
  expect(books.has(`ext-${data.orderId}:1`)).toBe(false);
  expect(await only(ann)).toMatchObject({ autoRenew: false, nextCharge: null });
  expect(saidOf(RenewalFailed, ann)).toEqual([]);
});

it('what was charged before it was turned off is served, and stays off', async () => {
  const ann = await subscriber('card-off-late');
  outage.takes = true;
  await chargedInVain(ann);
  outage.takes = false;
  await changes(ann, { autoRenew: false });
  outage.lasts = false;
  await shop.app.probe.until(SubscriptionRenewed, (event) => event.data.userId === ann.id);
  expect(await only(ann)).toMatchObject({ autoRenew: false, nextCharge: null });
});

it('what is paid by hand while a charge waits, and refused, says nothing of the charge', async () => {
  const ann = await subscriber('card-slow');
  undecided.add('card-slow');
  await untilTime((await only(ann)).nextCharge!.at);
  await shop.runs('renew-subscriptions');
  await until(async () => (await charges(ann))[0]?.state === 'pending', { what: 'the charge' });
  const { id: subscriptionId } = await only(ann);
  const order = await shop.place(ann, { wanted: { kind: 'plan', planId, subscriptionId } });
  const page = await shop.page(ann, order.id);
  books.set(page, { ...books.get(page)!, state: 'failed', failure: 'declined' });
  await shop.notify(page);
  const failed = await shop.app.probe.until(InvoiceFailed, ({ data }) => data.orderId === order.id);
  const { db, nest } = shop.app.service;
  await db.transaction((tx) => nest.get(RenewalsService, { strict: false }).refused(tx, failed));
  expect((await shop.order(ann, order.id)).state).toBe('awaiting');
  expect(saidOf(RenewalFailed, ann)).toEqual([]);
  expect((await only(ann)).nextCharge).toBeNull();
});

it('a card that is forgotten while its charge waits is told of at the next try, and the balance is charged after it', async () => {
  const ann = await subscriber('card-forgotten-late');
  const { payWith } = await shop.app.gateway.call(ReadShop, { query: { botId: BOT } }, { actor: ann });
  await chargedInVain(ann);
  const { methodId } = payWith[0]!.saved[0]!;
  await shop.app.gateway.call(ForgetPaymentMethod, { params: { methodId } }, { actor: ann });
  outage.lasts = false;
  const { data } = await shop.app.probe.until(RenewalFailed, (event) => event.data.userId === ann.id);
  expect(data).toMatchObject({ reason: 'method_revoked', attempt: 1 });
  await shop.buy(ann, { wanted: { kind: 'top-up', amountMinor: 20000 } });
  await untilTime(new Date(data.nextAttemptAt!));
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(SubscriptionRenewed, (event) => event.data.userId === ann.id);
});

it('a renewal that lost its next attempt has one again, once nothing can be waited for any more', async () => {
  const ann = await subscriber('card-lost');
  refusals.set('card-lost', 'declined');
  await untilTime((await only(ann)).nextCharge!.at);
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(RenewalFailed, (event) => event.data.userId === ann.id);
  refusals.delete('card-lost');
  const { db } = shop.app.service;
  // As if nobody had heard of the refusal.
  await db.query('UPDATE subscriptions SET renew_at = NULL WHERE user_id = $1', [ann.id]);
  await shop.runs('renew-subscriptions');
  expect(await charges(ann)).toHaveLength(1);
  await shop.later(2 * HOUR_MS);
  await db.query(`UPDATE invoices SET state = 'pending' WHERE user_id = $1 AND state = 'failed'`, [ann.id]);
  await shop.runs('renew-subscriptions');
  expect(await charges(ann)).toHaveLength(1);
  await db.query(`UPDATE invoices SET state = 'failed' WHERE user_id = $1 AND state = 'pending'`, [ann.id]);
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(SubscriptionRenewed, (event) => event.data.userId === ann.id);
});

it('one that cannot have its lost attempt again keeps nobody from being renewed', async () => {
  const [broken, ann] = [await subscriber('card-broken'), await subscriber('card-other')];
  const { db, nest } = shop.app.service;
  await untilTime((await only(ann)).nextCharge!.at);
  await db.query(
    `UPDATE subscriptions SET renew_at = NULL, renew_attempt = 1, valid_until = 'infinity', served_until = 'infinity' WHERE user_id = $1`,
    [broken.id],
  );
  // As if the net itself were broken.
  await db.query(
    `ALTER TABLE subscriptions ADD CONSTRAINT none_is_lost CHECK (valid_until < 'infinity' OR renew_at IS NULL)`,
  );
  await expect(nest.get(RenewalsService, { strict: false }).renewDue(new AbortController().signal)).rejects.toThrow(
    'failed',
  );
  await db.query('ALTER TABLE subscriptions DROP CONSTRAINT none_is_lost');
  await db.query(
    `UPDATE subscriptions SET status = 'ended', auto_renew = false, valid_until = now(), served_until = now() WHERE user_id = $1`,
    [broken.id],
  );
  await shop.app.probe.until(SubscriptionRenewed, (event) => event.data.userId === ann.id);
});

it('a card that was forgotten and is paid with again is saved again, and charged', async () => {
  const ann = await subscriber('card-again');
  const saved = async () =>
    (await shop.app.gateway.call(ReadShop, { query: { botId: BOT } }, { actor: ann })).payWith[0]!.saved;
  const { methodId } = (await saved())[0]!;
  await shop.app.gateway.call(ForgetPaymentMethod, { params: { methodId } }, { actor: ann });
  expect(await saved()).toEqual([]);
  const { id: subscriptionId } = await only(ann);
  await shop.buy(ann, { wanted: { kind: 'plan', planId, subscriptionId, autoRenew: true }, saves: 'card-again' });
  expect(await saved()).toHaveLength(1);
  const { nextCharge, renewsWith } = await only(ann);
  expect(renewsWith).toBe('MIR ·· 4477');
  await untilTime(nextCharge!.at);
  await shop.runs('renew-subscriptions');
  await until(async () => (await charges(ann)).at(-1)?.state === 'paid', { what: 'the charge' });
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

it('a plan of one day is told of in its second half, and charged in its last quarter', async () => {
  const [day, ann] = [await shop.plan({ days: 1 }), shop.person()];
  await shop.buy(ann, { wanted: { kind: 'plan', planId: day, autoRenew: true }, saves: 'card-daily' });
  const happened: string[] = [];
  for (let hours = 0; hours <= 18; hours += 6) {
    if (hours > 0) await shop.later(6 * HOUR_MS);
    await shop.runs('tell-of-renewals');
    await shop.runs('renew-subscriptions');
    happened.push(`${saidOf(RenewalUpcoming, ann).length} told, ${(await charges(ann)).length} charged`);
  }
  expect(happened).toEqual(['0 told, 0 charged', '0 told, 0 charged', '1 told, 0 charged', '1 told, 1 charged']);
  await shop.app.probe.until(SubscriptionRenewed, (event) => event.data.userId === ann.id);
});

it.each([
  [1, ['12: 0']],
  [3, ['24: 1', '12: 0']],
])('of the end of a plan of %i days nothing is told in its first half', async (days, expected) => {
  const [short, ann] = [await shop.plan({ days }), shop.person()];
  await shop.buy(ann, { wanted: { kind: 'plan', planId: short } });
  const told: string[] = [];
  for (let hours = days * 24; hours > 0; hours -= 12) {
    const before = saidOf(SubscriptionExpiring, ann).length;
    await shop.runs('tell-of-ends');
    for (const { data } of saidOf(SubscriptionExpiring, ann).slice(before)) told.push(`${hours}: ${data.daysLeft}`);
    await shop.later(12 * HOUR_MS);
  }
  expect(told).toEqual(expected);
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
  await expect(told).rejects.toThrow('1 of 2 failed');
  await shop.app.probe.until(SubscriptionExpiring, ({ data }) => data.userId === ann.id);
});
