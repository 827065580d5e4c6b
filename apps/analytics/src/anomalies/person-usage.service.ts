import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import type { Suspect } from '../alerts/finding';
import { type PersonUsage, usualDay } from './person-usage';
import { DAY_MS } from './usage-history';

const USAGE = 'chat-ai.usage.recorded';
const PAST_DAYS = 14;
/** Fewer days of people say nothing of one in a thousand. */
const SMALLEST_SAMPLE = 200;
/** Somebody who causes more than this part of a sudden usage is the cause of it. */
const MOST_OF_IT = 0.5;

/** Usage of single people, of those whose events are kept. All others are held by the budgets of chat-ai alone. */
@Injectable()
export class PersonUsageService {
  private readonly limits = new LRUCache<string, number>({ max: 10 });

  constructor(private readonly db: DataSource) {}

  /** The 99.9th percentile of what people used in a day of the last two weeks; undefined while there are too few of them. */
  async limit(day: Date): Promise<number | undefined> {
    const key = day.toISOString();
    const known = this.limits.get(key);
    if (known !== undefined) return known;
    const [{ days, limit }] = await this.db.query<[{ days: number; limit: number | null }]>(
      `SELECT count(*)::integer AS days, percentile_cont(0.999) WITHIN GROUP (ORDER BY micros) AS limit
       FROM (${PER_DAY('TRUE')}) AS day WHERE micros > 0`,
      [new Date(day.getTime() - PAST_DAYS * DAY_MS), day],
    );
    if (days < SMALLEST_SAMPLE || limit === null) return undefined;
    this.limits.set(key, limit);
    return limit;
  }

  /** Those who have used more than `aboveMicros` since the beginning of a day, with what they used on the days before. */
  async above(day: Date, now: Date, aboveMicros: number): Promise<PersonUsage[]> {
    const heavy = await this.db.query<{ userId: string; botId: string; micros: number }[]>(
      `SELECT user_id AS "userId", bot_id AS "botId", micros FROM (${PER_DAY('TRUE')}) AS today WHERE micros > $3
       ORDER BY micros DESC LIMIT 100`,
      [day, now, aboveMicros],
    );
    const people: PersonUsage[] = [];
    for (const { userId, botId, micros } of heavy)
      people.push({ userId, botId, todayMicros: micros, pastMicros: await this.past(userId, botId, day) });
    return people;
  }

  /** Whoever caused most of a bot's usage in a time, if one person did: of what everybody used, also those who are not known. */
  async causeOf(botId: string, from: Date, to: Date): Promise<Suspect | undefined> {
    const [first] = await this.db.query<{ userId: string; micros: number; all: number }[]>(
      `SELECT user_id AS "userId", sum(micros) AS micros, (
         SELECT coalesce(sum(total), 0)::float8 FROM measures
         WHERE minutes = 5 AND type = '${USAGE}' AND measure = 'costMicros' AND bot_id = $3
           AND at >= date_bin('5 minutes', $1, '2000-01-01Z') AND at < $2
       ) AS "all"
       FROM (${PER_DAY('bot_id = $3')}) AS person GROUP BY 1 ORDER BY 2 DESC LIMIT 1`,
      [from, to, botId],
    );
    if (!first || !(first.micros > MOST_OF_IT * first.all)) return undefined;
    const day = new Date(Math.floor(to.getTime() / DAY_MS) * DAY_MS);
    return { userId: first.userId, botId, usualMicros: usualDay(await this.past(first.userId, botId, day)) };
  }

  /** Of each of the days before, days without usage as 0. */
  private async past(userId: string, botId: string, day: Date): Promise<number[]> {
    const rows = await this.db.query<{ micros: number }[]>(PER_DAY('user_id = $3 AND bot_id = $4'), [
      new Date(day.getTime() - PAST_DAYS * DAY_MS),
      day,
      userId,
      botId,
    ]);
    const used = rows.map(({ micros }) => micros);
    return [...used, ...Array.from({ length: PAST_DAYS - used.length }, () => 0)];
  }
}

/** Per person, bot and day of UTC. */
const PER_DAY = (condition: string) => `
  SELECT user_id, bot_id, (occurred_at AT TIME ZONE 'UTC')::date AS day, sum((props ->> 'costMicros')::bigint)::float8 AS micros
  FROM events WHERE type = '${USAGE}' AND occurred_at >= $1 AND occurred_at < $2
    AND user_id IS NOT NULL AND bot_id IS NOT NULL AND ${condition}
  GROUP BY 1, 2, 3`;
