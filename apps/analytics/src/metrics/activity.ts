import { ACTIVE_TYPES, EVENT_RULES } from '../rollups/event-rules';
import { momentOf, OF_BOTS } from './scope';

/** Who is silent for so many whole days has left. Their next active day, if there is one, is a return. */
export const CHURN_DAYS = 14;

/** Whether a row of `events` made its person active. */
export const IS_ACTIVE = `(${[...EVENT_RULES]
  .flatMap(([name, { active }]) => {
    if (!active) return [];
    return active === true ? [`type = '${name}'`] : [`(type = '${name}' AND (props->>'${active}')::numeric > 0)`];
  })
  .join(' OR ')})`;

/** What people do themselves, whether it makes them active or not: by it their sessions are told. */
export const SESSION_TYPES: readonly string[] = [
  ...ACTIVE_TYPES,
  'analytics.page.closed',
  'analytics.page.opened',
  'analytics.step.reached',
  'bot-adapter.contact.started',
  'bot-adapter.conversation.reset',
  'bot-adapter.message.edited',
  'bot-adapter.survey.answered',
  'chat-ai.practice.started',
  'chat-ai.room.joined',
  'chat-ai.room.left',
  'pets-game.game.started',
  'pets-game.item.bought',
];

/** A longer silence ends a session. */
export const SESSION_GAP = `interval '30 minutes'`;

const ALL = `B'${'1'.repeat(96)}'`;
const NONE = `B'${'0'.repeat(96)}'`;
const quarters = (duration: string) => `greatest(0, (extract(epoch FROM ${duration}) / 900)::integer)`;

/** 0, 1, … up to a number, of which the planner expects a few: `generate_series` alone it takes for a thousand. */
export const upTo = (last: string): string => `unnest(ARRAY(SELECT generate_series(0, ${last})))`;

/**
 * `part (day, local_day, mask)`: which quarters of an hour of which days of UTC a day of the zone is made of; of two or three of them.
 * Told once, and not for each row.
 * @param from first and last day, as expressions over `scope`
 */
const partsOfDays = (from: string, to: string): string => `
  local AS MATERIALIZED (
    SELECT day, ${momentOf('day')} AT TIME ZONE 'UTC' AS begin, ${momentOf('(day + 1)')} AT TIME ZONE 'UTC' AS until
    FROM scope, ${upTo(`${to} - ${from}`)} AS n, LATERAL (SELECT ${from} + n AS day) AS one
  ), part AS MATERIALIZED (
    SELECT local.day AS local_day, utc_day AS day,
      (${ALL} >> ${quarters('begin - utc_day')}) & (${ALL} << ${quarters('utc_day + 1 - until')}) AS mask
    FROM local, ${upTo(`(until - interval '1 second')::date - begin::date`)} AS n,
      LATERAL (SELECT begin::date + n AS utc_day) AS utc
  )`;

/** For `active_people` joined with `part`: whether it was before a moment, or in the quarter of an hour in which that falls. */
export const isBefore = (moment: string): string => `quarters & mask
  & (${ALL} << greatest(0, 96 - ceil(extract(epoch FROM (${moment} AT TIME ZONE 'UTC') - day) / 900)::integer)) <> ${NONE}`;

const IN_PART = `quarters & mask <> ${NONE} AND ${OF_BOTS}`;

/**
 * `active (user_id, day)`: the days, in the zone of the scope, on which people did something that counts. Only those are here who
 * agreed to be counted.
 * @param from first and last day, as expressions over `scope`
 * @param among a table of people, of all when absent
 */
export const activeDays = (from: string, to: string, among?: string): string => `
  ${partsOfDays(from, to)}, active AS (
    SELECT DISTINCT user_id, local_day AS day FROM active_people JOIN part USING (day) ${among ? `JOIN ${among} USING (user_id)` : ''}
    WHERE ${IN_PART}
  )`;

/**
 * `active_person (user_id, …)`: people who were active on at least one of the days.
 * @param facts more columns, as aggregates over `local_day`
 */
export const activePeople = (from: string, to: string, facts = ''): string => `
  ${partsOfDays(from, to)}, active_person AS (
    SELECT user_id${facts && `, ${facts}`} FROM active_people JOIN part USING (day), scope WHERE ${IN_PART} GROUP BY user_id
  )`;

/** `known (user_id, first_active_at, first_day)`: when each person was active for the first time in their life, in the bots of the scope. */
export const KNOWN = `
  known AS (
    SELECT user_id, min(first_active_at) AS first_active_at, (min(first_active_at) AT TIME ZONE $1)::date AS first_day
    FROM people WHERE ${OF_BOTS} GROUP BY user_id
  )`;

/** `cohort`: those of `known` whose first day is in the scope. */
export const COHORT = `${KNOWN}, cohort AS (SELECT known.* FROM known, scope WHERE first_day BETWEEN first AND last)`;
