import { Injectable } from '@nestjs/common';
import { type EventOf, SERVED_STATUSES, type UsageRecorded } from '@switchboard/contracts';
import { Clock } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import type { Plan } from '../catalogue/plan.entity';
import { UsageAccount } from './usage-account.entity';
import { priceOfUse, useFor } from './usage-price';

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

/**
 * What people use beyond their plans. It is counted under the best plan that has a price for it, and paid with the next order of that
 * subscription. Nobody owes more than they have said that they want to: whoever serves them asks for `allowance` before.
 */
@Injectable()
export class UsageBillingService {
  constructor(private readonly clock: Clock) {}

  /** Counted once, because its event is. */
  async record(tx: EntityManager, { userId, botId, costMicros }: EventOf<typeof UsageRecorded>['data']): Promise<void> {
    if (costMicros > 0) await tx.query(RECORD, [userId, botId, SERVED_STATUSES, costMicros, this.clock.now()]);
  }

  /** Undefined where nothing is paid by use. */
  async owed(tx: EntityManager, used: Used, { byUse }: Plan, currency: string): Promise<UseOwed | undefined> {
    if (!byUse) return undefined;
    const { bill, limitMinor } = await this.account(tx, used);
    const micros = await this.microsOf(tx, used, bill);
    return { bill, micros, amountMinor: Math.min(limitMinor, priceOfUse(micros, byUse, currency)) };
  }

  /**
   * An order has paid it, and what is used from now on belongs to the next bill, with what was used since the order was made.
   * @returns false when another order has paid it already
   */
  async settle(tx: EntityManager, used: Used, { bill, micros }: Pick<UseOwed, 'bill' | 'micros'>): Promise<boolean> {
    const { id, userId, startedAt } = used;
    const now = this.clock.now();
    await this.open(tx, id, userId, startedAt);
    const { affected } = await tx.update(UsageAccount, { subscriptionId: id, bill }, { bill: bill + 1, since: now });
    if (!affected) return false;
    const later = (await this.microsOf(tx, used, bill)) - micros;
    if (later > 0) await tx.query(CARRY, [id, userId, bill + 1, now, later]);
    return true;
  }

  /** No more than this on one bill. */
  async limit(tx: EntityManager, { id, userId, startedAt }: Used, limitMinor: number): Promise<void> {
    await this.open(tx, id, userId, startedAt);
    await tx.update(UsageAccount, { subscriptionId: id }, { limitMinor });
  }

  /** How much may be used on the bill that is open, in all. */
  async allowance(tx: EntityManager, used: Used, { byUse, prices }: Plan) {
    if (!byUse) return undefined;
    const { bill, since, limitMinor } = await this.account(tx, used);
    const micros = useFor(limitMinor, byUse, currencyOf(used, prices));
    return { period: `${used.id}.${bill}`, since, micros };
  }

  /** As the person sees it. */
  async view(tx: EntityManager, used: Used, plan: Plan) {
    if (!plan.byUse) return undefined;
    const currency = currencyOf(used, plan.prices);
    const { limitMinor } = await this.account(tx, used);
    const { micros, amountMinor: owedMinor } = (await this.owed(tx, used, plan, currency))!;
    return { micros, freeMicros: plan.byUse.freeMicros, owedMinor, limitMinor, currency };
  }

  private async account(tx: EntityManager, { id, startedAt }: Used) {
    const found = await tx.findOneBy(UsageAccount, { subscriptionId: id });
    return found ?? { bill: 1, since: startedAt, limitMinor: 0 };
  }

  private open(tx: EntityManager, subscriptionId: string, userId: string, since: Date) {
    return tx.query(
      `INSERT INTO usage_accounts (subscription_id, user_id, bill, since) VALUES ($1, $2, 1, $3) ON CONFLICT DO NOTHING`,
      [subscriptionId, userId, since],
    );
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
