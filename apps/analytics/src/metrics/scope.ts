import type { EntityManager } from 'typeorm';

/** Of which days and bots a number speaks. */
export interface Scope {
  /** An IANA name that Node and Postgres read alike: see ReportZone. */
  readonly zone: string;
  /** First and last day, `2026-03-29`, in the zone. */
  readonly from: string;
  readonly to: string;
  /** Undefined: all bots, and what happened in none. */
  readonly bots?: readonly string[] | undefined;
  readonly now: Date;
}

/**
 * Begins each statement: names the scope's parameters, $1 to $5, and says which day it is in the zone. Further parameters of a
 * statement are $6 and so on.
 */
export const SCOPE = `
  scope AS (
    SELECT $1::text AS zone, $2::date AS first, least($3::date, ($5::timestamptz AT TIME ZONE $1)::date) AS last, $4::text[] AS bots,
           $5::timestamptz AS now, ($5::timestamptz AT TIME ZONE $1)::date AS today
  )`;

/**
 * The first moment of a day in the zone. Where clocks are put back at midnight there are two of that time, and Postgres would take the
 * second one.
 */
export const momentOf = (day: string): string => `(
  SELECT min(moment) FROM (VALUES (${day}::timestamp AT TIME ZONE $1), (${day}::timestamp AT TIME ZONE $1 - interval '1 hour')) AS one (moment)
  WHERE (moment AT TIME ZONE $1)::date = ${day})`;

/** Where the days of the scope begin and end. */
export const FIRST_MOMENT = momentOf('$2::date');
export const END_MOMENT = momentOf('($3::date + 1)');
export const OF_BOTS = `($4::text[] IS NULL OR bot_id = ANY ($4))`;

export const parametersOf = ({ zone, from, to, bots, now }: Scope): unknown[] => [zone, from, to, bots ?? null, now];

export const queryInScope = <Row>(
  tx: EntityManager,
  scope: Scope,
  sql: string,
  more: readonly unknown[] = [],
): Promise<Row[]> => tx.query<Row[]>(sql, [...parametersOf(scope), ...more]);

const DAY_MS = 86_400_000;

/** `2026-03-29` and a number of days → another day. */
export const addDays = (day: string, days: number): string =>
  new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
