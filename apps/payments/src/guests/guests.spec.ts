import {
  type Actor,
  ClaimGuestOrder,
  GuestOrderClaimed,
  ListMyOrders,
  PlaceGuestOrder,
  ReadGuestOrder,
  ReadGuestShop,
  ReadMyReferrals,
  RecordShopStep,
  ShopPageStepReached,
  SubscriptionActivated,
} from '@switchboard/contracts';
import { tablesWith, until } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { PretendedGateway } from '../../test/pretended-gateway';
import { pay } from '../../test/pretended.provider';

let gateway: PretendedGateway;
let shop: TestShop;
let planId: string;
beforeAll(async () => {
  gateway = await PretendedGateway.start();
  shop = await TestShop.start(gateway);
  planId = await shop.plan({ prices: { RUB: 10_000 } });
  await shop.terms({ referrals: { percents: [20] } });
});
beforeEach(() => {
  gateway.mailOutcome = 'sent';
});
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(async () => {
  await shop.app.stop();
  gateway.stop();
});

const refusal = (code: string) => ({ problem: { code: `payments.${code}` } });
const anAddress = () => `${uuidv7()}@mail.example`;
/** As a browser asks, which nobody has signed in. */
async function ask<Answer>(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${shop.app.url}${path}`, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text ? JSON.parse(text) : undefined) as Answer & { code?: string } };
}
type Placed = { token: string; state: string };
const place = (email: string, more: object = {}) =>
  ask<Placed>('POST', PlaceGuestOrder.path.replace('{botId}', BOT), {
    ...{ planId, currency: 'RUB', provider: 'pretended', email, locale: 'ru' },
    ...more,
  });
const read = (token: string) => shop.app.gateway.call(ReadGuestOrder, { body: { token } });
const claim = (actor: Actor, token: string, idempotencyKey = uuidv7()) =>
  shop.app.gateway.call(ClaimGuestOrder, { body: { token }, idempotencyKey }, { actor });

/** At the provider, which then tells of it. */
async function pays(token: string, amountMinor = 10_000): Promise<void> {
  const open = await until(
    async () => {
      const { next } = await read(token);
      return next?.kind === 'open' ? next : undefined;
    },
    { what: 'the page of the provider' },
  );
  const externalId = open!.url.split('/').at(-1)!;
  pay(externalId, amountMinor);
  await shop.notify(externalId);
}
async function aPurchase(more: object = {}) {
  const email = anAddress();
  const { token } = (await place(email, more)).body;
  await pays(token);
  await until(async () => (await read(token)).claim !== null, { what: 'the link' });
  return { email, token };
}
const mailTo = (email: string) =>
  until(() => gateway.mails.find(({ to }) => to === email), { what: `the mail to ${email}` });

it('the page shows what everybody can buy, and nothing of anybody', async () => {
  const shown = await ask<{ plans: object[]; payWith: object[] }>('GET', ReadGuestShop.path.replace('{botId}', BOT));
  expect(shown.status).toBe(200);
  expect(shown.body.plans).toMatchObject([{ id: planId, prices: [{ currency: 'RUB', amountMinor: 10_000 }] }]);
  expect(shown.body.payWith).toEqual([{ provider: 'pretended', methods: ['card'], currencies: [], recurring: true }]);
  expect((await ask('GET', ReadGuestShop.path.replace('{botId}', 'nobody'))).body.code).toBe('payments.no_shop');
});

it('who pays without an account has the link on the page and by e-mail, and takes the purchase over by it', async () => {
  const email = anAddress();
  const placed = await place(email);
  expect(placed).toMatchObject({ status: 201, body: { state: 'awaiting', claim: null, amountMinor: 10_000 } });
  const { token } = placed.body;
  await expect(claim(shop.person(), token)).rejects.toMatchObject(refusal('guest_order_unpaid'));
  await pays(token);
  const mail = await mailTo(email);
  const { state, claim: links } = await read(token);
  expect(state).toBe('paid');
  expect(links).toMatchObject({ startParameter: `guest_${token}`, path: `/me/claim#${token}` });
  expect(links!.startParameter.length).toBeLessThanOrEqual(64);
  expect(mail).toMatchObject({ subject: 'Ваша покупка', links: [{ url: links!.botUrl }, { url: links!.path }] });

  const ann = shop.person();
  const key = uuidv7();
  const taken = await claim(ann, token, key);
  expect(await claim(ann, token, key)).toEqual(taken);
  expect(await claim(ann, token)).toEqual(taken);
  await expect(claim(shop.person(), token)).rejects.toMatchObject(refusal('guest_order_claimed'));
  const activated = await shop.app.probe.until(SubscriptionActivated, ({ data }) => data.userId === ann.id);
  expect(activated.data).toMatchObject({ subscriptionId: taken.subscriptionId, planId, status: 'active' });
  const { data } = await shop.app.gateway.call(ListMyOrders, { query: {} }, { actor: ann });
  expect(data).toMatchObject([{ id: taken.orderId, state: 'fulfilled' }]);
  expect(await read(token)).toMatchObject({ claim: null, claimedAt: expect.any(Date) as Date });

  const told = await shop.app.probe.until(GuestOrderClaimed, (event) => event.data.userId === ann.id);
  const { guestUserId: guestId } = told.data;
  expect((await tablesWith(shop.app, guestId)).filter((table) => !['outbox', 'person_keys'].includes(table))).toEqual(
    [],
  );
  expect(await tablesWith(shop.app, token)).toEqual([]);
  expect(await tablesWith(shop.app, email)).toEqual([]);
});

it('of ten who have the link at once one takes it over', async () => {
  const { token } = await aPurchase();
  const people = Array.from({ length: 10 }, () => shop.person());
  const raced = await Promise.allSettled(people.map((one) => claim(one, token)));
  expect(raced.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const had = `SELECT FROM subscriptions WHERE user_id = ANY($1)`;
  expect(await shop.app.service.db.query(had, [people.map(({ id }) => id)])).toHaveLength(1);
});

it('a plan that the person has already goes on for longer', async () => {
  const ann = shop.person();
  const { subscriptionId } = await shop.buy(ann, { wanted: { kind: 'plan', planId } });
  const { token } = await aPurchase();
  expect((await claim(ann, token)).subscriptionId).toBe(subscriptionId);
});

it('money that was more than asked for comes along', async () => {
  const { token } = (await place(anAddress())).body;
  await pays(token, 10_000);
  await until(async () => (await read(token)).claim !== null, { what: 'the link' });
  const [{ id }] = await shop.app.service.db.query<[{ id: string }]>(
    `SELECT order_id AS id FROM guest_orders ORDER BY order_id DESC LIMIT 1`,
  );
  const externalId = `ext-${id}:1`;
  pay(externalId, 700);
  await shop.notify(externalId);
  const more = `SELECT FROM balances WHERE amount_minor = 700`;
  await until(async () => (await shop.app.service.db.query<unknown[]>(more)).length === 1, { what: 'the money' });
  const ann = shop.person();
  await claim(ann, token);
  expect(await shop.balanceOf(ann)).toBe(700);
});

it('what was given back cannot be taken over, and ends what was', async () => {
  const [first, second] = [await aPurchase(), await aPurchase()];
  const ann = shop.person();
  const taken = await claim(ann, first.token);
  await shop.refund(taken.orderId, 10_000, true);
  expect(await shop.balanceOf(ann)).toBe(10_000);
  const orderOf = `SELECT id FROM orders WHERE waits_for_claim AND paid_at IS NOT NULL ORDER BY id DESC LIMIT 1`;
  const [{ id }] = await shop.app.service.db.query<[{ id: string }]>(orderOf);
  await shop.refund(id, 10_000);
  await expect(claim(shop.person(), second.token)).rejects.toMatchObject(refusal('guest_order_refunded'));
  expect((await read(second.token)).claim).toBeNull();
});

it('a person who came by an invitation is brought by it', async () => {
  const ann = shop.person();
  const { link } = await shop.app.gateway.call(ReadMyReferrals, { query: { botId: BOT } }, { actor: ann });
  const { token } = await aPurchase({ campaign: link.startParameter });
  await claim(shop.person(), token);
  const after = await shop.app.gateway.call(ReadMyReferrals, { query: { botId: BOT } }, { actor: ann });
  expect(after).toMatchObject({ paying: 1, pending: [{ currency: 'RUB', amountMinor: 2000 }] });
});

it('a code that each may use once is used once by an address, and no address has many open orders', async () => {
  await shop.promoCode('HALF', { kind: 'percent', percent: 50 });
  const email = anAddress();
  expect((await place(email, { promoCode: 'HALF' })).body).toMatchObject({ amountMinor: 5000 });
  expect((await place(email.toUpperCase(), { promoCode: 'half' })).body.code).toBe('payments.promo_used');
  for (let i = 0; i < 4; i += 1) expect((await place(email)).status).toBe(201);
  expect((await place(email)).body.code).toBe('payments.too_many_open_orders');
});

it.each([
  ['payments.plan_not_found', { planId: uuidv7() }],
  ['payments.currency_not_sold', { currency: 'USD' }],
  ['payments.provider_not_offered', { provider: 'telegram-stars' }],
  ['payments.promo_not_found', { promoCode: 'NOBODY' }],
])('refuses with %s', async (code, more) => {
  expect((await place(anAddress(), more)).body.code).toBe(code);
});

it('nobody finds an order by guessing', async () => {
  const guessed = await ask('POST', ReadGuestOrder.path, { token: 'A'.repeat(32) });
  expect(guessed).toMatchObject({ status: 404, body: { code: 'payments.guest_order_not_found' } });
});

it('where nothing sends e-mail, or nobody has the address, the page has the link all the same', async () => {
  for (const outcome of ['not-offered', 'refused'] as const) {
    gateway.mailOutcome = outcome;
    const { token } = await aPurchase();
    expect(await claim(shop.person(), token)).toMatchObject({ botId: BOT });
  }
});

it('tells how far visits of the page come, and nothing of browsers that ask for that', async () => {
  const visitId = uuidv7();
  const step = (headers = {}) =>
    ask('POST', RecordShopStep.path.replace('{botId}', BOT), { visitId, step: 'opened', campaign: 'blog' }, headers);
  expect((await step({ dnt: '1' })).status).toBe(202);
  expect((await step()).status).toBe(202);
  const { token } = await aPurchase({ visitId });
  await claim(shop.person(), token);
  await shop.app.probe.until(ShopPageStepReached, ({ data }) => data.visitId === visitId && data.step === 'claimed');
  const steps = shop.app.probe.all(ShopPageStepReached).filter(({ data }) => data.visitId === visitId);
  expect(steps.map(({ data }) => data.step)).toEqual(['opened', 'placed', 'paid', 'claimed']);
});

it('who has not paid is forgotten after thirty days, however many they are, and who has paid after a year', async () => {
  const email = anAddress();
  const [left, kept] = [(await place(email)).body, await aPurchase()];
  const { db } = shop.app.service;
  // So many pages were opened by a program.
  await db.query(
    `WITH copies AS (
       INSERT INTO orders SELECT (jsonb_populate_record(o, jsonb_build_object('id', gen_random_uuid(), 'user_id', gen_random_uuid()))).*
       FROM orders o, generate_series(1, 520) WHERE o.id = (SELECT id FROM orders WHERE state = 'awaiting' AND waits_for_claim LIMIT 1) RETURNING id, user_id, bot_id, created_at)
     INSERT INTO guest_orders (order_id, user_id, bot_id, token_hash, email_hash, created_at)
     SELECT id, user_id, bot_id, id, id, created_at FROM copies`,
  );
  const waiting = async () =>
    (await db.query<unknown[]>(`SELECT FROM guest_orders g JOIN orders o ON o.id = g.order_id WHERE o.paid_at IS NULL`))
      .length;
  expect(await waiting()).toBeGreaterThan(520);
  await shop.later(31 * DAY_MS);
  await shop.runs('forget-guests');
  expect(await waiting()).toBe(0);
  await expect(read(left.token)).rejects.toMatchObject(refusal('guest_order_not_found'));
  expect((await read(kept.token)).claim).not.toBeNull();
  await shop.later(335 * DAY_MS);
  await shop.runs('forget-guests');
  await expect(read(kept.token)).rejects.toMatchObject(refusal('guest_order_not_found'));
});
