import { type CustomerCriteria, FindCustomers } from '@switchboard/contracts';
import { ServiceClient, ServiceIdentity } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';
import { BOT, DAY_MS, TestShop } from '../../test/build';
import { CustomersService } from './customers.service';

let shop: TestShop;
let planId: string;
beforeAll(async () => {
  shop = await TestShop.start();
  planId = await shop.plan();
});
afterAll(() => shop.app.stop());

const query = <Row>(sql: string, values?: unknown[]) => shop.app.service.db.query<Row[]>(sql, values);

/** Somebody who was met, with subscriptions and paid orders as they are given. */
async function someone({
  subscriptions = [],
  orders = [],
}: {
  subscriptions?: { status: string; endsInDays: number; plan?: string }[];
  orders?: { daysAgo: number; amountMinor: number; refundedMinor?: number; kind?: string }[];
}): Promise<string> {
  const userId = uuidv7();
  const at = (days: number) => new Date(shop.app.clock.now().getTime() + days * DAY_MS);
  await query('INSERT INTO referrals (bot_id, user_id, met_at) VALUES ($1, $2, now())', [BOT, userId]);
  for (const { status, endsInDays, plan = planId } of subscriptions)
    await query(
      `INSERT INTO subscriptions (id, user_id, bot_id, plan_id, status, started_at, period_start, valid_until, served_until, auto_renew, revision)
       VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, false, 1)`,
      [uuidv7(), userId, BOT, plan, status, at(-90), at(endsInDays), at(endsInDays + 3)],
    );
  for (const { daysAgo, amountMinor, refundedMinor = 0, kind = 'plan' } of orders)
    await query(
      `INSERT INTO orders (id, user_id, bot_id, kind, wanted, title, state, currency, list_minor, discount_minor, credit_minor, total_minor,
         locale, refunded_minor, created_at, expires_at, paid_at, revision, waits_for_claim, use_minor)
       VALUES ($1, $2, $3, $4, '{}', '{}', 'fulfilled', 'RUB', $5, 0, 0, $5, 'en', $6, $7, $7, $7, 1, false, 0)`,
      [uuidv7(), userId, BOT, kind, amountMinor, refundedMinor, at(-daysAgo)],
    );
  return userId;
}

async function found(criteria: CustomerCriteria, limit = 500): Promise<string[]> {
  const userIds: string[] = [];
  let after: string | null = null;
  do {
    const page: { userIds: string[]; next: string | null } = await shop.app.gateway.call(FindCustomers, {
      body: { botId: BOT, criteria, after, limit },
    });
    userIds.push(...page.userIds);
    after = page.next;
  } while (after !== null);
  return userIds.sort();
}

describe('customers', () => {
  let people: Record<'stranger' | 'tester' | 'customer' | 'late' | 'former' | 'twice' | 'saver', string>;
  let pro: string;

  beforeAll(async () => {
    pro = await shop.plan({ level: 'pro' });
    people = {
      stranger: await someone({}),
      tester: await someone({ subscriptions: [{ status: 'trial', endsInDays: 2 }] }),
      customer: await someone({
        subscriptions: [{ status: 'active', endsInDays: 20, plan: pro }],
        orders: [{ daysAgo: 10, amountMinor: 50_000 }],
      }),
      late: await someone({
        subscriptions: [{ status: 'grace', endsInDays: -1 }],
        orders: [{ daysAgo: 31, amountMinor: 19_900 }],
      }),
      former: await someone({
        subscriptions: [{ status: 'expired', endsInDays: -40 }],
        orders: [{ daysAgo: 70, amountMinor: 19_900, refundedMinor: 10_000 }],
      }),
      twice: await someone({
        subscriptions: [
          { status: 'expired', endsInDays: -40 },
          { status: 'active', endsInDays: 2 },
        ],
        orders: [
          { daysAgo: 70, amountMinor: 19_900 },
          { daysAgo: 28, amountMinor: 19_900 },
        ],
      }),
      saver: await someone({ orders: [{ daysAgo: 1, amountMinor: 900_000, kind: 'top-up' }] }),
    };
  });

  const named = (...names: (keyof typeof people)[]) => names.map((name) => people[name]).sort();

  it.each<[string, () => CustomerCriteria, (keyof typeof people)[]]>([
    ['none', () => ({ states: ['none'] }), ['stranger', 'saver']],
    ['trial', () => ({ states: ['trial'] }), ['tester']],
    ['active', () => ({ states: ['active'] }), ['customer', 'twice']],
    ['trial or grace', () => ({ states: ['trial', 'grace'] }), ['tester', 'late']],
    ['expired, and nothing else', () => ({ states: ['expired'] }), ['former']],
    ['none or expired', () => ({ states: ['none', 'expired'] }), ['stranger', 'saver', 'former']],
    ['a level', () => ({ levels: ['pro'] }), ['customer']],
    ['a plan', () => ({ planIds: [pro] }), ['customer']],
    ['ends within days', () => ({ endsWithinDays: 3 }), ['tester', 'twice']],
    ['ended some time ago', () => ({ endedDaysAgo: { from: 30, to: 60 } }), ['former']],
    ['never bought', () => ({ neverBought: true }), ['stranger', 'tester', 'saver']],
    ['bought within days', () => ({ boughtWithinDays: 30 }), ['customer', 'twice']],
    ['spent at least', () => ({ spentAtLeast: { amountMinor: 39_800, currency: 'RUB' } }), ['customer', 'twice']],
    [
      'what went back is not spent',
      () => ({ spentAtLeast: { amountMinor: 9901, currency: 'RUB' } }),
      ['customer', 'late', 'twice'],
    ],
    ['another currency', () => ({ spentAtLeast: { amountMinor: 1, currency: 'USD' } }), []],
    ['several at once', () => ({ states: ['active'], endsWithinDays: 3, boughtWithinDays: 30 }), ['twice']],
    ['all', () => ({}), ['stranger', 'tester', 'customer', 'late', 'former', 'twice', 'saver']],
  ])('%s', async (_, criteria, names) => {
    expect(await found(criteria())).toEqual(named(...names));
    // Page by page the same.
    expect(await found(criteria(), 2)).toEqual(named(...names));
    const service = shop.app.service.nest.get(CustomersService, { strict: false });
    const fit = await Promise.all(
      Object.values(people).map(async (userId) =>
        (await service.fits(shop.app.service.db.manager, { botId: BOT, criteria: criteria() }, userId)) ? userId : [],
      ),
    );
    expect(fit.flat().sort()).toEqual(named(...names));
  });

  it('are told to bot-adapter, and to no other service in its own name', async () => {
    const as = (name: string) =>
      new ServiceClient(
        new ServiceIdentity(name, shop.app.keys),
        new Map([['payments', shop.app.url]]),
        new Registry(),
      ).call(FindCustomers, { body: { botId: BOT, criteria: { states: ['grace'] } } });
    expect((await as('bot-adapter')).userIds).toEqual([people.late]);
    // To whom a route is not told it does not exist.
    await expect(as('chat-ai')).rejects.toMatchObject({ status: 404 });
  });
});

it('customers are found by indexes alone, whatever is asked for', async () => {
  await query(`
    INSERT INTO referrals (bot_id, user_id, met_at) SELECT 'bot-' || n % 20, gen_random_uuid(), now() FROM generate_series(1, 30000) n`);
  await query(
    `INSERT INTO subscriptions (id, user_id, bot_id, plan_id, status, started_at, period_start, valid_until, served_until, auto_renew, revision)
     SELECT gen_random_uuid(), user_id, bot_id, $1, 'active', now(), now(), now() + interval '9 days', now(), false, 1 FROM referrals LIMIT 15000`,
    [planId],
  );
  await query(
    `INSERT INTO orders (id, user_id, bot_id, kind, wanted, title, state, currency, list_minor, discount_minor, credit_minor, total_minor,
       locale, created_at, expires_at, paid_at, revision, waits_for_claim, use_minor)
     SELECT gen_random_uuid(), user_id, bot_id, 'plan', '{}', '{}', 'fulfilled', 'RUB', 100, 0, 0, 100, 'en', now(), now(), now(), 1, false, 0
     FROM referrals LIMIT 15000`,
  );
  await query('ANALYZE referrals, subscriptions, orders');
  const service = shop.app.service.nest.get(CustomersService, { strict: false });
  const asked: CustomerCriteria[] = [
    { states: ['none', 'trial', 'active', 'grace', 'expired'] },
    { states: ['trial', 'active', 'grace', 'expired'], levels: ['plus'], planIds: [planId], endsWithinDays: 3 },
    { endedDaysAgo: { from: 1, to: 30 }, boughtWithinDays: 100 },
    { neverBought: true },
    { boughtWithinDays: 3, spentAtLeast: { amountMinor: 1, currency: 'RUB' } },
  ];
  for (const criteria of asked) {
    for (const after of [null, uuidv7()]) {
      const { sql, values } = service.search({ botId: 'bot-7', criteria }, after, 500);
      const plan = (await query<Record<string, string>>(`EXPLAIN ${sql}`, values))
        .map((row) => row['QUERY PLAN'])
        .join('\n');
      expect(plan).not.toMatch(/Seq Scan on (referrals|subscriptions|orders)/);
    }
  }
});
