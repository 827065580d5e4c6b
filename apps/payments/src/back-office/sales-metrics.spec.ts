import { OrderRefunded, RenewalFailed, SubscriptionRenewed } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { LedgerReports } from '../ledger/ledger-reports.service';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { pay, refusals } from '../../test/pretended.provider';

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan();
});
afterAll(() => shop.app.stop());

const metrics = async () => {
  const text = await (await fetch(`${shop.app.url}/metrics`)).text();
  return (name: string, labels: string) => {
    const line = text.split('\n').find((one) => /^\w+/.exec(one)?.[0] === name && one.includes(labels));
    return line === undefined ? undefined : Number(line.split(' ').at(-1));
  };
};

it('tell what was sold and taken within the hour', async () => {
  await shop.buy(shop.person(), { wanted: { kind: 'plan', planId } });
  const twice = shop.person();
  const order = await shop.place(twice, { wanted: { kind: 'plan', planId } });
  const page = await shop.page(twice, order.id);
  pay(page, 19900);
  pay(page, 19900);
  await shop.notify(page);
  await shop.settled(twice, order.id);
  const value = await metrics();
  expect(value('payments_purchases_within_hour', `bot="${BOT}"`)).toBe(2);
  expect(value('payments_taken_within_hour', 'provider="pretended"')).toBe(3);
  await shop.later(2 * 3_600_000);
  expect((await metrics())('payments_purchases_within_hour', '')).toBeUndefined();
});

it('tell for how long a provider has not answered', async () => {
  expect((await metrics())('payments_unanswered_age_seconds', 'what="payment"')).toBe(0);
  const ann = shop.person();
  const order = await shop.place(ann, { wanted: { kind: 'plan', planId } });
  await shop.page(ann, order.id);
  await shop.app.service.db.query(`UPDATE invoices SET state = 'created' WHERE order_id = $1`, [order.id]);
  await shop.later(600_000);
  const value = await metrics();
  expect(value('payments_unanswered_age_seconds', 'what="payment"')).toBeGreaterThanOrEqual(600);
  expect(value('payments_unanswered_age_seconds', 'what="refund"')).toBe(0);
  // No longer question is forgotten: it ends when the payment is given up.
  await shop.later(5 * DAY_MS);
  const age = async () => (await metrics())('payments_unanswered_age_seconds', 'what="payment"');
  expect(await age()).toBeGreaterThan(4 * 86_400);
  await shop.runs('give-up-invoices');
  expect(await age()).toBe(0);
});

it('tell what providers and the ledger do not agree on, of the last days', async () => {
  const { db } = shop.app.service;
  const day = shop.app.clock.now().toISOString().slice(0, 10);
  const [{ id }] = await db.query<[{ id: string }]>(
    `INSERT INTO reconciliations (id, bot_id, provider, day, state, revision) VALUES (gen_random_uuid(), $1, 'pretended', $2, 'differs', 1) RETURNING id`,
    [BOT, day],
  );
  await db.query(
    `INSERT INTO reconciliation_findings (id, reconciliation_id, kind, taking_id, there_minor, currency)
     VALUES (gen_random_uuid(), $1, 'missing', 't1', 100, 'RUB')`,
    [id],
  );
  expect((await metrics())('payments_reconciliation_differences', 'provider="pretended"')).toBe(1);
});

it('tell how many renewals of a day have failed', async () => {
  const wanted = { kind: 'plan', planId, autoRenew: true } as const;
  refusals.set('card-empty', 'insufficient_funds');
  const [ann, ben] = [shop.person(), shop.person()];
  await shop.buy(ann, { wanted, saves: 'card-empty' });
  await shop.buy(ben, { wanted, saves: 'card-good' });
  await shop.later(31 * DAY_MS);
  await shop.runs('renew-subscriptions');
  await shop.app.probe.until(RenewalFailed, ({ data }) => data.userId === ann.id);
  await shop.app.probe.until(SubscriptionRenewed, ({ data }) => data.userId === ben.id);
  const value = await metrics();
  expect(value('payments_renewals_within_day', 'outcome="failed"')).toBe(1);
  expect(value('payments_renewals_within_day', 'outcome="renewed"')).toBe(1);
  // Nobody has bought anything.
  expect(value('payments_purchases_within_hour', '')).toBeUndefined();
});

it('tell of no renewal where somebody goes on by themselves, and does not pay', async () => {
  await shop.later(2 * DAY_MS);
  const eve = shop.person();
  const { subscriptionId } = await shop.buy(eve, { wanted: { kind: 'plan', planId } });
  await shop.place(eve, { wanted: { kind: 'plan', planId, subscriptionId: subscriptionId! } });
  await shop.later(2 * 3_600_000);
  await shop.runs('close-orders');
  expect((await metrics())('payments_renewals_within_day', '')).toBeUndefined();
});

it('tell of refunds alone that the provider has not taken', async () => {
  const ann = shop.person();
  const { id } = await shop.buy(ann, { wanted: { kind: 'plan', planId } });
  await shop.refund(id, 100);
  await shop.app.probe.until(OrderRefunded, ({ data }) => data.orderId === id);
  const { db } = shop.app.service;
  await db.query(`UPDATE refunds SET state = 'sending' WHERE order_id = $1`, [id]);
  await shop.later(600_000);
  const age = async () => (await metrics())('payments_unanswered_age_seconds', 'what="refund"');
  expect(await age()).toBe(0);
  await db.query(`UPDATE refunds SET external_id = NULL WHERE order_id = $1`, [id]);
  expect(await age()).toBeGreaterThanOrEqual(600);
  await db.query(`UPDATE refunds SET state = 'done' WHERE order_id = $1`, [id]);
});

it('tell of accounts that do not hold what was booked, within minutes', async () => {
  const imbalances = async () => (await metrics())('payments_ledger_imbalances', '');
  await until(async () => (await imbalances()) === 0, { what: 'accounts to be compared' });
  const { id } = shop.person();
  await shop.app.service.db.query(
    `INSERT INTO balances (user_id, account, currency, amount_minor, revision) VALUES ($1, 'customer', 'RUB', 100, 1)`,
    [id],
  );
  await shop.later(600_000);
  await until(async () => (await imbalances()) === 1, { what: 'the balance to be noticed' });
  const ledger = shop.app.service.nest.get(LedgerReports, { strict: false });
  const failing = jest.spyOn(ledger, 'imbalances').mockRejectedValue(new Error('no database'));
  await shop.later(600_000);
  await until(async () => (await imbalances()) === undefined, {
    what: 'what is not known any more to be told by nobody',
  });
  failing.mockRestore();
  await shop.app.service.db.query('DELETE FROM balances WHERE user_id = $1', [id]);
});
