import { BOUNDS_MS, EVENT_RULES } from './event-rules';

// Parts of the statements that count events, so that storing, rebuilding and erasing count in exactly the same way.

/** Aligned with all of them: whole days of UTC and quarters of an hour. */
const ORIGIN = `timestamptz '2000-01-01 00:00+00'`;

/** What a measure is told apart by, in the order of the keys. */
const DIMENSIONS = 'type, measure, at, bot_id, platform, kind, model, outcome, le';

const text = (value: string | undefined) => (value === undefined ? 'NULL' : `'${value.replaceAll("'", "''")}'`);
const values = (...all: readonly (string | undefined)[]) => `(${all.map(text).join(', ')})`;

/** A row for each thing that is counted of a type: the events themselves, without a field, and fields of theirs. */
const COUNTED = [...EVENT_RULES].flatMap(([type, { kind, model, outcome, sums = [], histogram }]) => [
  values(type, kind, model, outcome, undefined, undefined),
  ...sums.map((field) => values(type, kind, model, outcome, field, undefined)),
  ...(histogram ? [values(type, kind, model, outcome, histogram, 'histogram')] : []),
]);
const RULES = `(VALUES ${COUNTED.join(', ')}) AS rule (type, kind, model, outcome, field, histogram)`;

/** Types by which people are active, and the field that has to be above zero, if any. */
const ACTIVITY = [...EVENT_RULES].flatMap(([type, { active }]) =>
  active ? [values(type, active === true ? undefined : active)] : [],
);

const number = (field: string) => `(e.props ->> ${field})::bigint`;

/** They are parts of an index, which takes no long texts. */
const word = (field: string) => `coalesce(left(e.props ->> ${field}, 100), '')`;

/** The smallest bound that a duration does not exceed. */
const bound = (value: string) =>
  `(ARRAY[${BOUNDS_MS.join(', ')}])[width_bucket(${value} - 1, ARRAY[${BOUNDS_MS.join(', ')}]::bigint[]) + 1]`;

/**
 * A query for the measures of five minutes of all rows of `source`, which has type, occurred_at, bot_id, platform, props and
 * `anonymous`: whether the event is not kept.
 */
export const measuresOf = (source: string) => `
  SELECT ${DIMENSIONS}, anonymous, count(value) AS events, sum(value)::bigint AS total
  FROM (
    SELECT e.type, coalesce(rule.field, 'events') AS measure, date_bin('5 minutes', e.occurred_at, ${ORIGIN}) AS at,
      coalesce(e.bot_id, '') AS bot_id, coalesce(e.platform, '') AS platform, ${word('rule.kind')} AS kind,
      ${word('rule.model')} AS model, ${word('rule.outcome')} AS outcome,
      CASE WHEN rule.histogram IS NULL THEN 0 ELSE ${bound(number('rule.field'))} END AS le,
      CASE WHEN rule.field IS NULL THEN 0 ELSE ${number('rule.field')} END AS value, e.anonymous
    FROM ${source} e LEFT JOIN ${RULES} ON rule.type = e.type
  ) counted
  GROUP BY ${DIMENSIONS}, anonymous HAVING count(value) > 0`;

const add = (table: string) => `events = ${table}.events + excluded.events, total = ${table}.total + excluded.total`;

/** Adds the measures of `source`, of five minutes, to those that are asked for. In one order, so that two of these cannot deadlock. */
export const addMeasures = (source: string) => `
  INSERT INTO measures (minutes, ${DIMENSIONS}, events, total)
  SELECT minutes, type, measure, date_bin(minutes * interval '1 minute', at, ${ORIGIN}) AS at,
    bot_id, platform, kind, model, outcome, le, sum(events), sum(total)
  FROM ${source} CROSS JOIN (VALUES (5::smallint), (15::smallint), (1440::smallint)) AS width (minutes)
  GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
  ON CONFLICT (minutes, ${DIMENSIONS}) DO UPDATE SET ${add('measures')}`;

/** Adds the measures of `source` that are anonymous to those of which no event remains. */
export const addAnonymousMeasures = (source: string) => `
  INSERT INTO anonymous_measures (${DIMENSIONS}, events, total)
  SELECT ${DIMENSIONS}, events, total FROM ${source} WHERE anonymous ORDER BY ${DIMENSIONS}
  ON CONFLICT (${DIMENSIONS}) DO UPDATE SET ${add('anonymous_measures')}`;

/** The measures of five minutes of which no event remains, as `measuresOf` gives those of events. */
export const anonymousMeasures = (condition: string) =>
  `SELECT ${DIMENSIONS}, true AS anonymous, events, total FROM anonymous_measures WHERE ${condition}`;

/** A query for who was active in which quarters of an hour of which days (UTC), by the rows of `source`, which has user_id besides. */
export const activityOf = (source: string) => `
  SELECT (e.occurred_at AT TIME ZONE 'UTC')::date AS day, e.user_id, coalesce(e.bot_id, '') AS bot_id,
    bit_or(1::bit(96) << (95 - (floor(extract(epoch FROM e.occurred_at))::bigint % 86400 / 900)::integer)) AS quarters,
    min(e.occurred_at) AS first_active_at
  FROM ${source} e JOIN (VALUES ${ACTIVITY.join(', ')}) AS rule (type, field) ON rule.type = e.type
  WHERE e.user_id IS NOT NULL AND (rule.field IS NULL OR ${number('rule.field')} > 0)
  GROUP BY 1, 2, 3`;

/** Adds `source` to who is known to be active. What is known already costs no write: most messages come soon after another. */
export const addActivity = (source: string) => `
  INSERT INTO active_people (day, user_id, bot_id, quarters)
  SELECT day, user_id, bot_id, quarters FROM ${source} new
  WHERE NOT EXISTS (SELECT FROM active_people known WHERE (known.day, known.user_id, known.bot_id) = (new.day, new.user_id, new.bot_id)
    AND known.quarters | new.quarters = known.quarters)
  ORDER BY day, user_id, bot_id
  ON CONFLICT (day, user_id, bot_id) DO UPDATE SET quarters = active_people.quarters | excluded.quarters`;

/** Adds to each person's first activity in life, likewise. */
export const addPeople = (source: string) => `
  INSERT INTO people (user_id, bot_id, first_active_at)
  SELECT user_id, bot_id, min(first_active_at) FROM ${source} new
  WHERE NOT EXISTS (SELECT FROM people known WHERE (known.user_id, known.bot_id) = (new.user_id, new.bot_id)
    AND known.first_active_at <= new.first_active_at)
  GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (user_id, bot_id) DO UPDATE SET first_active_at = least(people.first_active_at, excluded.first_active_at)`;
