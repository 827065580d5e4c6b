import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { activeDays, activePeople, CHURN_DAYS, isBefore, KNOWN, upTo } from './activity';
import { queryInScope, SCOPE, type Scope } from './scope';

export interface GrowthDay {
  /** `2026-03-29` */
  readonly day: string;
  readonly dau: number;
  readonly wau: number;
  readonly mau: number;
  readonly new: number;
  readonly retained: number;
  readonly resurrected: number;
  readonly dormant: number;
}

/** Who was there before, and is no more. */
export interface Churn {
  readonly people: number;
  readonly lost: number;
}

/** Who is active as of a day. */
export interface ActiveNow {
  readonly today: number;
  /** Up to the same time of day. */
  readonly yesterday: number;
  /** Of the 7 days that end with it. */
  readonly week: number;
}

/** Who is active, day by day. */
@Injectable()
export class GrowthService {
  /** The days of the scope that have begun. */
  days(tx: EntityManager, scope: Scope): Promise<GrowthDay[]> {
    return queryInScope<GrowthDay>(tx, scope, DAYS);
  }

  /** People who were active on at least one day of the scope. */
  async people(tx: EntityManager, scope: Scope): Promise<number> {
    const [row] = await queryInScope<{ people: number }>(
      tx,
      scope,
      `WITH ${SCOPE}, ${activePeople('first', 'last')} SELECT count(*)::int AS people FROM active_person`,
    );
    return row!.people;
  }

  /** As of the last day of the scope. */
  async now(tx: EntityManager, scope: Scope): Promise<ActiveNow> {
    const [row] = await queryInScope<ActiveNow>(tx, scope, LIVE);
    return row!;
  }

  /** Of those who were active on the first `half` days of the scope, who was not on the others. */
  async churn(tx: EntityManager, scope: Scope, half: number): Promise<Churn> {
    const [row] = await queryInScope<Churn>(tx, scope, CHURN, [half]);
    return row!;
  }
}

const CHURN = `
  WITH ${SCOPE}, ${activePeople(
    'first',
    'last',
    'bool_or(local_day < first + $6::int) AS before, bool_or(local_day >= first + $6::int) AS after',
  )}
  SELECT (count(*) FILTER (WHERE before))::int AS people, (count(*) FILTER (WHERE before AND NOT after))::int AS lost
  FROM active_person`;

const LIVE = `
  WITH ${SCOPE}, ${activePeople(
    '(last - 6)',
    'last',
    `bool_or(local_day = last) AS today,
     bool_or(local_day = last - 1 AND ${isBefore(`(now - interval '24 hours')`)}) AS yesterday`,
  )}
  SELECT (count(*) FILTER (WHERE today))::int AS today, (count(*) FILTER (WHERE yesterday))::int AS yesterday,
    count(*)::int AS week
  FROM active_person`;

/**
 * Each active day of a person makes them one of the week for 7 days and of the month for 30, or until their next active day, which
 * counts anew: so the people of each window are a running sum of who comes and who goes, and no window is gone through twice. For that
 * it matters only how many were active on a day with as many days to their last and their next one. Dormant is who is known and not one
 * of the last 14 days.
 */
const DAYS = `
  WITH ${SCOPE}, ${activeDays('(first - 29)', 'last')}, ${KNOWN}, visit AS MATERIALIZED (
    SELECT day, since, ahead, count(*) AS people
    FROM (
      SELECT day, day - lag(day) OVER person AS since, lead(day) OVER person - day AS ahead
      FROM active WINDOW person AS (PARTITION BY user_id ORDER BY day)
    ) AS one GROUP BY day, since, ahead
  ), arrival AS MATERIALIZED (
    SELECT first_day AS day, count(*) AS people FROM known GROUP BY first_day
  ), change AS (
    SELECT at, sum(week * people) AS week, sum(fortnight * people) AS fortnight, sum(month * people) AS month, sum(arrived * people) AS arrived
    FROM (
      SELECT step.*, people, 0 AS arrived FROM visit, LATERAL (VALUES
        (day, 1, 1, 1),
        (day + least(ahead, 7), -1, 0, 0),
        (day + least(ahead, ${CHURN_DAYS}), 0, -1, 0),
        (day + least(ahead, 30), 0, 0, -1)
      ) AS step (at, week, fortnight, month)
      UNION ALL
      SELECT day, 0, 0, 0, people, 1 FROM arrival
    ) AS one GROUP BY at
  ), total AS MATERIALIZED (
    SELECT at, sum(week) OVER up_to AS wau, sum(month) OVER up_to AS mau, sum(arrived - fortnight) OVER up_to AS dormant
    FROM change WINDOW up_to AS (ORDER BY at)
  ), daily AS (
    SELECT day, sum(people) AS dau, coalesce(sum(people) FILTER (WHERE since <= ${CHURN_DAYS}), 0) AS retained FROM visit GROUP BY day
  )
  SELECT (first + n)::text AS day, coalesce(dau, 0)::int AS dau, coalesce(wau, 0)::int AS wau, coalesce(mau, 0)::int AS mau,
    new::int AS new, coalesce(retained, 0)::int AS retained,
    (coalesce(dau, 0) - new - coalesce(retained, 0))::int AS resurrected, coalesce(dormant, 0)::int AS dormant
  FROM scope CROSS JOIN ${upTo('last - first')} AS n
  LEFT JOIN daily ON daily.day = first + n
  LEFT JOIN arrival ON arrival.day = first + n
  -- Who came is known for longer than who was active: where that is gone, nobody was new either.
  CROSS JOIN LATERAL (SELECT least(coalesce(arrival.people, 0), coalesce(dau, 0) - coalesce(retained, 0)) AS new) AS arrived
  LEFT JOIN LATERAL (SELECT wau, mau, dormant FROM total WHERE at <= first + n ORDER BY at DESC LIMIT 1) AS so_far ON true
  ORDER BY n`;
