import { Injectable } from '@nestjs/common';
import { SUCCEEDED_OUTCOMES } from '@switchboard/contracts';
import { DataSource } from 'typeorm';
import type { UsageHistory, UsageWindow } from './usage-history';

const USAGE = 'chat-ai.usage.recorded';
const MEASURES = ['events', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicros'];

/** Usage as it is counted while events come: of everybody, without anybody's id. */
@Injectable()
export class UsageHistoryService implements UsageHistory {
  constructor(private readonly db: DataSource) {}

  async begin(): Promise<Date | undefined> {
    const [{ begin }] = await this.db.query<[{ begin: Date | null }]>(
      `SELECT min(at) AS begin FROM measures WHERE minutes = 15 AND type = $1 AND measure = 'events'`,
      [USAGE],
    );
    return begin ?? undefined;
  }

  fiveMinutes(from: Date, to: Date): Promise<UsageWindow[]> {
    return this.db.query(windows('at'), [5, USAGE, MEASURES, from, to, SUCCEEDED_OUTCOMES]);
  }

  hours(from: Date, to: Date): Promise<UsageWindow[]> {
    return this.db.query(windows(`date_trunc('hour', at, 'UTC')`), [15, USAGE, MEASURES, from, to, SUCCEEDED_OUTCOMES]);
  }
}

const windows = (at: string) => `
  SELECT ${at} AS at, bot_id AS "botId", model, kind AS purpose,
    ${sumOf('events', 'events')} AS calls,
    coalesce(sum(events) FILTER (WHERE measure = 'events' AND outcome <> ALL ($6::text[])), 0)::float8 AS failures,
    ${sumOf('total', 'inputTokens')} AS "inputTokens",
    ${sumOf('total', 'cachedInputTokens')} AS "cachedInputTokens",
    ${sumOf('total', 'outputTokens')} AS "outputTokens",
    ${sumOf('total', 'costMicros')} AS "costMicros"
  FROM measures
  WHERE minutes = $1 AND type = $2 AND measure = ANY ($3::text[]) AND at >= $4 AND at < $5
  GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`;

const sumOf = (column: string, measure: string) =>
  `coalesce(sum(${column}) FILTER (WHERE measure = '${measure}'), 0)::float8`;
