import { Injectable } from '@nestjs/common';
import type { ReadSalesBoard } from '@switchboard/contracts';
import { type AnswerOf, Clock, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';

type Board = AnswerOf<typeof ReadSalesBoard>;

/** As counted; what follows from it is computed below. */
type Counted = Omit<Board['months'][number], 'churnPercent' | 'arpuMinor' | 'ltvMinor'> & { readonly before: number };

/** Revenue and subscriptions by month, from what was sold and is paid for. */
@Injectable()
export class SalesBoardService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  async read({ query, actor }: Pick<RequestOf<typeof ReadSalesBoard>, 'query' | 'actor'>): Promise<Board> {
    const { botId, currency, months } = query;
    const now = this.clock.now();
    // Null: of all bots.
    const bots = botId === undefined ? (actor.bots ?? null) : (actor.bots?.includes(botId) ?? true) ? [botId] : [];
    const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months + 1, 1));
    const counted = await this.db.query<Counted[]>(MONTHS, [bots, currency, from, now]);
    return {
      currency,
      currencies: (await this.db.query<{ currency: string }[]>(CURRENCIES, [bots, from])).map((row) => row.currency),
      months: counted.map(({ before, ...month }) => ({ ...month, ...rates(month, before) })),
      byProvider: await this.db.query(BY_PROVIDER, [bots, currency, from]),
      byPlan: await this.db.query(BY_PLAN, [bots]),
      byCampaign: await this.db.query(BY_CAMPAIGN, [bots, currency, from]),
    };
  }
}

function rates({ churned, active, mrrMinor }: Pick<Counted, 'churned' | 'active' | 'mrrMinor'>, before: number) {
  const churn = before === 0 ? null : churned / before;
  const arpuMinor = active === 0 ? null : Math.round(mrrMinor / active);
  return {
    churnPercent: churn === null ? null : Math.round(churn * 1000) / 10,
    arpuMinor,
    ltvMinor: arpuMinor === null || !churn ? null : Math.round(arpuMinor / churn),
  };
}

const OF_BOTS = (column: string) => `($1::text[] IS NULL OR ${column} = ANY($1))`;

/** Paid for at a time, with what it brings in a month. A trial and days that were given bring nothing, and are not counted. */
const PAID_AT = (time: string) => `SELECT id, monthly FROM paid WHERE starts_at <= ${time} AND ends_at > ${time}`;

/** What is looked up for each row is one value: joined to it the whole table may be read. */
const MONTHS = `
  WITH month AS (
    SELECT start, least(start + interval '1 month', $4::timestamptz) AS finish
    FROM generate_series($3::timestamptz, $4::timestamptz, interval '1 month') AS start
  ), paid AS MATERIALIZED (
    SELECT p.subscription_id AS id, p.starts_at, p.ends_at,
      p.amount_minor * 2629800.0 / nullif(extract(epoch FROM p.ends_at - p.starts_at), 0) AS monthly,
      (SELECT true FROM subscription_periods q WHERE q.subscription_id = p.subscription_id AND q.currency = $2
         AND q.amount_minor > 0 AND q.starts_at < p.starts_at LIMIT 1) IS NULL AS is_first
    FROM subscription_periods p WHERE p.currency = $2 AND p.amount_minor > 0 AND p.starts_at <= $4 AND p.ends_at >= $3
      AND ${OF_BOTS('(SELECT s.bot_id FROM subscriptions s WHERE s.id = p.subscription_id)')}
  ), tried AS MATERIALIZED (
    SELECT t.starts_at, (SELECT true FROM subscription_periods later
      WHERE later.subscription_id = t.subscription_id AND later.amount_minor > 0 LIMIT 1) IS TRUE AS is_converted
    FROM subscription_periods t WHERE t.cause = 'trial' AND t.starts_at >= $3 AND t.starts_at < $4
      AND ${OF_BOTS('(SELECT s.bot_id FROM subscriptions s WHERE s.id = t.subscription_id)')}
  )
  SELECT to_char(start AT TIME ZONE 'UTC', 'YYYY-MM') AS month, sold.*, refunded.*, fees.*, at_end.*, at_start.before,
    first.began, coalesce(lost.churned, 0) AS churned, trial.*
  FROM month
  CROSS JOIN LATERAL (SELECT coalesce(sum(total_minor), 0)::float8 AS "revenueMinor", count(*)::int AS orders,
      count(DISTINCT user_id)::int AS buyers
    FROM orders WHERE ${OF_BOTS('bot_id')} AND currency = $2 AND kind <> 'top-up' AND paid_at >= start AND paid_at < finish) sold
  CROSS JOIN LATERAL (SELECT coalesce(sum(amount_minor), 0)::float8 AS "refundsMinor"
    FROM refunds WHERE ${OF_BOTS('bot_id')} AND currency = $2 AND created_at >= start AND created_at < finish) refunded
  CROSS JOIN LATERAL (SELECT coalesce(sum(fee_minor), 0)::float8 AS "feesMinor"
    FROM invoices WHERE ${OF_BOTS('bot_id')} AND currency = $2 AND paid_at >= start AND paid_at < finish) fees
  CROSS JOIN LATERAL (SELECT count(DISTINCT id)::int AS active, round(coalesce(sum(monthly), 0))::float8 AS "mrrMinor"
    FROM (${PAID_AT('finish')}) had) at_end
  CROSS JOIN LATERAL (SELECT count(DISTINCT id)::int AS before FROM (${PAID_AT('start')}) had) at_start
  CROSS JOIN LATERAL (SELECT count(*)::int AS churned FROM (
      SELECT id FROM (${PAID_AT('start')}) was EXCEPT SELECT id FROM (${PAID_AT('finish')}) still) gone) lost
  CROSS JOIN LATERAL (SELECT count(DISTINCT id)::int AS began FROM paid
    WHERE is_first AND starts_at >= start AND starts_at < finish) first
  CROSS JOIN LATERAL (SELECT count(*)::int AS trials, count(*) FILTER (WHERE is_converted)::int AS converted
    FROM tried WHERE starts_at >= start AND starts_at < finish) trial
  ORDER BY start`;

const CURRENCIES = `
  SELECT currency FROM orders WHERE ${OF_BOTS('bot_id')} AND paid_at >= $2 GROUP BY 1 ORDER BY count(*) DESC, 1`;

const BY_PROVIDER = `
  SELECT provider, sum(amount_minor)::float8 AS "amountMinor", count(*)::int AS payments
  FROM invoices WHERE ${OF_BOTS('bot_id')} AND currency = $2 AND paid_at >= $3 GROUP BY 1 ORDER BY 2 DESC`;

const BY_PLAN = `
  SELECT p.id AS "planId", p.name, count(s.id)::int AS active
  FROM plans p LEFT JOIN subscriptions s ON s.plan_id = p.id AND s.status IN ('active', 'grace', 'paused')
  WHERE ${OF_BOTS('p.bot_id')} GROUP BY p.id ORDER BY 3 DESC, p.position`;

const BY_CAMPAIGN = `
  SELECT campaign, count(*)::int AS orders, sum(total_minor)::float8 AS "revenueMinor"
  FROM orders WHERE ${OF_BOTS('bot_id')} AND currency = $2 AND paid_at >= $3 AND campaign IS NOT NULL AND kind <> 'top-up'
  GROUP BY 1 ORDER BY 3 DESC LIMIT 50`;
