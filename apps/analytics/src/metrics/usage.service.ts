import { Injectable } from '@nestjs/common';
import { ShopPageStep, SUCCEEDED_OUTCOMES } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { BOUNDS_MS } from '../rollups/event-rules';
import { upTo } from './activity';
import { rowsOf } from '../events/cursor';
import { END_MOMENT, FIRST_MOMENT, momentOf, OF_BOTS, parametersOf, queryInScope, SCOPE, type Scope } from './scope';

export interface Usage {
  readonly messages: number;
  readonly voiceMessages: number;
  readonly replies: number;
  readonly failedReplies: number;
  readonly delivered: number;
  readonly undeliverable: number;
  readonly calls: number;
  readonly failedCalls: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
}

export interface UsagePoint extends Usage {
  /** When the hour or the day begins. */
  readonly at: Date;
  /** The day in the zone, `2026-03-29`. */
  readonly day: string;
  /** How long calls of models took, to the bounds of the histogram. Null where there were none. */
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
}

export interface UsageGroup extends Usage {
  readonly key: string;
}

export interface UsageRow extends Usage {
  readonly at: Date;
  readonly botId: string;
  readonly model: string;
}

type Step = (typeof ShopPageStep.known)[number];

/** Visits of the page on which people buy without an account, by how far they came. */
export interface ShopPageVisits extends Readonly<Record<Step, number>> {
  /** Null: they came by no link of one. */
  readonly campaign: string | null;
}

/** Messages, answers, calls of models and what they cost: of everybody, because these numbers name nobody. */
@Injectable()
export class UsageService {
  /** A point for each hour or day of the scope that has begun, whether there was something or not. */
  async overTime(tx: EntityManager, scope: Scope, by: 'hour' | 'day'): Promise<UsagePoint[]> {
    const rows = await queryInScope<Omit<UsagePoint, 'medianMs' | 'p95Ms'> & { counts: number[] }>(
      tx,
      scope,
      OVER_TIME[by],
    );
    return rows.map(({ counts, ...row }) => ({
      ...row,
      medianMs: quantileOf(counts, 0.5),
      p95Ms: quantileOf(counts, 0.95),
    }));
  }

  groups(tx: EntityManager, scope: Scope, by: 'bot' | 'model'): Promise<UsageGroup[]> {
    return queryInScope<UsageGroup>(tx, scope, GROUPS[by]);
  }

  async total(tx: EntityManager, scope: Scope): Promise<Usage> {
    const [row] = await queryInScope<Usage>(tx, scope, TOTAL);
    return row!;
  }

  /** By campaign, the most visited first. */
  shopPages(tx: EntityManager, scope: Scope): Promise<ShopPageVisits[]> {
    return queryInScope<ShopPageVisits>(tx, scope, SHOP_PAGES);
  }

  /** Between two moments, whatever the days. */
  async between(tx: EntityManager, from: Date, to: Date, bots: Scope['bots']): Promise<Usage> {
    const [row] = await tx.query<Usage[]>(BETWEEN, [from, to, bots ?? null]);
    return row!;
  }

  /** By hour, bot and model: as many rows as there are. @param tx of its own, see `rowsOf` */
  details(tx: EntityManager, scope: Scope): AsyncGenerator<UsageRow> {
    return rowsOf<UsageRow>(tx, DETAILS, parametersOf(scope));
  }
}

/** For `outcome NOT IN …`: what is a failure, as everywhere. */
export const SUCCEEDED = `('${SUCCEEDED_OUTCOMES.join(`', '`)}')`;

const MESSAGE = 'bot-adapter.message.received';
const REPLY = 'chat-ai.reply.completed';
const DELIVERED = 'bot-adapter.message.delivered';
const UNDELIVERABLE = 'bot-adapter.message.undeliverable';
const CALL = 'chat-ai.usage.recorded';

const count = (type: string, more = 'true') =>
  `coalesce(sum(events) FILTER (WHERE type = '${type}' AND measure = 'events' AND ${more}), 0)::float8`;
const sum = (field: string) =>
  `coalesce(sum(total) FILTER (WHERE type = '${CALL}' AND measure = '${field}'), 0)::float8`;

const COUNTED = `
  ${count(MESSAGE)} AS messages, ${count(MESSAGE, `kind = 'voice'`)} AS "voiceMessages",
  ${count(REPLY)} AS replies, ${count(REPLY, `outcome NOT IN ${SUCCEEDED}`)} AS "failedReplies",
  ${count(DELIVERED)} AS delivered, ${count(UNDELIVERABLE)} AS undeliverable,
  ${count(CALL)} AS calls, ${count(CALL, `outcome NOT IN ${SUCCEEDED}`)} AS "failedCalls",
  ${sum('inputTokens')} AS "inputTokens", ${sum('cachedInputTokens')} AS "cachedInputTokens",
  ${sum('outputTokens')} AS "outputTokens", ${sum('costMicros')} AS "costMicros"`;

const RELEVANT = `type IN ('${[MESSAGE, REPLY, DELIVERED, UNDELIVERABLE, CALL].join(`', '`)}')
  AND measure IN ('events', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros', 'durationMs')`;
/** Quarters of an hour are whole parts of the days and hours of every zone. Days of UTC are counted as such. */
const QUARTERS = 'minutes = 15';
const DAYS_OR_QUARTERS = `minutes = CASE $1 WHEN 'UTC' THEN 1440 ELSE 15 END`;
const IN_PERIOD = `at >= ${FIRST_MOMENT} AND at < ${END_MOMENT}`;

const HISTOGRAM = `ARRAY[${BOUNDS_MS.map(
  (bound) =>
    `coalesce(sum(events) FILTER (WHERE type = '${CALL}' AND measure = 'durationMs' AND le = ${bound}), 0)::float8`,
).join(', ')}] AS counts`;

const overTime = (points: string, keyOfMeasure: string, width: string) => `
  WITH ${SCOPE}, point AS (${points}), counted AS (
    SELECT ${keyOfMeasure} AS key, measures.* FROM measures, scope
    WHERE ${width} AND ${RELEVANT} AND ${IN_PERIOD} AND ${OF_BOTS}
  )
  SELECT point.at, point.day::text AS day, ${COUNTED}, ${HISTOGRAM}
  FROM point LEFT JOIN counted USING (key) GROUP BY point.at, point.day ORDER BY point.at`;

const OVER_TIME = {
  day: overTime(
    `SELECT day AS key, day, ${momentOf('day')} AS at
     FROM scope, ${upTo('last - first')} AS n, LATERAL (SELECT first + n AS day) AS one`,
    '(at AT TIME ZONE $1)::date',
    DAYS_OR_QUARTERS,
  ),
  hour: overTime(
    `SELECT hour AS key, (hour AT TIME ZONE $1)::date AS day, hour AS at
     FROM scope, generate_series(${FIRST_MOMENT}, least(${END_MOMENT} - interval '1 minute', now), interval '1 hour') AS hour`,
    `date_bin('1 hour', at, ${FIRST_MOMENT})`,
    QUARTERS,
  ),
};

const groups = (key: string, condition = 'true') => `
  WITH ${SCOPE}
  SELECT ${key} AS key, ${COUNTED} FROM measures, scope
  WHERE ${DAYS_OR_QUARTERS} AND ${RELEVANT} AND ${condition} AND ${IN_PERIOD} AND ${OF_BOTS}
  GROUP BY ${key} ORDER BY "costMicros" DESC, ${key}`;

const GROUPS = { bot: groups('bot_id'), model: groups('model', `type = '${CALL}'`) };

const TOTAL = `
  WITH ${SCOPE} SELECT ${COUNTED} FROM measures, scope WHERE ${DAYS_OR_QUARTERS} AND ${RELEVANT} AND ${IN_PERIOD} AND ${OF_BOTS}`;

const SHOP_PAGES = `
  WITH ${SCOPE}
  SELECT nullif(kind, '') AS campaign, ${ShopPageStep.known
    .map((step) => `coalesce(sum(events) FILTER (WHERE outcome = '${step}'), 0)::float8 AS ${step}`)
    .join(', ')}
  FROM measures, scope
  WHERE ${DAYS_OR_QUARTERS} AND type = 'payments.shop-page.step-reached' AND measure = 'events' AND ${IN_PERIOD} AND ${OF_BOTS}
  GROUP BY kind ORDER BY opened DESC, kind`;

const BETWEEN = `
  SELECT ${COUNTED} FROM measures
  WHERE minutes = 5 AND ${RELEVANT} AND at >= $1 AND at < $2 AND ($3::text[] IS NULL OR bot_id = ANY ($3))`;

const DETAILS = `
  WITH ${SCOPE}
  SELECT date_bin('1 hour', at, ${FIRST_MOMENT}) AS at, bot_id AS "botId", model, ${COUNTED}
  FROM measures, scope WHERE ${QUARTERS} AND ${RELEVANT} AND ${IN_PERIOD} AND ${OF_BOTS} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;

/**
 * Where the share `p` of durations lies below it: as if they were spread evenly between two bounds.
 * @param counts how many have each of BOUNDS_MS as their bound
 */
export function quantileOf(counts: readonly number[], p: number): number | null {
  const all = counts.reduce((total, n) => total + n, 0);
  if (all === 0) return null;
  let below = 0;
  for (const [i, n] of counts.entries()) {
    if (below + n >= p * all) {
      const [low, high] = [BOUNDS_MS[i - 1] ?? 0, BOUNDS_MS[i]!];
      // Nothing tells how long the longest took.
      return i === counts.length - 1 ? low : low + ((high - low) * (p * all - below)) / n;
    }
    below += n;
  }
  return null;
}
