import { Inject, Injectable } from '@nestjs/common';
import type { TakeDemoSales } from '@switchboard/contracts';
import { Clock, CONFIG, isDemo, refuseDemoInProduction, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';

/** What the demo company has sold. The ledger has nothing of it: no money ever moved. */
@Injectable()
export class DemoService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: { NODE_ENV: string },
  ) {}

  async take({ body }: RequestOf<typeof TakeDemoSales>): Promise<number> {
    refuseDemoInProduction('payments', this.config);
    const rows = await this.db.query<unknown[]>(TAKE, [JSON.stringify(body.purchases), this.clock.now()]);
    return rows.length;
  }

  async remove(): Promise<number> {
    refuseDemoInProduction('payments', this.config);
    return this.db.transaction(async (tx) => {
      const deleteFrom = async (table: string) =>
        (await tx.query<[unknown[], number]>(`DELETE FROM ${table} WHERE ${isDemo('user_id')}`))[1];
      for (const table of ['refunds', 'invoices', 'orders', 'subscription_periods']) await deleteFrom(table);
      return deleteFrom('subscriptions');
    });
  }
}

const TAKE = `
  WITH sold AS MATERIALIZED (
    SELECT one.*, p.id AS plan_id, p.name, one."listMinor" - one."discountMinor" AS paid
    FROM jsonb_to_recordset($1::jsonb) AS one (id uuid, "subscriptionId" uuid, "userId" uuid, "botId" text, "planCode" text, kind text,
      at timestamptz, "from" timestamptz, "to" timestamptz, "listMinor" bigint, "discountMinor" bigint, currency text, provider text,
      "promoCode" text, campaign text, "refundedAt" timestamptz, "autoRenew" boolean)
    JOIN plans p ON p.bot_id = one."botId" AND p.code = one."planCode"
  ), subscription AS (
    INSERT INTO subscriptions AS known (id, user_id, bot_id, plan_id, status, started_at, period_start, valid_until, served_until,
      auto_renew, renew_attempt, told_days_left, revision)
    SELECT "subscriptionId", "userId", "botId", (array_agg(plan_id ORDER BY at DESC))[1],
      CASE WHEN bool_or("refundedAt" IS NOT NULL) THEN 'ended' WHEN max("to") <= $2 THEN 'expired'
        WHEN bool_and(kind = 'trial') THEN 'trial' ELSE 'active' END,
      min("from"), min("from"), max("to"), max("to"), (array_agg("autoRenew" ORDER BY at DESC))[1], 0, 0, 1
    FROM sold GROUP BY 1, 2, 3
    ON CONFLICT (id) DO UPDATE SET plan_id = excluded.plan_id, status = excluded.status, valid_until = excluded.valid_until,
      served_until = excluded.served_until, auto_renew = excluded.auto_renew, told_days_left = 0, revision = known.revision + 1
    RETURNING id
  ), bought AS (
    INSERT INTO orders (id, user_id, bot_id, kind, wanted, title, state, currency, list_minor, discount_minor, credit_minor, total_minor,
      promo_code, locale, campaign, subscription_id, refunded_minor, created_at, expires_at, paid_at, revision)
    SELECT id, "userId", "botId", kind, jsonb_build_object('kind', 'plan', 'planId', plan_id, 'autoRenew', "autoRenew"), name,
      CASE WHEN "refundedAt" IS NULL THEN 'fulfilled' ELSE 'refunded' END, currency, "listMinor", "discountMinor", 0, paid, "promoCode",
      'en', campaign, "subscriptionId", CASE WHEN "refundedAt" IS NULL THEN 0 ELSE paid END, at, at + interval '1 hour', at, 1
    FROM sold WHERE kind <> 'trial' ON CONFLICT DO NOTHING
  ), invoice AS (
    INSERT INTO invoices (id, order_id, user_id, bot_id, provider, attempt, state, amount_minor, currency, external_id, fee_minor,
      refunded_minor, created_at, expires_at, paid_at, revision)
    SELECT id, id, "userId", "botId", provider, 1, CASE WHEN "refundedAt" IS NULL THEN 'paid' ELSE 'refunded' END, paid, currency,
      'demo-' || id, round(paid * 0.035), CASE WHEN "refundedAt" IS NULL THEN 0 ELSE paid END, at, at + interval '1 hour', at, 1
    FROM sold WHERE kind <> 'trial' AND paid > 0 ON CONFLICT DO NOTHING
  ), refund AS (
    INSERT INTO refunds (id, order_id, user_id, bot_id, amount_minor, currency, cause, to_balance, state, asked_by, created_at, done_at, revision)
    SELECT id, id, "userId", "botId", paid, currency, 'asked', false, 'done', 'staff:demo', "refundedAt", "refundedAt", 1
    FROM sold WHERE "refundedAt" IS NOT NULL AND paid > 0 ON CONFLICT DO NOTHING
  )
  INSERT INTO subscription_periods (id, subscription_id, user_id, order_id, plan_id, starts_at, ends_at, amount_minor, currency, cause)
  SELECT id, "subscriptionId", "userId", CASE WHEN kind <> 'trial' THEN id END, plan_id, "from", coalesce("refundedAt", "to"),
    CASE WHEN kind = 'trial' THEN 0 ELSE paid END, currency, CASE WHEN kind = 'trial' THEN 'trial' ELSE 'bought' END
  FROM sold ON CONFLICT DO NOTHING RETURNING id`;
