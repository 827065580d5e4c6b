import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { CHURN_DAYS } from '../metrics/activity';
import { SUCCEEDED } from '../metrics/usage.service';
import { type Labelled, learnChurn } from './churn-model';
import { ChurnModel } from './churn-model.entity';

/** In the order in which the statement below gives them. */
export const FEATURES = [
  'recency',
  'activeDays7',
  'activeDays14',
  'activeDays28',
  'trend',
  'meanGap',
  'gapVariation',
  'silenceByGap',
  'activity7',
  'activity28',
  'failedReplies28',
  'tenure',
] as const;

/** Of days that lie apart by a label, so that no two see the same days come. */
const TRAINING_SNAPSHOTS = 4;
const MOST_PEOPLE = 20_000;
const KEPT_MODELS = 26;

/** Learns who leaves, and forecasts how many. */
@Injectable()
export class ChurnModelsService {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @returns false where there was too little to learn from */
  async train(): Promise<boolean> {
    const now = this.clock.now();
    // The last day of which all that follows is known, then days a label earlier each. Days are those of UTC.
    const snapshot = (labels: number) => this.snapshot(now, CHURN_DAYS * labels);
    const [current, test, validate] = [await snapshot(0), await snapshot(1), await snapshot(2)];
    const train: Labelled[] = [];
    for (let i = 0; i < TRAINING_SNAPSHOTS; i++) train.push(...(await snapshot(3 + i)));
    const card = learnChurn(FEATURES, { train, validate, test, now: current });
    if (!card) return false;
    await this.db.transaction(async (tx) => {
      await tx.insert(ChurnModel, { id: uuidv7(), trainedAt: now, card });
      await tx.query(
        `DELETE FROM churn_models WHERE id NOT IN (SELECT id FROM churn_models ORDER BY trained_at DESC LIMIT ${KEPT_MODELS})`,
      );
    });
    return true;
  }

  /** What was learnt last; null when there is nothing yet. */
  async forecast(tx: EntityManager) {
    const [model] = await tx.find(ChurnModel, { order: { trainedAt: 'DESC' }, take: 1 });
    if (!model) return null;
    const { brier, ruleBrier, isBetter, auc, people, forecast } = model.card;
    return {
      trainedAt: model.trainedAt,
      horizonDays: CHURN_DAYS,
      share: forecast,
      ...{ brier, ruleBrier, isBetter, auc },
      people: people.test,
    };
  }

  /** How those who were active lately looked at the end of a day, so many days before yesterday, and who of them was silent since. */
  private async snapshot(now: Date, daysAgo: number): Promise<Labelled[]> {
    const rows = await this.db.query<{ features: number[]; recency: number; left: boolean }[]>(SNAPSHOT, [
      now,
      daysAgo,
      MOST_PEOPLE,
    ]);
    return rows.map(({ features, recency, left }) => ({ features, recency, label: left ? 1 : 0 }));
  }
}

/** Of people alone who were active in the last days before `day`; only what was known on that day. */
const SNAPSHOT = `
  WITH snapshot AS (
    SELECT ($1::timestamptz AT TIME ZONE 'UTC')::date - 1 - $2::int AS day
  ), active AS (
    SELECT user_id, active_people.day, bit_count(bit_or(quarters)) AS quarters
    FROM active_people, snapshot
    WHERE active_people.day > snapshot.day - 56 AND active_people.day <= snapshot.day GROUP BY user_id, active_people.day
  ), gap AS (
    SELECT active.*, active.day - lag(active.day) OVER (PARTITION BY user_id ORDER BY active.day) AS gap FROM active
  ), person AS (
    SELECT user_id, snapshot.day, snapshot.day - max(gap.day) AS recency,
      count(*) FILTER (WHERE gap.day > snapshot.day - 7) AS days7,
      count(*) FILTER (WHERE gap.day > snapshot.day - 14) AS days14,
      count(*) FILTER (WHERE gap.day > snapshot.day - 28) AS days28,
      coalesce(avg(gap), 28) AS mean_gap, coalesce(stddev_pop(gap) / avg(gap), 0) AS variation,
      coalesce(sum(quarters) FILTER (WHERE gap.day > snapshot.day - 7), 0) AS quarters7,
      coalesce(sum(quarters) FILTER (WHERE gap.day > snapshot.day - 28), 0) AS quarters28
    FROM gap, snapshot GROUP BY user_id, snapshot.day
    HAVING snapshot.day - max(gap.day) < ${CHURN_DAYS}
    ORDER BY md5(user_id::text) LIMIT $3
  ), failure AS (
    SELECT user_id, count(*) AS failures FROM events, snapshot
    WHERE type = 'chat-ai.reply.completed' AND props->>'outcome' NOT IN ${SUCCEEDED}
      AND occurred_at >= (snapshot.day - 27)::timestamp AT TIME ZONE 'UTC' AND occurred_at < (snapshot.day + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY user_id
  ), known AS (
    SELECT user_id, min(first_active_at) AS since FROM people GROUP BY user_id
  )
  SELECT recency, ARRAY[
      recency, days7, days14, days28, 2 * days7 - days14, mean_gap, variation, ln(1 + recency / mean_gap),
      ln(1 + quarters7), ln(1 + quarters28), ln(1 + coalesce(failures, 0)),
      ln(1 + greatest(0, person.day - (since AT TIME ZONE 'UTC')::date))
    ]::float8[] AS features,
    NOT EXISTS (
      SELECT FROM active_people later WHERE later.user_id = person.user_id AND later.day > person.day AND later.day <= person.day + ${CHURN_DAYS}
    ) AS left
  FROM person JOIN known USING (user_id) LEFT JOIN failure USING (user_id)`;
