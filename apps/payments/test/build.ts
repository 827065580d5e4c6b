import {
  type Actor,
  type ByUse,
  ContactStarted,
  type Features,
  type GiftTerms,
  type LocalizedText,
  PlaceOrder,
  ReadMyBalance,
  ReadMyOrder,
  ReadShopTerms,
  type ReferralTerms,
  SetShopTerms,
  TakeNotification,
} from '@switchboard/contracts';
import { type AnswerOf, Schedules } from '@switchboard/service-kit';
import { FakeClock, startApp, type TestApp, type TestAppOptions, until } from '@switchboard/testing';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import { LedgerPartitions } from '../src/ledger/ledger-partitions';
import { definePayments } from '../src/payments.module';
import type { ProviderDefinition } from '../src/providers/payment-provider';
import { RefundsJobs } from '../src/refunds/refunds.jobs';
import { RefundsService } from '../src/refunds/refunds.service';
import { pay, pretended, time } from './pretended.provider';

export const DAY_MS = 86_400_000;
export const BOT = 'shop';
/** Some specs ask a hundred times at once. */
const TIMEOUT_MS = 60_000;

interface APlan {
  code: string;
  level: string;
  rank: number;
  months: number;
  /** In place of months. */
  days: number | null;
  prices: Record<string, number>;
  features: Features;
  trialDays: number | null;
  graceDays: number;
  byUse: ByUse | null;
}

const USUAL_REFERRALS: ReferralTerms = {
  ...{ percents: [20, 5, 1], everyPayment: false, holdDays: 14, maxPerDay: 20, newHours: 72 },
  leastPayouts: [{ currency: 'RUB', amountMinor: 1000 }],
};

type Order = AnswerOf<typeof ReadMyOrder>;
type Body = z.input<(typeof PlaceOrder)['body']>;
type Ordered = Partial<Body> & Pick<Body, 'wanted'>;

/** The service with a provider whose books the spec keeps, and a bot that sells. */
export class TestShop {
  private slots = 0;

  private constructor(readonly app: TestApp) {}

  static async start({
    providers = [pretended],
    payments = { pretended: { apiRoot: 'http://127.0.0.1:9' } },
    accounts = [],
    directory,
    ...options
  }: {
    providers?: readonly ProviderDefinition[];
    payments?: object;
    /** Other bots of the same shop. */
    accounts?: readonly string[];
  } & TestAppOptions = {}): Promise<TestShop> {
    const folder = mkdtempSync(join(tmpdir(), 'bots-'));
    const channel = { kind: 'telegram', apiRoot: 'sandbox', token: '1:sandbox-shop', username: 'shop_bot' };
    writeFileSync(
      join(folder, `${BOT}.json`),
      JSON.stringify({ name: 'Shop', channel, products: ['vpn-shop'], payments }),
    );
    for (const id of accounts) {
      const own = { ...channel, token: `1:sandbox-${id}`, username: `${id}_bot` };
      writeFileSync(join(folder, `${id}.json`), JSON.stringify({ name: id, brand: BOT, channel: own, payments }));
    }
    const clock = new FakeClock();
    time.now = () => clock.now();
    return new TestShop(
      await startApp(definePayments(providers), {
        ...{ env: { BOTS_FOLDER: folder }, clock, ...options },
        ...(directory && { directory }),
      }),
    );
  }

  person(id = uuidv7()): Actor {
    return { kind: 'person', id, roles: [], scopes: ['me:*'] };
  }

  async plan(more: Partial<APlan> = {}): Promise<string> {
    const id = uuidv7();
    const plan = {
      ...{
        code: id,
        level: 'plus',
        rank: 1,
        months: 1,
        days: null,
        prices: { RUB: 19900 },
        features: { 'vpn.devices': 3 },
      },
      ...{ trialDays: null, graceDays: 3, byUse: null },
      ...more,
    };
    await this.app.service.db.query(
      `INSERT INTO plans (id, bot_id, code, name, description, level, rank, period_count, period_unit, prices, features, recurring,
         giftable, trial_days, grace_days, by_use, revision, created_at)
       VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $13, $8, $9, true, true, $10, $11, $12, 1, now())`,
      [
        ...[
          id,
          BOT,
          plan.code,
          named(plan.code),
          plan.level,
          plan.rank,
          plan.days ?? plan.months,
          plan.prices,
          plan.features,
        ],
        ...[plan.trialDays, plan.graceDays, plan.byUse, plan.days === null ? 'month' : 'day'],
      ],
    );
    return id;
  }

  async pack(adds: Features, amountMinor: number, lasts: 'period' | 'subscription' = 'period'): Promise<string> {
    const id = uuidv7();
    await this.app.service.db.query(
      `INSERT INTO packages (id, bot_id, code, name, adds, lasts, prices, revision, created_at) VALUES ($1::uuid, $2, $1::text, $3, $4, $5, $6, 1, now())`,
      [id, BOT, named('More'), adds, lasts, { RUB: amountMinor }],
    );
    return id;
  }

  async promoCode(code: string, more: Record<string, unknown>): Promise<void> {
    const row = {
      id: uuidv7(),
      bot_id: BOT,
      code,
      valid_from: new Date(0),
      revision: 1,
      created_at: new Date(),
      ...more,
    };
    const names = Object.keys(row);
    await this.app.service.db.query(
      `INSERT INTO promo_codes (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
  }

  place(actor: Actor, { wanted, ...more }: Ordered): Promise<Order> {
    const body = { botId: BOT, wanted, currency: 'RUB', provider: 'pretended', ...more };
    return this.app.gateway.call(PlaceOrder, { body, idempotencyKey: uuidv7() }, { actor, timeoutMs: TIMEOUT_MS });
  }

  order(actor: Actor, orderId: string): Promise<Order> {
    return this.app.gateway.call(ReadMyOrder, { params: { orderId } }, { actor });
  }

  /** The id of the payment at the provider, once it has been asked. */
  async page(actor: Actor, orderId: string): Promise<string> {
    const open = await until(
      async () => {
        const { next } = await this.order(actor, orderId);
        return next?.kind === 'open' ? next : undefined;
      },
      { what: `the page of order ${orderId}` },
    );
    return open!.url.split('/').at(-1)!;
  }

  async notify(externalId: string): Promise<void> {
    const params = { provider: 'pretended', botId: BOT };
    const told = { params, headers: {}, body: Buffer.from(externalId) };
    // An answer that nobody reads would break off a minute later, and fail whatever runs then.
    await (await this.app.gateway.call(TakeNotification, told)).buffer();
  }

  /** Orders, pays by the page, and waits for what the provider tells to have been heard. */
  async buy(actor: Actor, { saves, payer, ...ordered }: Ordered & { saves?: string; payer?: string }): Promise<Order> {
    const order = await this.place(actor, { ...ordered, ...(saves !== undefined && { saveMethod: true }) });
    return this.payFor(actor, order, { ...(saves !== undefined && { saves }), ...(payer !== undefined && { payer }) });
  }

  async payFor(
    actor: Actor,
    order: Order,
    { state = 'fulfilled', ...more }: { state?: string; saves?: string; payer?: string } = {},
  ): Promise<Order> {
    const externalId = await this.page(actor, order.id);
    pay(externalId, order.quote.dueMinor, more);
    await this.notify(externalId);
    return this.settled(actor, order.id, state);
  }

  settled(actor: Actor, orderId: string, state = 'fulfilled'): Promise<Order> {
    const look = async () => {
      const order = await this.order(actor, orderId);
      return order.state === state && order;
    };
    return until(look, { what: `order ${orderId} to be ${state}` });
  }

  /** Gives money of an order back, as staff may. */
  async refund(orderId: string, amountMinor: number, toBalance = false): Promise<void> {
    const asked = { amountMinor, cause: 'asked', toBalance, askedBy: 'staff:spec', reason: null };
    const { nest, db } = this.app.service;
    await db.transaction(async (tx) => {
      const refund = await nest.get(RefundsService, { strict: false }).begin(tx, orderId, asked);
      await nest.get(RefundsJobs, { strict: false }).send(tx, refund);
    });
  }

  /** Sets on what terms people are rewarded and gifts are sold. */
  async terms(more: { referrals?: Partial<ReferralTerms>; gifts?: Partial<GiftTerms> }): Promise<void> {
    const params = { botId: BOT };
    const { referrals: before, gifts, revision } = await this.app.gateway.call(ReadShopTerms, { params });
    const referrals = { ...USUAL_REFERRALS, ...before, ...more.referrals };
    const body = { referrals, gifts: { ...gifts, ...more.gifts } };
    await this.app.gateway.call(SetShopTerms, { params, body, ifMatch: `"${revision}"` });
  }

  /** Somebody writes to the bot for the first time. */
  async meets(actor: Actor, startParameter?: string): Promise<void> {
    const { id: userId } = actor;
    const known = { chatId: uuidv7(), botId: BOT, channel: 'telegram', userId, contactId: uuidv7(), locale: 'en' };
    const deepLink = startParameter === undefined ? {} : { deepLink: startParameter };
    await this.app.probe.say(ContactStarted({ ...known, externalId: userId, ...deepLink }));
    const met = `SELECT FROM referrals WHERE user_id = $1`;
    await until(async () => (await this.app.service.db.query<unknown[]>(met, [userId])).length === 1, {
      what: `${userId} to be met`,
    });
  }

  async balanceOf(actor: Actor): Promise<number> {
    const { balances } = await this.app.gateway.call(ReadMyBalance, { query: {} }, { actor });
    return balances.find(({ currency }) => currency === 'RUB')?.amountMinor ?? 0;
  }

  /** Lets time go by, with what has to be there in each month. */
  async later(ms: number): Promise<void> {
    this.app.clock.advance(ms);
    await this.app.service.nest.get(LedgerPartitions, { strict: false }).makeAhead();
  }

  /** One slot of a periodic task, as its schedule runs it. */
  async runs(job: string): Promise<void> {
    // Later than any slot that the service has claimed by the clock of the database.
    const slot = new Date(Date.now() + ++this.slots * DAY_MS);
    if (!(await this.app.service.nest.get(Schedules).runSlot(job, slot))) throw new Error(`${job} has run later`);
    const done = `SELECT FROM schedules WHERE job = $1 AND last_success_slot = $2`;
    await until(async () => (await this.app.service.db.query<unknown[]>(done, [job, slot])).length === 1, {
      what: `the end of ${job}`,
    });
  }

  /** What all accounts sum up to, by currency, and whether each kept balance is what its entries say. */
  async ledgerFaults(): Promise<unknown[]> {
    return this.app.service.db.query(`
      WITH moved AS (
        SELECT user_id, to_account AS account, currency, amount_minor AS change FROM ledger_entries
        UNION ALL SELECT user_id, from_account, currency, -amount_minor FROM ledger_entries),
      personal AS (SELECT user_id, account, currency, sum(change) AS amount FROM moved
        WHERE account IN ('customer', 'held', 'rewards-held') GROUP BY 1, 2, 3)
      SELECT 'unbalanced' AS fault, currency AS what FROM moved GROUP BY currency HAVING sum(change) <> 0
      UNION ALL
      SELECT 'balance', coalesce(p.user_id, b.user_id)::text FROM personal p FULL JOIN balances b USING (user_id, account, currency)
      WHERE coalesce(p.amount, 0) <> coalesce(b.amount_minor, 0)`);
  }
}

const named = (name: string): LocalizedText => ({ en: name, ru: name });
