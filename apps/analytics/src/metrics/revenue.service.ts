import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { activeDays, COHORT } from './activity';
import type { Life } from './lifetime-value';
import type { DatedAmount } from './rates.service';
import { LEFT_AFTER } from './retention.service';
import { END_MOMENT, FIRST_MOMENT, OF_BOTS, queryInScope, SCOPE, type Scope } from './scope';

/** Of one currency on one day of the zone, in minor units. */
export interface DayOfMoney {
  readonly day: string;
  readonly currency: string;
  readonly grossMinor: number;
  readonly refundsMinor: number;
  readonly payments: number;
  /** What of gross less refunds is of people who agreed to be counted. */
  readonly countedNetMinor: number;
}

export interface Conversion {
  readonly days: number;
  readonly people: number;
  readonly payers: number;
}

/** Money of the first days of a cohort, by the day on which it moved. */
export interface CohortMoney {
  readonly days: number;
  readonly people: number;
  readonly amounts: readonly DatedAmount[];
}

/** A life as predictions need it, with money in the currencies in which it moved. */
export interface PaidLife extends Omit<Life, 'brought'> {
  readonly amounts: readonly (DatedAmount & { readonly age: number })[];
}

/** What was paid and given back. Only events of payments count, so that the sums are those of its ledger. */
@Injectable()
export class RevenueService {
  days(tx: EntityManager, scope: Scope): Promise<DayOfMoney[]> {
    return queryInScope<DayOfMoney>(tx, scope, DAYS);
  }

  async payers(tx: EntityManager, scope: Scope): Promise<number> {
    const [row] = await queryInScope<{ payers: number }>(tx, scope, PAYERS);
    return row!.payers;
  }

  /** Of those whose first active day is in the scope and at least so many days ago: who paid in the first so many days. */
  async conversion(tx: EntityManager, scope: Scope, days: number): Promise<Conversion> {
    const [row] = await queryInScope<Omit<Conversion, 'days'>>(tx, scope, CONVERSION, [days]);
    return { days, ...row! };
  }

  /** Some of those whose first active day is in the scope, drawn by their ids. */
  lives(tx: EntityManager, scope: Scope, most: number): Promise<PaidLife[]> {
    return queryInScope<PaidLife>(tx, scope, LIVES, [most]);
  }

  /**
   * What those whose first active day is in the scope, and at least so many days ago, brought in their first so many days: for each of
   * several numbers of days, the fewest first.
   */
  cohortMoney(tx: EntityManager, scope: Scope, days: readonly number[]): Promise<CohortMoney[]> {
    return queryInScope<CohortMoney>(tx, scope, COHORT_MONEY, [days]);
  }
}

const PAID = 'payments.order.paid';
const REFUNDED = 'payments.order.refunded';

/** Minor units, below zero where they were given back. */
const SIGNED = `(props->>'amountMinor')::bigint * CASE type WHEN '${REFUNDED}' THEN -1 ELSE 1 END`;

const IN_PERIOD = (column: string) => `${column} >= ${FIRST_MOMENT} AND ${column} < ${END_MOMENT}`;

/** What is counted of everybody, beside what is kept of those who agreed. */
const DAYS = `
  WITH ${SCOPE}, all_money AS (
    SELECT (at AT TIME ZONE $1)::date AS day, kind AS currency,
      coalesce(sum(total) FILTER (WHERE type = '${PAID}'), 0) AS gross, coalesce(sum(total) FILTER (WHERE type = '${REFUNDED}'), 0) AS refunds,
      coalesce(sum(events) FILTER (WHERE type = '${PAID}'), 0) AS payments
    FROM measures, scope
    WHERE minutes = 15 AND type IN ('${PAID}', '${REFUNDED}') AND measure = 'amountMinor' AND ${IN_PERIOD('at')} AND ${OF_BOTS}
    GROUP BY 1, 2
  ), counted AS (
    SELECT (occurred_at AT TIME ZONE $1)::date AS day, props->>'currency' AS currency, sum(${SIGNED}) AS net
    FROM events, scope
    WHERE type IN ('${PAID}', '${REFUNDED}') AND user_id IS NOT NULL AND ${IN_PERIOD('occurred_at')} AND ${OF_BOTS}
    GROUP BY 1, 2
  )
  SELECT day::text AS day, currency, gross::float8 AS "grossMinor", refunds::float8 AS "refundsMinor", payments::int AS payments,
    coalesce(net, 0)::float8 AS "countedNetMinor"
  FROM all_money LEFT JOIN counted USING (day, currency) ORDER BY day, currency`;

const PAYERS = `
  WITH ${SCOPE}
  SELECT count(DISTINCT user_id)::int AS payers FROM events, scope
  WHERE type = '${PAID}' AND ${IN_PERIOD('occurred_at')} AND ${OF_BOTS}`;

/** `moved`: money of the cohort from each person's first day on. */
const MONEY_OF_COHORT = `
  ${COHORT}, moved AS (
    SELECT user_id, first_day, type, day, props->>'currency' AS currency, ${SIGNED} AS minor
    FROM events JOIN cohort USING (user_id), LATERAL (SELECT (occurred_at AT TIME ZONE $1)::date AS day) AS local
    WHERE type IN ('${PAID}', '${REFUNDED}') AND occurred_at >= ${FIRST_MOMENT} AND ${OF_BOTS} AND day >= first_day
  )`;
/** Of whom so many days, the first one among them, are over. */
const OLD = (days: string) => `first_day + ${days} <= today`;

const CONVERSION = `
  WITH ${SCOPE}, ${MONEY_OF_COHORT}
  SELECT (SELECT count(*)::int FROM cohort, scope WHERE ${OLD('$6::int')}) AS people, count(DISTINCT user_id)::int AS payers
  FROM moved, scope WHERE type = '${PAID}' AND ${OLD('$6')} AND day < first_day + $6`;

const COHORT_MONEY = `
  WITH ${SCOPE}, ${MONEY_OF_COHORT}
  SELECT days, (SELECT count(*)::int FROM cohort WHERE ${OLD('days')}) AS people, coalesce((
    SELECT jsonb_agg(jsonb_build_object('currency', currency, 'day', day, 'amountMinor', minor)) FROM (
      SELECT currency, day, sum(minor) AS minor FROM moved WHERE ${OLD('days')} AND day < first_day + days GROUP BY currency, day
    ) AS summed
  ), '[]') AS amounts
  FROM unnest($6::int[]) AS days, scope ORDER BY days`;

/** Ids begin with the time at which they were made: those with the lowest hashes are people of all times. */
const LIVES = `
  WITH ${SCOPE}, ${COHORT}, drawn AS (
    SELECT cohort.* FROM cohort ORDER BY md5(user_id::text) LIMIT $6::int
  ), ${activeDays('first', 'today', 'drawn')}, ${LEFT_AFTER('drawn')}, moved AS (
    SELECT user_id, jsonb_agg(jsonb_build_object('age', day - first_day, 'day', day, 'currency', props->>'currency', 'amountMinor', ${SIGNED})) AS amounts
    FROM events JOIN drawn USING (user_id), LATERAL (SELECT (occurred_at AT TIME ZONE $1)::date AS day) AS local
    WHERE type IN ('${PAID}', '${REFUNDED}') AND occurred_at >= ${FIRST_MOMENT} AND ${OF_BOTS} AND day >= first_day
    GROUP BY user_id
  )
  SELECT today - first_day AS age, coalesce(left_after, seen) AS stayed, left_after IS NOT NULL AS "hasLeft",
    coalesce(amounts, '[]') AS amounts
  FROM stay JOIN drawn USING (user_id) LEFT JOIN moved USING (user_id), scope`;
