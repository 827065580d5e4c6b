import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { type Bot, SurveyAskRequested } from '@switchboard/contracts';
import { BotsRegistry, Clock } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import { DataSource, type EntityManager } from 'typeorm';
import { EventStore } from '../events/event-store.service';
import { END_MOMENT, FIRST_MOMENT, OF_BOTS, queryInScope, SCOPE, type Scope } from '../metrics/scope';
import { SurveyAsk } from './survey-ask.entity';

/** The product of bot-adapter that shows the question: bots that have it are asked for. */
const PRODUCT = 'survey';
/** When it is neither early nor late, by the clock of the bot. */
const ASKED_AT_HOUR = 12;
/** Of a bot, per day, however often the job is tried. */
const MOST_ASKED = 500;

export interface SurveyResult {
  readonly asked: number;
  readonly answers: number;
  /** Net promoter score, −100 to 100. */
  readonly score: number;
  /** 0 to 10. */
  readonly mean: number;
}

/** How likely people are to recommend a bot: whom to ask, and what they answered. */
@Injectable()
export class SurveysService {
  constructor(
    private readonly db: DataSource,
    private readonly bots: BotsRegistry,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    store: EventStore,
  ) {
    // Of somebody who has not consented nothing is kept.
    store.alsoForget((tx, userId) => tx.delete(SurveyAsk, { userId }));
  }

  /** Asks for some people of the bots whose hour it is to be asked. */
  async ask(): Promise<void> {
    const now = this.clock.now();
    const isTheHour = ({ timeZone }: Bot) => DateTime.fromJSDate(now, { zone: timeZone }).hour === ASKED_AT_HOUR;
    const asking = this.bots.all().filter((bot) => bot.products.includes(PRODUCT) && isTheHour(bot));
    for (const { id: botId } of asking) await this.db.transaction((tx) => this.askPeopleOf(tx, botId, now));
  }

  /** Of the answers of each person in the scope the latest counts. */
  async result(tx: EntityManager, scope: Scope): Promise<SurveyResult> {
    const [row] = await queryInScope<SurveyResult>(tx, scope, RESULT);
    return row!;
  }

  private async askPeopleOf(tx: EntityManager, botId: string, now: Date): Promise<void> {
    const asked = await tx.query<{ userId: string; surveyId: string }[]>(ASK, [botId, now, MOST_ASKED]);
    await this.outbox.add(tx, ...asked.map((ask) => SurveyAskRequested({ ...ask, botId, question: 'nps' })));
  }
}

/**
 * Those who know the bot for two weeks, were there in the last one, and were not asked for 90 days, whatever the bot. Their consent
 * is held until the end of the transaction: see `consenting`.
 */
const ASK = `
  WITH candidate AS (
    SELECT user_id FROM people
    WHERE bot_id = $1 AND first_active_at <= $2::timestamptz - interval '14 days'
      AND EXISTS (
        SELECT FROM active_people recent
        WHERE recent.user_id = people.user_id AND recent.bot_id = $1 AND recent.day > ($2 AT TIME ZONE 'UTC')::date - 7
      )
      AND NOT EXISTS (
        SELECT FROM survey_asks WHERE survey_asks.user_id = people.user_id AND asked_at > $2 - interval '90 days'
      )
  ), chosen AS (
    SELECT consenting(array_agg(user_id)) AS user_id FROM candidate
  )
  INSERT INTO survey_asks AS known (user_id, survey_id, bot_id, asked_at)
  SELECT user_id, gen_random_uuid(), $1, $2 FROM chosen ORDER BY md5(user_id::text || $2::text)
  LIMIT greatest(0, $3 - (SELECT count(*) FROM survey_asks WHERE bot_id = $1 AND asked_at > $2 - interval '12 hours'))
  ON CONFLICT (user_id) DO UPDATE
    SET survey_id = excluded.survey_id, bot_id = excluded.bot_id, asked_at = excluded.asked_at
    WHERE known.asked_at <= $2 - interval '90 days'
  RETURNING user_id AS "userId", survey_id AS "surveyId"`;

const RESULT = `
  WITH ${SCOPE}, latest AS (
    SELECT DISTINCT ON (user_id) (props->>'score')::int AS score FROM events, scope
    WHERE type = 'bot-adapter.survey.answered' AND props->>'question' = 'nps'
      AND occurred_at >= ${FIRST_MOMENT} AND occurred_at < ${END_MOMENT} AND ${OF_BOTS}
    ORDER BY user_id, occurred_at DESC, event_id
  )
  SELECT (
      SELECT count(*)::int FROM survey_asks WHERE asked_at >= ${FIRST_MOMENT} AND asked_at < ${END_MOMENT} AND ${OF_BOTS}
    ) AS asked, count(*)::int AS answers, coalesce(avg(score), 0)::float8 AS mean,
    (coalesce(avg((score >= 9)::int) - avg((score <= 6)::int), 0) * 100)::float8 AS score
  FROM latest`;
