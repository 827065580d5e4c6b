import { Injectable } from '@nestjs/common';
import type { Actor, ReadMyStatistics } from '@switchboard/contracts';
import { asActor, type AnswerOf, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { ConsentsService } from '../consents/consents.service';
import { SESSION_GAP, SESSION_TYPES } from '../metrics/activity';
import { momentOf } from '../metrics/scope';
import { Kept } from '../retention/kept';

type Statistics = AnswerOf<typeof ReadMyStatistics>;
type Day = Statistics['days'][number];

/** What a person sees of themselves. They act in their own role, which sees no rows but theirs. */
@Injectable()
export class OwnStatisticsService {
  constructor(
    private readonly db: DataSource,
    private readonly kept: Kept,
    private readonly consents: ConsentsService,
  ) {}

  month({ month, zone }: RequestOf<typeof ReadMyStatistics>['query'], actor: Actor): Promise<Statistics> {
    const keptFrom = this.kept.keptFrom('events', zone, `${month}-01`);
    return asActor(this.db, actor, async (tx) => {
      const days = await tx.query<Day[]>(DAYS, [zone, `${month}-01`, actor.id, SESSION_TYPES]);
      const sum = (key: Exclude<keyof Day, 'day'>) => days.reduce((total, day) => total + day[key], 0);
      return {
        ...{ month, zone, days, keptFrom },
        isCounted: await this.consents.isGiven(tx, actor.id),
        total: {
          sessions: sum('sessions'),
          minutes: sum('minutes'),
          messages: sum('messages'),
          practices: sum('practices'),
          tokens: sum('tokens'),
          costMicros: sum('costMicros'),
        },
      };
    });
  }
}

const NEXT_MONTH = `($2::date + interval '1 month')::date`;

/**
 * A session belongs to the day on which it began, also when it goes on into the next one: hence what was done a day before and after the
 * month is looked at as well.
 */
const DAYS = `
  WITH own AS (
    SELECT type, occurred_at, props, (occurred_at AT TIME ZONE $1)::date AS day,
      coalesce(occurred_at - lag(occurred_at) OVER own_acts > ${SESSION_GAP}, true) AS begins, type = ANY ($4::text[]) AS is_act
    FROM events
    WHERE user_id = $3 AND occurred_at >= ${momentOf('$2::date')} - interval '1 day' AND occurred_at < ${momentOf(NEXT_MONTH)} + interval '1 day'
    WINDOW own_acts AS (PARTITION BY type = ANY ($4::text[]) ORDER BY occurred_at, event_id)
  ), act AS (
    SELECT occurred_at, count(*) FILTER (WHERE begins) OVER (ORDER BY occurred_at) AS session FROM own WHERE is_act
  ), session AS (
    SELECT (min(occurred_at) AT TIME ZONE $1)::date AS day,
      greatest(1, round(extract(epoch FROM max(occurred_at) - min(occurred_at)) / 60)) AS minutes
    FROM act GROUP BY session
  ), used AS (
    SELECT day, count(*) AS sessions, sum(minutes) AS minutes FROM session GROUP BY day
  ), counted AS (
    SELECT day, count(*) FILTER (WHERE type = 'bot-adapter.message.received') AS messages,
      count(*) FILTER (WHERE type = 'chat-ai.practice.finished') AS practices,
      sum((props->>'inputTokens')::bigint + (props->>'outputTokens')::bigint) FILTER (WHERE type = 'chat-ai.usage.recorded') AS tokens,
      sum((props->>'costMicros')::bigint) FILTER (WHERE type = 'chat-ai.usage.recorded') AS cost
    FROM own GROUP BY day
  )
  SELECT day::text AS day, coalesce(sessions, 0)::int AS sessions, coalesce(minutes, 0)::int AS minutes,
    coalesce(messages, 0)::int AS messages, coalesce(practices, 0)::int AS practices, coalesce(tokens, 0)::float8 AS tokens,
    coalesce(cost, 0)::float8 AS "costMicros"
  FROM counted FULL JOIN used USING (day)
  WHERE day >= $2::date AND day < ${NEXT_MONTH}
    AND coalesce(sessions, 0) + coalesce(messages, 0) + coalesce(practices, 0) + coalesce(tokens, 0) > 0
  ORDER BY day`;
