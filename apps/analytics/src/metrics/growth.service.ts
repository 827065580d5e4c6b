import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { activeDays, CHURN_DAYS, KNOWN } from './activity';
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
      `WITH ${SCOPE}, ${activeDays('first', 'last')}
       SELECT count(DISTINCT user_id)::int AS people FROM active, scope`,
    );
    return row!.people;
  }

  /** Of those who were active on the first `half` days of the scope, who was not on the others. */
  async churn(tx: EntityManager, scope: Scope, half: number): Promise<Churn> {
    const [row] = await queryInScope<Churn>(tx, scope, CHURN, [half]);
    return row!;
  }
}

const CHURN = `
  WITH ${SCOPE}, ${activeDays('first', 'last')}, person AS (
    SELECT bool_or(day < first + $6::int) AS before, bool_or(day >= first + $6::int) AS after
    FROM active, scope GROUP BY user_id
  )
  SELECT (count(*) FILTER (WHERE before))::int AS people, (count(*) FILTER (WHERE before AND NOT after))::int AS lost FROM person`;

/**
 * Each active day of a person makes them one of the week for 7 days and of the month for 30, or until their next active day, which
 * counts anew: so the people of each window are a running sum of who comes and who goes, and no window is gone through twice. Dormant
 * is who is known and not one of the last 14 days.
 */
const DAYS = `
  WITH ${SCOPE}, ${activeDays('(first - 29)', 'last')}, ${KNOWN}, run AS (
    SELECT user_id, day, lag(day) OVER person AS previous, lead(day) OVER person AS next
    FROM active WINDOW person AS (PARTITION BY user_id ORDER BY day)
  ), change AS (
    SELECT at, sum(week) AS week, sum(fortnight) AS fortnight, sum(month) AS month, sum(arrived) AS arrived
    FROM (
      SELECT step.*, 0 AS arrived FROM run, LATERAL (VALUES
        (day, 1, 1, 1),
        (least(next, day + 7), -1, 0, 0),
        (least(next, day + ${CHURN_DAYS}), 0, -1, 0),
        (least(next, day + 30), 0, 0, -1)
      ) AS step (at, week, fortnight, month)
      UNION ALL
      SELECT first_day, 0, 0, 0, 1 FROM known
    ) AS one GROUP BY at
  ), total AS (
    SELECT at, sum(week) OVER up_to AS wau, sum(month) OVER up_to AS mau, sum(arrived - fortnight) OVER up_to AS dormant
    FROM change WINDOW up_to AS (ORDER BY at)
  ), daily AS (
    SELECT day, count(*)::int AS dau, (count(*) FILTER (WHERE day = first_day))::int AS new,
      (count(*) FILTER (WHERE day - previous <= ${CHURN_DAYS}))::int AS retained
    FROM run JOIN known USING (user_id) GROUP BY day
  )
  SELECT (first + n)::text AS day, coalesce(dau, 0) AS dau, coalesce(wau, 0)::int AS wau, coalesce(mau, 0)::int AS mau,
    coalesce(new, 0) AS new, coalesce(retained, 0) AS retained, coalesce(dau - new - retained, 0) AS resurrected,
    coalesce(dormant, 0)::int AS dormant
  FROM scope CROSS JOIN generate_series(0, last - first) AS n
  LEFT JOIN daily ON daily.day = first + n
  LEFT JOIN LATERAL (SELECT wau, mau, dormant FROM total WHERE at <= first + n ORDER BY at DESC LIMIT 1) AS so_far ON true
  ORDER BY n`;
