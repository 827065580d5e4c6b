import {
  type Actor,
  CorrectBalance,
  ListMyRewards,
  ReadMyReferrals,
  ReferralRewarded,
  UseReferral,
} from '@switchboard/contracts';
import { erasePerson, until } from '@switchboard/testing';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { dispute } from '../../test/pretended.provider';
import { LedgerService } from '../ledger/ledger.service';
import { RewardsService } from './rewards.service';

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan({ prices: { RUB: 10_000 } });
});
beforeEach(() => shop.terms({ referrals: { everyPayment: false, percents: [20, 5, 1] } }));
afterEach(async () => expect(await shop.ledgerFaults()).toEqual([]));
afterAll(() => shop.app.stop());

const month = () => ({ kind: 'plan', planId }) as const;
const mine = (actor: Actor) => shop.app.gateway.call(ReadMyReferrals, { query: { botId: BOT } }, { actor });
const rub = (amountMinor: number) => [{ currency: 'RUB', amountMinor }];
const rewardsOf = async (actor: Actor) => {
  const { data } = await shop.app.gateway.call(ListMyRewards, { query: {} }, { actor });
  return data.map(({ level, amountMinor, state }) => ({ level, amountMinor, state }));
};
const untilRewards = (actor: Actor, expected: object[]) =>
  until(async () => JSON.stringify(await rewardsOf(actor)) === JSON.stringify(expected), {
    what: `rewards ${JSON.stringify(expected)}`,
  });
const held = (amountMinor: number, level = 1) => ({ level, amountMinor, state: 'held' });
const paid = (amountMinor: number, level = 1) => ({ level, amountMinor, state: 'paid' });
const takenBack = { level: 1, amountMinor: 0, state: 'taken-back' };

async function broughtBy(ann: Actor): Promise<Actor> {
  const ben = shop.person();
  await shop.meets(ben, (await mine(ann)).link.startParameter);
  return ben;
}
async function afterDays(days: number): Promise<void> {
  await shop.later(days * DAY_MS);
  await shop.runs('release-rewards');
}

it('a friend who pays brings a share, once, when the payment cannot go back any more', async () => {
  const ann = shop.person();
  const ben = await broughtBy(ann);
  await shop.buy(ben, { wanted: month() });
  await untilRewards(ann, [held(2000)]);
  expect(await mine(ann)).toMatchObject({ paying: 1, pending: rub(2000), earned: [] });
  expect(await shop.balanceOf(ann)).toBe(0);
  await afterDays(13);
  expect(await shop.balanceOf(ann)).toBe(0);
  await shop.later(DAY_MS);
  await shop.runs('release-rewards');
  await afterDays(1);
  expect(await shop.balanceOf(ann)).toBe(2000);
  expect(await mine(ann)).toMatchObject({ pending: [], earned: rub(2000) });
  const told = shop.app.probe.all(ReferralRewarded).filter(({ data }) => data.userId === ann.id);
  expect(told.map(({ data }) => data)).toMatchObject([{ level: 1, amountMinor: 2000, botId: BOT }]);
});

it.each([
  ['only the first payment', false, [held(2000)]],
  ['every payment', true, [held(1000), held(2000)]],
])('by the terms %s of a friend counts', async (_, everyPayment, expected) => {
  await shop.terms({ referrals: { everyPayment } });
  const ann = shop.person();
  const ben = await broughtBy(ann);
  await shop.buy(ben, { wanted: month() });
  await untilRewards(ann, [held(2000)]);
  await shop.buy(ben, { wanted: { kind: 'top-up', amountMinor: 5000 } });
  // A third order, paid with what was topped up: that came once, and counted then.
  await shop.buy(ben, { wanted: { kind: 'top-up', amountMinor: 5000 }, provider: 'pretended' });
  await untilRewards(ann, everyPayment ? [held(1000), ...expected] : expected);
  await shop.place(ben, { wanted: month(), provider: undefined });
  await afterDays(0);
  expect(await rewardsOf(ann)).toHaveLength(everyPayment ? 3 : 1);
});

it('who had brought the friend gets a share, too, and who had brought them', async () => {
  const chain = [shop.person()];
  for (let i = 0; i < 4; i += 1) chain.push(await broughtBy(chain.at(-1)!));
  await shop.buy(chain[4]!, { wanted: month() });
  await untilRewards(chain[3]!, [held(2000)]);
  await untilRewards(chain[2]!, [held(500, 2)]);
  await untilRewards(chain[1]!, [held(100, 3)]);
  expect(await rewardsOf(chain[0]!)).toEqual([]);
});

it('a partner has terms of their own', async () => {
  const ann = shop.person();
  await shop.app.service.db.query(
    `INSERT INTO partners (bot_id, user_id, percents, every_payment, since, revision) VALUES ($1, $2, '{40}', true, now(), 1)`,
    [BOT, ann.id],
  );
  const ben = await broughtBy(ann);
  await shop.buy(ben, { wanted: month() });
  await shop.buy(ben, { wanted: month() });
  await untilRewards(ann, [held(4000), held(4000)]);
});

describe('what goes back takes its reward along', () => {
  it('before it is released', async () => {
    const ann = shop.person();
    const ben = await broughtBy(ann);
    const { id } = await shop.buy(ben, { wanted: month() });
    await untilRewards(ann, [held(2000)]);
    await shop.refund(id, 10_000);
    await untilRewards(ann, [takenBack]);
    await afterDays(15);
    expect(await shop.balanceOf(ann)).toBe(0);
  });

  it('in part, as far as it goes back in part', async () => {
    const ann = shop.person();
    const ben = await broughtBy(ann);
    const { id } = await shop.buy(ben, { wanted: month() });
    await shop.refund(id, 2500);
    await untilRewards(ann, [held(1500)]);
    await afterDays(15);
    await shop.refund(id, 2500, true);
    await untilRewards(ann, [paid(1000)]);
    expect(await shop.balanceOf(ann)).toBe(1000);
  });

  it('after it was released and spent: it is kept from what comes later', async () => {
    const ann = shop.person();
    const [ben, eve] = [await broughtBy(ann), await broughtBy(ann)];
    const { id } = await shop.buy(ben, { wanted: month() });
    await untilRewards(ann, [held(2000)]);
    await afterDays(15);
    const cheap = await shop.plan({ prices: { RUB: 1500 } });
    await shop.place(ann, { wanted: { kind: 'plan', planId: cheap }, provider: undefined });
    expect(await shop.balanceOf(ann)).toBe(500);
    await shop.refund(id, 10_000);
    await untilRewards(ann, [takenBack]);
    expect(await shop.balanceOf(ann)).toBe(0);
    await shop.buy(eve, { wanted: month() });
    await untilRewards(ann, [held(2000), takenBack]);
    await afterDays(15);
    expect(await rewardsOf(ann)).toEqual([paid(2000), takenBack]);
    expect(await shop.balanceOf(ann)).toBe(500);
  });

  it('when a bank takes it back, and waits as long as the bank is asked to', async () => {
    const ann = shop.person();
    const ben = await broughtBy(ann);
    const { id } = await shop.buy(ben, { wanted: month() });
    await untilRewards(ann, [held(2000)]);
    const externalId = `ext-${id}:1`;
    const tell = async (state: 'open' | 'lost') => {
      dispute(externalId, state);
      await shop.notify(externalId);
      const what = `SELECT FROM invoices WHERE order_id = $1 AND state = $2`;
      const expected = state === 'open' ? 'disputed' : 'charged-back';
      await until(async () => (await shop.app.service.db.query<unknown[]>(what, [id, expected])).length === 1, {
        what: expected,
      });
    };
    await tell('open');
    await afterDays(15);
    expect(await rewardsOf(ann)).toEqual([held(2000)]);
    await tell('lost');
    await untilRewards(ann, [takenBack]);
  });
});

describe('nothing is had', () => {
  it('by ten accounts who bring each other in a circle, though they pay', async () => {
    const fakes = [shop.person()];
    for (let i = 1; i < 10; i += 1) fakes.push(await broughtBy(fakes.at(-1)!));
    await shop.buy(fakes[9]!, { wanted: month() });
    await untilRewards(fakes[8]!, [held(2000)]);
    const { code } = (await mine(fakes[9]!)).link;
    const closing = { body: { botId: BOT, code }, idempotencyKey: uuidv7() };
    expect(await shop.app.gateway.call(UseReferral, closing, { actor: fakes[0]! })).toEqual({ counted: false });
    await shop.buy(fakes[0]!, { wanted: month() });
    await afterDays(15);
    expect(await Promise.all(fakes.map((fake) => shop.balanceOf(fake)))).toEqual(fakes.map(() => 0));
    expect(await rewardsOf(fakes[8]!)).toEqual([takenBack]);
    expect(await rewardsOf(fakes[9]!)).toEqual([]);
  });

  it('by several accounts for which one hand pays', async () => {
    const ann = shop.person();
    const fakes = await Promise.all(Array.from({ length: 3 }, () => broughtBy(ann)));
    for (const fake of fakes) await shop.buy(fake, { wanted: month(), payer: `card of ${ann.id}` });
    await afterDays(15);
    await untilRewards(ann, [takenBack]);
    expect(await shop.balanceOf(ann)).toBe(0);
  });

  it('by who pays for the friend themselves', async () => {
    const ann = shop.person();
    const payer = `card of ${ann.id}`;
    await shop.buy(ann, { wanted: month(), payer });
    const ben = await broughtBy(ann);
    await shop.buy(ben, { wanted: month(), payer });
    await afterDays(15);
    expect(await rewardsOf(ann)).toEqual([]);
  });

  it('of what nobody has paid: a trial, a free order, or money that was given', async () => {
    const ann = shop.person();
    const ben = await broughtBy(ann);
    await shop.promoCode('NOTHING', { kind: 'percent', percent: 100 });
    await shop.place(ben, { wanted: month(), promoCode: 'NOTHING' });
    const correction = { changeMinor: 10_000, currency: 'RUB', reason: 'a mistake of ours' };
    const made = { params: { userId: ben.id }, body: correction, idempotencyKey: uuidv7() };
    await shop.app.gateway.call(CorrectBalance, made);
    await shop.place(ben, { wanted: month(), provider: undefined });
    await afterDays(15);
    expect(await rewardsOf(ann)).toEqual([]);
  });

  it('where the terms reward nobody any more', async () => {
    const ann = shop.person();
    const ben = await broughtBy(ann);
    await shop.app.service.db.query(`UPDATE shop_terms SET referrals = NULL`);
    await shop.buy(ben, { wanted: month() });
    await afterDays(15);
    expect(await rewardsOf(ann)).toEqual([]);
  });
});

it('nobody sees the rewards of others, and who is erased gets none', async () => {
  const ann = shop.person();
  const [ben, eve] = [await broughtBy(ann), await broughtBy(ann)];
  await shop.buy(ben, { wanted: month() });
  await untilRewards(ann, [held(2000)]);
  expect(await rewardsOf(eve)).toEqual([]);
  expect(await erasePerson(shop.app, ann.id)).toEqual([]);
  await shop.buy(eve, { wanted: month() });
  await afterDays(15);
  const left = `SELECT state, amount_minor AS amount FROM rewards WHERE invitee_id = ANY($1)`;
  expect(await shop.app.service.db.query(left, [[ben.id, eve.id]])).toEqual([{ state: 'taken-back', amount: '0' }]);
});

describe('whatever happens, in whatever order, how often and at the same time', () => {
  const PRICE = 10_007;
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('refund' as const),
      amountMinor: fc.integer({ min: 1, max: PRICE }),
      toBalance: fc.boolean(),
    }),
    fc.record({ kind: fc.constantFrom('told' as const, 'release' as const, 'release' as const, 'days' as const) }),
    fc.record({ kind: fc.constant('spend' as const), amountMinor: fc.integer({ min: 1, max: 3000 }) }),
  );

  type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

  /** As if it had been placed and paid, without the time that takes. */
  async function aPaidOrder(userId: string): Promise<string> {
    const { db } = shop.app.service;
    const id = uuidv7();
    const now = shop.app.clock.now();
    await db.query(
      `INSERT INTO orders (id, user_id, bot_id, kind, wanted, title, state, currency, list_minor, discount_minor, credit_minor,
         total_minor, locale, created_at, expires_at, paid_at, revision)
       VALUES ($1, $2, $3, 'plan', $4, '{"en":"","ru":""}', 'fulfilled', 'RUB', $5, 0, 0, $5, 'en', $6, $6, $6, 1)`,
      [id, userId, BOT, { kind: 'plan', planId }, PRICE, now],
    );
    await db.query(
      `INSERT INTO invoices (id, order_id, user_id, bot_id, provider, attempt, state, amount_minor, currency, taking_id, created_at,
         expires_at, paid_at, revision) VALUES ($1, $2, $3, $4, 'pretended', 1, 'paid', $5, 'RUB', 'taking', $6, $6, $6, 1)`,
      [uuidv7(), id, userId, BOT, PRICE, now],
    );
    return id;
  }

  it('all sums are right, and a reward is paid once', async () => {
    const { db, nest } = shop.app.service;
    const rewards = nest.get(RewardsService, { strict: false });
    const ledger = nest.get(LedgerService, { strict: false });
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 7 }),
        async (isEarly, rounds) => {
          const [ann, ben] = [shop.person(), shop.person()];
          await db.query(
            `INSERT INTO referrals (bot_id, user_id, met_at, inviter_id, link_id) VALUES ($1, $2, now(), $3, $4)`,
            [BOT, ben.id, ann.id, uuidv7()],
          );
          const orderId = await aPaidOrder(ben.id);
          const settle = () => db.transaction((tx) => rewards.settle(tx, orderId));
          const release = async () => {
            const due = `SELECT id FROM rewards WHERE order_id = $1 AND state = 'held' AND release_at <= $2`;
            const rows = await db.query<{ id: string }[]>(due, [orderId, shop.app.clock.now()]);
            for (const { id } of rows) await db.transaction((tx) => rewards.release(tx, id));
          };
          const spend = (amountMinor: number) =>
            db.transaction((tx) =>
              ledger.book(tx, {
                ...{ key: uuidv7(), reason: 'purchase', currency: 'RUB', userId: ann.id },
                transfers: [{ from: 'customer', to: `sales:${BOT}`, amountMinor }],
              }),
            );
          const does = (one: Step): Promise<unknown> => {
            if (one.kind === 'refund')
              return shop.refund(orderId, one.amountMinor, one.toBalance).catch(() => undefined);
            if (one.kind === 'spend') return spend(one.amountMinor).catch(() => undefined);
            if (one.kind === 'release') return release();
            if (one.kind === 'days')
              return db.query(`UPDATE rewards SET release_at = release_at - interval '20 days' WHERE order_id = $1`, [
                orderId,
              ]);
            return settle();
          };
          // Else most of what is tried would happen before there is anything.
          if (isEarly) await settle();
          for (const round of rounds) await Promise.all(round.map(does));
          await settle();
          await settle();
          const [order] = await db.query<[{ left: string }]>(
            `SELECT total_minor - refunded_minor AS left FROM orders WHERE id = $1`,
            [orderId],
          );
          const [facts] = await db.query<
            [{ amount: string; owed: string; state: string; cost: string; passed: string }]
          >(
            `SELECT coalesce(sum(r.amount_minor), 0) AS amount, coalesce(sum(r.owed_minor), 0) AS owed, max(r.state) AS state,
             (SELECT coalesce(sum(CASE WHEN from_account LIKE 'rewards:%' THEN amount_minor WHEN to_account LIKE 'rewards:%'
                THEN -amount_minor ELSE 0 END), 0) FROM ledger_entries WHERE user_id = $2) AS cost,
             (SELECT count(*) FROM ledger_keys WHERE key LIKE 'reward-paid:%' AND substr(key, 13)::uuid IN (SELECT id FROM rewards WHERE order_id = $1)) AS passed
           FROM rewards r WHERE r.order_id = $1`,
            [orderId, ann.id],
          );
          const wanted = Math.floor((Number(order.left) * 20) / 100);
          expect(Number(facts.amount)).toBe(wanted);
          // What the company has spent on it is what the inviter has, or still owes.
          expect(Number(facts.cost)).toBe(Number(facts.amount) + Number(facts.owed));
          expect(Number(facts.passed)).toBeLessThanOrEqual(1);
          if (facts.state === 'held') expect(Number(facts.passed)).toBe(0);
        },
      ),
      { numRuns: 25 },
    );
  });
});
