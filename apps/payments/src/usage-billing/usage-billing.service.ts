import { Injectable } from '@nestjs/common';
import { type ByUse, type EventOf, SERVED_STATUSES, type UsageRecorded } from '@switchboard/contracts';
import { Clock, DomainError } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { Plan } from '../catalogue/plan.entity';
import { UsageAccount } from './usage-account.entity';
import { beyondPlan, priceOfUse, useFor } from './usage-price';

/** The subscription that something is used under, as far as it matters here. */
export interface Used {
  readonly id: string;
  readonly userId: string;
  readonly startedAt: Date;
  readonly renewCurrency: string | null;
}

/** What an order of a subscription pays besides time. */
export interface UseOwed {
  readonly bill: number;
  readonly micros: number;
  readonly amountMinor: number;
}

type Account = Omit<UsageAccount, 'subscriptionId' | 'userId'>;

class LimitTooLow extends DomainError {
  constructor(owedMinor: number, currency: string) {
    const texts = {
      en: 'More than that was used already, and will be paid with the next payment.',
      ru: 'Использовано уже больше: это войдёт в следующий платёж.',
    };
    super('payments.use_limit_too_low', texts, 422, { owedMinor, currency });
  }
}

/**
 * What people use beyond their plans. It is counted under the best plan that has a price for it, and paid with the next order of that
 * subscription that can be. Nobody owes more than they have said that they want to: whoever serves them asks for `allowance` before.
 */
@Injectable()
export class UsageBillingService {
  constructor(private readonly clock: Clock) {}

  /** Counted once, because its event is. */
  async record(tx: EntityManager, { userId, botId, costMicros }: EventOf<typeof UsageRecorded>['data']): Promise<void> {
    if (costMicros > 0) await tx.query(RECORD, [userId, botId, SERVED_STATUSES, costMicros, this.clock.now()]);
  }

  /**
   * What an order in this currency pays of it. Undefined where nothing is paid by use, or not in this currency: it is not sold for it,
   * or the person wants to pay for it in another one.
   */
  async owed(tx: EntityManager, used: Used, { byUse, prices }: Plan, currency: string): Promise<UseOwed | undefined> {
    if (!byUse) return undefined;
    const account = await this.account(tx, used);
    if (account.limitMinor > 0 && limitCurrencyOf(account, used, prices) !== currency) return undefined;
    const micros = await this.microsOf(tx, used, account.bill);
    const priceMinor = priceOfUse(beyondPlan(micros, byUse) + account.owedMicros, byUse, currency);
    if (priceMinor === undefined) return undefined;
    return { bill: account.bill, micros, amountMinor: Math.min(account.limitMinor, priceMinor) };
  }

  /** What the charge that comes by itself pays of it: Telegram charges what was agreed to, and nothing besides. */
  async upcoming(tx: EntityManager, used: Used, plan: Plan, currency: string): Promise<number> {
    const [star] = await tx.query<unknown[]>(
      `SELECT FROM star_subscriptions WHERE subscription_id = $1 AND state IN ('active', 'changing')`,
      [used.id],
    );
    return star ? 0 : ((await this.owed(tx, used, plan, currency))?.amountMinor ?? 0);
  }

  /**
   * An order has paid it, and what is used from now on belongs to the next bill, with what was used since the order was made.
   * @returns false when another order has paid it already
   */
  async settle(tx: EntityManager, used: Used, { bill, micros }: Pick<UseOwed, 'bill' | 'micros'>): Promise<boolean> {
    const account = await this.lock(tx, used);
    if (account.bill !== bill) return false;
    const later = Math.max(0, (await this.microsOf(tx, used, bill)) - micros);
    await this.begin(tx, used, bill, { carriedMicros: later, owedMicros: 0 });
    if (later > 0) await tx.query(CARRY, [used.id, used.userId, bill + 1, this.clock.now(), later]);
    return true;
  }

  /** An order that could not pay it has begun another period: what was used beyond the plan is owed with the next one that can. */
  async rollOver(tx: EntityManager, used: Used, { byUse, prices }: Plan): Promise<void> {
    if (!byUse) return;
    const account = await this.lock(tx, used);
    const owedMicros = await this.agreed(tx, used, account, byUse, prices);
    await this.begin(tx, used, account.bill, { carriedMicros: 0, owedMicros });
  }

  /** No more than this on one bill, in the currency in which it is charged. @throws LimitTooLow */
  async limit(tx: EntityManager, used: Used, plan: Plan, limitMinor: number): Promise<void> {
    const { byUse, prices } = plan;
    const limitCurrency = currencyOf(used, prices);
    const account = await this.lock(tx, used);
    if (byUse) {
      const owed = await this.owed(tx, used, plan, limitCurrency);
      const micros = owed ? 0 : await this.agreed(tx, used, account, byUse, prices);
      const owedMinor = owed?.amountMinor ?? priceOfUse(micros, byUse, limitCurrency);
      // What they cannot be charged for in this currency they still owe in the other one.
      const isLess = owedMinor === undefined ? micros > 0 : limitMinor < owedMinor;
      if (isLess) throw new LimitTooLow(owedMinor ?? account.limitMinor, limitCurrency);
    }
    await tx.update(UsageAccount, { subscriptionId: used.id }, { limitMinor, limitCurrency });
  }

  /** How much may be used on the bill that is open from when it began, in all. */
  async allowance(tx: EntityManager, used: Used, { byUse, prices }: Plan) {
    if (!byUse) return undefined;
    const account = await this.account(tx, used);
    const { bill, since, limitMinor, carriedMicros, owedMicros } = account;
    const currency = currencyOf(used, prices);
    const isIn = limitCurrencyOf(account, used, prices) === currency;
    // What was used and is not paid yet is part of what they want to pay for.
    const beyond = isIn ? Math.max(0, useFor(limitMinor, byUse, currency) - owedMicros) : 0;
    return { period: `${used.id}.${bill}`, since, micros: Math.max(0, byUse.freeMicros + beyond - carriedMicros) };
  }

  /** As the person sees it: in the currency in which they want to pay for it, else in that in which they are charged. */
  async view(tx: EntityManager, used: Used, plan: Plan) {
    if (!plan.byUse) return undefined;
    const account = await this.account(tx, used);
    const { bill, limitMinor } = account;
    const currency = limitMinor > 0 ? limitCurrencyOf(account, used, plan.prices) : currencyOf(used, plan.prices);
    const owed = await this.owed(tx, used, plan, currency);
    const micros = owed?.micros ?? (await this.microsOf(tx, used, bill));
    return { micros, freeMicros: plan.byUse.freeMicros, owedMinor: owed?.amountMinor ?? 0, limitMinor, currency };
  }

  /** What was used beyond the plan and is not paid, as far as the person has wanted to pay for it. */
  private async agreed(
    tx: EntityManager,
    used: Used,
    account: Account,
    byUse: ByUse,
    prices: Plan['prices'],
  ): Promise<number> {
    const { bill, limitMinor, owedMicros } = account;
    const beyond = beyondPlan(await this.microsOf(tx, used, bill), byUse);
    const most = useFor(limitMinor, byUse, limitCurrencyOf(account, used, prices));
    return Math.max(owedMicros, Math.min(owedMicros + beyond, most));
  }

  private async account(tx: EntityManager, { id, startedAt }: Used): Promise<Account> {
    const nothing = { limitMinor: 0, limitCurrency: null, carriedMicros: 0, owedMicros: 0 };
    return (await tx.findOneBy(UsageAccount, { subscriptionId: id })) ?? { bill: 1, since: startedAt, ...nothing };
  }

  /** Nothing is counted on its bill until the transaction ends. */
  private async lock(tx: EntityManager, { id, userId, startedAt }: Used): Promise<Account> {
    await tx.query(
      `INSERT INTO usage_accounts (subscription_id, user_id, bill, since) VALUES ($1, $2, 1, $3) ON CONFLICT DO NOTHING`,
      [id, userId, startedAt],
    );
    const lock = { mode: 'pessimistic_write' } as const;
    return tx.findOneOrFail(UsageAccount, { where: { subscriptionId: id }, lock });
  }

  private async begin(
    tx: EntityManager,
    { id }: Used,
    bill: number,
    brings: Pick<UsageAccount, 'carriedMicros' | 'owedMicros'>,
  ): Promise<void> {
    const next = { bill: bill + 1, since: this.clock.now(), ...brings };
    await tx.update(UsageAccount, { subscriptionId: id }, next);
  }

  private async microsOf(tx: EntityManager, { id }: Used, bill: number): Promise<number> {
    const [sum] = await tx.query<{ micros: string }[]>(
      'SELECT coalesce(sum(micros), 0) AS micros FROM usage_hours WHERE subscription_id = $1 AND bill = $2',
      [id, bill],
    );
    return Number(sum!.micros);
  }
}

/** In which it is charged, else would be. */
const currencyOf = ({ renewCurrency }: Used, prices: Plan['prices']) => renewCurrency ?? Object.keys(prices)[0] ?? '';

/** In which the limit is one. A process of a former version, as there is while a new one comes, says none. */
const limitCurrencyOf = ({ limitCurrency }: Pick<Account, 'limitCurrency'>, used: Used, prices: Plan['prices']) =>
  limitCurrency ?? currencyOf(used, prices);

/** The account is locked, so that an order that pays its bill meanwhile finds all of it or none. */
const RECORD = `
  WITH used AS (
    SELECT s.id, s.user_id, s.started_at FROM subscriptions s JOIN plans p ON p.id = s.plan_id
    WHERE s.user_id = $1 AND s.bot_id = $2 AND s.status = ANY ($3) AND p.by_use IS NOT NULL ORDER BY p.rank DESC, s.id LIMIT 1
  ), account AS (
    INSERT INTO usage_accounts AS known (subscription_id, user_id, bill, since) SELECT id, user_id, 1, started_at FROM used
    ON CONFLICT (subscription_id) DO UPDATE SET bill = known.bill RETURNING subscription_id, user_id, bill
  )
  INSERT INTO usage_hours AS known (subscription_id, user_id, bill, hour, micros)
  SELECT subscription_id, user_id, bill, date_trunc('hour', $5::timestamptz), $4 FROM account
  ON CONFLICT (subscription_id, bill, hour) DO UPDATE SET micros = known.micros + excluded.micros`;

const CARRY = `
  INSERT INTO usage_hours AS known (subscription_id, user_id, bill, hour, micros)
  VALUES ($1, $2, $3, date_trunc('hour', $4::timestamptz), $5)
  ON CONFLICT (subscription_id, bill, hour) DO UPDATE SET micros = known.micros + excluded.micros`;
