import {
  ListBalanceCorrections,
  ListCampaigns,
  ListLedgerEntries,
  ListOffers,
  ListOrders,
  ListPartners,
  ListPayouts,
  ListProducts,
  ListPromoCodes,
  ListReconciliations,
  ListRefunds,
  ListStockMoves,
  ListSubscriptions,
  ReadSalesBoard,
} from '@switchboard/contracts';
import { rowsRead } from '@switchboard/testing';
import { IndexRenewals1764351300000 } from '../migrations/1764351300000-index-renewals';
import { BOT, TestShop } from './build';

/** So many there are of everything. A page has fifty rows. */
const ROWS = 20_000;
/** More than some pages: what reads this much reads a table. */
const READ_AT_MOST = 2000;

let shop: TestShop;
const ids = { person: '', order: '', external: '', taking: '', variant: '' };

/** The bot of the spec has a hundredth of all, and the state that is looked for is rare. */
beforeAll(async () => {
  shop = await TestShop.start();
  const { db } = shop.app.service;
  const planId = await shop.plan();
  const every = (n: number, is: string, otherwise: string) =>
    `CASE WHEN i % ${n} = 0 THEN '${is}' ELSE '${otherwise}' END`;
  const bot = every(100, BOT, 'other');
  const series = `generate_series(1, ${ROWS}) AS i`;
  /** In twenty years. */
  const ago = `now() - i * interval '${(20 * 365 * 24) / ROWS} hours'`;
  const id = (kind: string, i = 'i') =>
    `overlay(overlay(md5('${kind}' || ${i}) placing '4' from 13) placing '8' from 17)::uuid`;
  const tables: Record<string, string> = {
    orders: `INSERT INTO orders (id, user_id, bot_id, kind, wanted, title, state, currency, list_minor, discount_minor, credit_minor, total_minor,
        locale, created_at, expires_at, paid_at, revision)
      SELECT ${id('order')}, ${id('person', 'i % 5000')}, ${bot}, 'top-up', '{"kind": "top-up", "amountMinor": 100}', '{"en": "Top-up", "ru": "Пополнение"}', ${every(4000, 'paid', 'fulfilled')}, 'RUB', 100, 0, 0, 100,
        'en', ${ago}, ${ago}, ${ago}, 1 FROM ${series}`,
    invoices: `INSERT INTO invoices (id, order_id, user_id, bot_id, provider, attempt, state, amount_minor, currency, external_id, taking_id,
        created_at, expires_at, paid_at, revision)
      SELECT ${id('invoice')}, ${id('order')}, ${id('person', 'i % 5000')}, ${bot}, ${every(1000, 'stripe', 'pretended')}, 1, 'paid', 100, 'RUB',
        'external-' || i, 'taking-' || i, ${ago}, ${ago}, ${ago}, 1 FROM ${series}`,
    refunds: `INSERT INTO refunds (id, order_id, user_id, bot_id, amount_minor, currency, cause, to_balance, state, asked_by, created_at, revision)
      SELECT ${id('refund')}, ${id('order')}, ${id('person', 'i % 5000')}, ${bot}, 1, 'RUB', 'asked', false, ${every(4000, 'failed', 'done')},
        'staff:anna', ${ago}, 1 FROM ${series}`,
    subscriptions: `INSERT INTO subscriptions (id, user_id, bot_id, plan_id, status, started_at, period_start, valid_until, served_until, auto_renew, revision)
      SELECT ${id('subscription')}, ${id('person', 'i % 5000')}, ${bot}, '${planId}', ${every(4000, 'paused', 'expired')}, now(), now(), now(), now(),
        false, 1 FROM ${series}`,
    subscription_periods: `INSERT INTO subscription_periods (id, subscription_id, user_id, plan_id, starts_at, ends_at, amount_minor, currency, cause)
      SELECT ${id('period')}, ${id('subscription')}, ${id('person', 'i % 5000')}, '${planId}', ${ago}, ${ago} + interval '30 days', 100, 'RUB', 'bought'
      FROM ${series}`,
    balance_corrections: `INSERT INTO balance_corrections (id, user_id, change_minor, currency, made_by, made_at)
      SELECT ${id('correction')}, ${id('person', 'i % 5000')}, 1, 'RUB', 'staff:anna', now() FROM ${series}`,
    campaigns: `INSERT INTO campaigns (id, bot_id, name, title, created_at)
      SELECT ${id('campaign')}, ${bot}, 'campaign' || i, 'Title', now() FROM ${series}`,
    payouts: `INSERT INTO payouts (id, user_id, bot_id, amount_minor, currency, state, asked_at, revision)
      SELECT ${id('payout')}, ${id('person')}, ${bot}, 1, 'RUB', ${every(4000, 'asked', 'paid')}, now(), 1 FROM ${series}`,
    partners: `INSERT INTO partners (bot_id, user_id, percents, every_payment, since, revision)
      SELECT ${bot}, ${id('person')}, '{10}', true, now(), 1 FROM ${series}`,
    promo_codes: `INSERT INTO promo_codes (id, bot_id, code, kind, percent, valid_from, revision, created_at)
      SELECT ${id('promo')}, ${bot}, 'CODE' || i, 'percent', 10, now(), 1, now() FROM ${series}`,
    reconciliations: `INSERT INTO reconciliations (id, bot_id, provider, day, state, revision)
      SELECT ${id('reconciliation')}, ${bot}, ${every(1000, 'stripe', 'pretended')}, date '1970-01-01' + i, ${every(4000, 'differs', 'fits')}, 1 FROM ${series}`,
    offers: `INSERT INTO offers (id, bot_id, title, text, criteria, promo_code_id, hold_out_percent, from_at, until_at, created_at, revision)
      SELECT ${id('offer')}, ${bot}, 'Offer', '{"en": "Cheaper", "ru": "Дешевле"}', '{}', ${id('promo')}, 10, now(), now() + interval '1 day', now(), 1 FROM ${series}`,
    ledger_entries: `INSERT INTO ledger_entries (id, transaction_id, booked_at, key, reason, from_account, to_account, amount_minor, currency, user_id, order_id)
      SELECT ${id('entry')}, ${id('entry')}, now(), 'key' || i, 'payment', 'provider:pretended', 'customer', 1, 'RUB', ${id('person', 'i % 5000')},
        ${id('order')} FROM ${series}`,
    products: `INSERT INTO products (id, brand_id, code, title, description, attributes, options, media, position, revision, created_at)
      SELECT ${id('product')}, ${bot}, 'product' || i, '{"en": "Tee", "ru": "Футболка"}', '{"en": "", "ru": ""}', '[]', '[]', '[]', i, 1, now() FROM ${series}`,
    variants: `INSERT INTO variants (id, product_id, brand_id, sku, choice, prices, tracked, receipt, position, revision)
      SELECT ${id('variant')}, ${id('product')}, ${bot}, 'SKU-' || i, '{}', '{"RUB": 100}', true, '{}', 0, 1 FROM ${series}`,
    stock_moves: `INSERT INTO stock_moves (id, variant_id, kind, on_hand, reserved, by, at)
      SELECT ${id('move')}, ${id('variant', '(i % 5000 + 1)')}, 'received', 1, 0, 'staff:anna', now() FROM ${series}`,
  };
  for (const [table, sql] of Object.entries(tables)) {
    await db.query(sql);
    await db.query(`ANALYZE ${table}`);
  }
  const [known] = await db.query<[typeof ids]>(
    `SELECT ${id('person', '4000')} AS person, ${id('order', '4000')} AS "order", 'external-4000' AS external, 'taking-4000' AS taking, ${id('variant', '4000')} AS variant`,
  );
  Object.assign(ids, known);
}, 120_000);
afterAll(() => shop.app.stop());

type Queries = readonly Readonly<Record<string, unknown>>[];
const list = (route: Parameters<typeof shop.app.gateway.call>[0], query: object, params: object) =>
  shop.app.gateway.call(route, { query: { limit: 50, ...query }, params } as never);

it.each<[string, Parameters<typeof shop.app.gateway.call>[0], () => Queries, (() => object)?]>([
  [
    'orders',
    ListOrders,
    () => [
      {},
      { botId: BOT },
      { userId: ids.person },
      { state: ['paid'] },
      { botId: BOT, state: ['paid'] },
      { provider: 'stripe' },
      { search: ids.order },
      { search: ids.external },
      { search: ids.taking },
      { search: 'nothing' },
    ],
  ],
  [
    'refunds',
    ListRefunds,
    () => [{}, { botId: BOT }, { state: ['failed'] }, { botId: BOT, state: ['failed'] }, { userId: ids.person }],
  ],
  [
    'subscriptions',
    ListSubscriptions,
    () => [{}, { botId: BOT }, { userId: ids.person }, { status: ['paused'] }, { botId: BOT, status: ['paused'] }],
  ],
  ['payouts', ListPayouts, () => [{}, { botId: BOT }, { state: 'asked' }, { userId: ids.person }]],
  ['promo codes', ListPromoCodes, () => [{ botId: BOT }, { botId: BOT, code: 'CODE400' }]],
  [
    'comparisons of books',
    ListReconciliations,
    () => [{}, { botId: BOT }, { state: ['differs'] }, { provider: 'stripe' }],
  ],
  ['entries of the ledger', ListLedgerEntries, () => [{ userId: ids.person }, { orderId: ids.order }]],
  ['partners', ListPartners, () => [{}], () => ({ botId: BOT })],
  ['corrections of balances', ListBalanceCorrections, () => [{}], () => ({ userId: ids.person })],
  ['campaigns', ListCampaigns, () => [{ botId: BOT }]],
  ['offers', ListOffers, () => [{ botId: BOT }]],
  ['products', ListProducts, () => [{ brandId: BOT }]],
  ['moves of stock', ListStockMoves, () => [{}], () => ({ variantId: ids.variant })],
])(
  'a page of %s reads little more than it shows, whatever is looked for',
  async (_what, route, queries, params = () => ({})) => {
    for (const query of queries()) {
      const read = await rowsRead(shop.app, () => list(route, query, params()));
      expect({ query, read: read.filter(({ rows }) => rows > READ_AT_MOST) }).toEqual({ query, read: [] });
      expect(read.length).toBeGreaterThan(0);
    }
  },
);

it('sales of some months are counted without those of all years', async () => {
  for (const query of [{}, { botId: BOT }]) {
    const board = () => shop.app.gateway.call(ReadSalesBoard, { query: { currency: 'RUB', months: 2, ...query } });
    const read = await rowsRead(shop.app, board);
    expect({ query, read: read.filter(({ rows }) => rows > READ_AT_MOST) }).toEqual({ query, read: [] });
    expect(read.length).toBeGreaterThan(3);
  }
});

it('a database that was without it gets the index of renewals, and one that has it keeps it', async () => {
  const { db } = shop.app.service;
  const runner = db.createQueryRunner();
  await runner.query('DROP INDEX orders_of_renewals');
  for (let time = 0; time < 2; time += 1) await new IndexRenewals1764351300000().up(runner);
  expect(await runner.query(`SELECT FROM pg_indexes WHERE indexname = 'orders_of_renewals'`)).toHaveLength(1);
  await runner.release();
});
