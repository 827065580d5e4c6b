import { Injectable } from '@nestjs/common';
import type { ReadPersonUsage } from '@switchboard/contracts';
import type { AnswerOf, RequestOf } from '@switchboard/service-kit';
import { ConsentsService } from '../consents/consents.service';
import { END_MOMENT, FIRST_MOMENT, OF_BOTS, queryInScope } from '../metrics/scope';
import { SUCCEEDED } from '../metrics/usage.service';
import { ReportsService, type Viewer } from './reports.service';

type Answer = AnswerOf<typeof ReadPersonUsage>;

/** What of each group there is: all, or the columns by which it is told apart. */
interface Row {
  readonly by: 'total' | 'day' | 'bot' | 'model';
  readonly day: string;
  readonly botId: string;
  readonly model: string;
  readonly usage: Answer['total'];
}

/** What staff see of one person: numbers of their own events, so nothing of who has not agreed. */
@Injectable()
export class PersonBoardService {
  constructor(
    private readonly reports: ReportsService,
    private readonly consents: ConsentsService,
  ) {}

  usage(userId: string, query: RequestOf<typeof ReadPersonUsage>['query'], viewer: Viewer): Promise<Answer> {
    const reads = { from: 'events' } as const;
    const scope = this.reports.scopeOf(query, viewer, reads);
    return this.reports.read(async (tx) => {
      const rows = await queryInScope<Row>(tx, scope, USAGE, [userId]);
      const of = (by: Row['by']) => rows.filter((row) => row.by === by);
      return {
        zone: query.zone,
        keptFrom: this.reports.keptFrom(query, reads),
        isCounted: await this.consents.isGiven(tx, userId),
        total: of('total')[0]!.usage,
        days: of('day').map(({ day, usage }) => ({ day, ...usage })),
        models: of('model').map(({ model, usage: { messages: _, ...usage } }) => ({ model, ...usage })),
        bots: of('bot').map(({ botId, usage }) => ({ botId, ...usage })),
      };
    });
  }
}

const CALL = `type = 'chat-ai.usage.recorded'`;
const sum = (field: string) => `coalesce(sum((props ->> '${field}')::bigint) FILTER (WHERE ${CALL}), 0)`;

const USAGE = `
  WITH own AS (
    SELECT (occurred_at AT TIME ZONE $1)::date::text AS day, bot_id AS "botId", type, props,
      CASE WHEN ${CALL} THEN props ->> 'model' END AS model
    FROM events
    WHERE user_id = $6 AND occurred_at >= ${FIRST_MOMENT} AND occurred_at < ${END_MOMENT} AND occurred_at <= $5 AND ${OF_BOTS}
      AND type IN ('bot-adapter.message.received', 'chat-ai.usage.recorded')
  )
  SELECT (ARRAY['day', 'bot', 'model', 'total'])[array_position(ARRAY[3, 5, 6, 7], grouping(day, "botId", model))] AS by,
    day, "botId", model,
    json_build_object(
      'messages', count(*) FILTER (WHERE NOT ${CALL}),
      'calls', count(*) FILTER (WHERE ${CALL}),
      'failedCalls', count(*) FILTER (WHERE ${CALL} AND props ->> 'outcome' NOT IN ${SUCCEEDED}),
      'inputTokens', ${sum('inputTokens')}, 'cachedInputTokens', ${sum('cachedInputTokens')},
      'outputTokens', ${sum('outputTokens')}, 'costMicros', ${sum('costMicros')}
    ) AS usage
  FROM own
  GROUP BY GROUPING SETS ((), (day), ("botId"), (model))
  HAVING grouping(model) = 1 OR model IS NOT NULL
  ORDER BY day, ${sum('costMicros')} DESC, "botId", model`;
