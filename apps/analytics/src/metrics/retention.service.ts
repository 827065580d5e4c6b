import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Observation } from '../stats/survival';
import { activeDays, CHURN_DAYS, COHORT, IS_ACTIVE } from './activity';
import { FIRST_MOMENT, OF_BOTS, queryInScope, SCOPE, type Scope } from './scope';

export type RetentionKind = 'calendar' | 'rolling' | 'hours24' | 'brackets';

/** Ages in days after the first, or in times of 24 hours, both ends included. */
export interface Bracket {
  readonly from: number;
  readonly to: number;
}

export interface RetentionCell extends Bracket {
  /** People of the cohort for whom this age has wholly passed. */
  readonly mature: number;
  /** Of them, those who were active at it. */
  readonly active: number;
  readonly isMature: boolean;
}

export interface Cohort {
  readonly start: string;
  readonly people: number;
  readonly cells: readonly RetentionCell[];
}

export interface RetentionQuestion {
  readonly kind: RetentionKind;
  readonly cohort: 'day' | 'week' | 'month';
  /** Which N; the brackets of `brackets` are fixed. */
  readonly days: readonly number[];
}

const BRACKETS: readonly Bracket[] = [
  { from: 1, to: 1 },
  { from: 2, to: 3 },
  { from: 4, to: 7 },
  { from: 8, to: 14 },
  { from: 15, to: 30 },
];

/** Who comes back, and who stays how long. */
@Injectable()
export class RetentionService {
  /** Cohorts of those whose first active day ever is in the scope. */
  async cohorts(tx: EntityManager, scope: Scope, { kind, cohort, days }: RetentionQuestion): Promise<Cohort[]> {
    const brackets = kind === 'brackets' ? BRACKETS : ascending(days).map((n) => ({ from: n, to: n }));
    const rows = await queryInScope<{ start: string; people: number; mature: number[]; active: number[] }>(
      tx,
      scope,
      statementOf(kind),
      [cohort, brackets.map(({ from }) => from), brackets.map(({ to }) => to)],
    );
    return rows.map(({ start, people, mature, active }) => ({
      start,
      people,
      cells: brackets.map((bracket, i) => ({
        ...bracket,
        mature: mature[i]!,
        active: active[i]!,
        isMature: mature[i] === people,
      })),
    }));
  }

  /** How long those whose first active day is in the scope stayed, in days after it, until they left or are still there. */
  async stays(tx: EntityManager, scope: Scope): Promise<Observation[]> {
    const rows = await queryInScope<{ time: number; happened: boolean; people: number }>(tx, scope, STAYS);
    return rows.flatMap(({ people, ...observation }) => new Array<Observation>(people).fill(observation));
  }
}

/** Weighted by people, over the cells that are mature. */
export function averageOf(cohorts: readonly Cohort[]): RetentionCell[] {
  const brackets = cohorts[0]?.cells ?? [];
  return brackets.map(({ from, to }, i) => {
    const cells = cohorts.map(({ cells }) => cells[i]!).filter(({ isMature }) => isMature);
    const sum = (key: 'mature' | 'active') => cells.reduce((total, cell) => total + cell[key], 0);
    return { from, to, mature: sum('mature'), active: sum('active'), isMature: true };
  });
}

const ascending = (days: readonly number[]): number[] => [...new Set(days)].sort((a, b) => a - b);

const ACTIVE = activeDays('first', 'today', 'cohort');

/** For each kind: at which ages people were active, each age of a person once, and how many ages of the person have wholly passed. */
const AGES: Record<RetentionKind, { readonly passed: string; readonly aged: string }> = {
  calendar: {
    passed: 'today - first_day - 1',
    aged: `${ACTIVE}, aged AS (SELECT start, passed, day - first_day AS age FROM active JOIN begun USING (user_id))`,
  },
  /** Ages are those at which their brackets begin, found by a search in the list of these: brackets do not overlap. */
  brackets: {
    passed: 'today - first_day - 1',
    aged: `${ACTIVE}, aged AS (
      SELECT DISTINCT user_id, start, passed, ($7::int[])[place] AS age
      FROM active JOIN begun USING (user_id), LATERAL (SELECT width_bucket(day - first_day, $7::int[]) AS place) AS one
      WHERE day - first_day <= ($8::int[])[place]
    )`,
  },
  /** Only the latest age counts when any later one does. */
  rolling: {
    passed: 'today - first_day - 1',
    aged: `${ACTIVE}, aged AS (
      SELECT start, passed, max(day - first_day) AS age FROM active JOIN begun USING (user_id) GROUP BY user_id, start, passed
    )`,
  },
  /** From the moment of the first event on. */
  hours24: {
    passed: 'floor(extract(epoch FROM now - first_active_at) / 86400)::int - 1',
    aged: `aged AS (
      SELECT DISTINCT user_id, start, passed, floor(extract(epoch FROM occurred_at - first_active_at) / 86400)::int AS age
      FROM events JOIN begun USING (user_id)
      WHERE ${IS_ACTIVE} AND occurred_at >= ${FIRST_MOMENT} AND ${OF_BOTS}
    )`,
  },
};

function statementOf(kind: RetentionKind): string {
  const { passed, aged } = AGES[kind];
  const [matures, fits] = kind === 'rolling' ? ['begin', 'age >= begin'] : ['until', 'age = begin'];
  return `
    WITH ${SCOPE}, ${COHORT}, begun AS (
      SELECT cohort.*, date_trunc($6::text, first_day::timestamp)::date AS start, ${passed} AS passed FROM cohort, scope
    ), ${aged}, bracket AS (
      SELECT ordinality::int AS place, begin, ${matures} AS matures
      FROM unnest($7::int[], $8::int[]) WITH ORDINALITY AS one (begin, until, ordinality)
    ), size AS (
      SELECT start, place, sum(people) AS people, coalesce(sum(people) FILTER (WHERE passed >= matures), 0) AS mature
      FROM (SELECT start, passed, count(*) AS people FROM begun GROUP BY start, passed) AS one CROSS JOIN bracket
      GROUP BY start, place
    ), came AS (
      SELECT start, place, sum(people) AS active
      FROM (SELECT start, passed, age, count(*) AS people FROM aged GROUP BY start, passed, age) AS one JOIN bracket ON ${fits}
      WHERE passed >= matures GROUP BY start, place
    )
    SELECT start::text AS start, max(people)::int AS people, array_agg(mature::int ORDER BY place) AS mature,
      array_agg(coalesce(active, 0)::int ORDER BY place) AS active
    FROM size LEFT JOIN came USING (start, place) GROUP BY start ORDER BY start`;
}

/**
 * `stay`: after how many days each person of a cohort was last seen, and after how many they left. Somebody leaves on the first active
 * day that so many silent days follow. Needs `active`.
 */
export const LEFT_AFTER = (cohort: string): string => `
  step AS (
    SELECT user_id, day - first_day AS age,
      coalesce(lead(day) OVER (PARTITION BY user_id ORDER BY day), today) - day > ${CHURN_DAYS} AS left_then
    FROM active JOIN ${cohort} USING (user_id), scope
  ), stay AS (
    SELECT user_id, min(age) FILTER (WHERE left_then) AS left_after, max(age) AS seen FROM step GROUP BY user_id
  )`;

const STAYS = `
  WITH ${SCOPE}, ${COHORT}, ${ACTIVE}, ${LEFT_AFTER('cohort')}
  SELECT coalesce(left_after, seen) AS time, left_after IS NOT NULL AS happened, count(*)::int AS people
  FROM stay GROUP BY 1, 2 ORDER BY 1, 2`;
