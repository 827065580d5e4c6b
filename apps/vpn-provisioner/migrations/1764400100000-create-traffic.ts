import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people have used, how much they may, and what of it was unusual. */
export class CreateTraffic1764400100000 implements MigrationInterface {
  readonly name = 'CreateTraffic1764400100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE traffic_hours (
        access_id uuid NOT NULL,
        hour      timestamptz NOT NULL,
        user_id   uuid NOT NULL,
        bot_id    text NOT NULL,
        bytes     bigint NOT NULL CHECK (bytes >= 0),
        told      boolean NOT NULL DEFAULT false,
        PRIMARY KEY (access_id, hour)
      ) PARTITION BY RANGE (hour)`);
    await personalTable(db, 'traffic_hours');
    await db.query('CREATE INDEX traffic_hours_of_person ON traffic_hours (user_id)');
    await db.query('CREATE INDEX traffic_hours_untold ON traffic_hours (hour) WHERE NOT told');
    await db.query(`
      CREATE TABLE traffic_budgets (
        subscription_id uuid PRIMARY KEY,
        user_id         uuid NOT NULL,
        revision        integer NOT NULL,
        counted_from    timestamptz NOT NULL,
        period_count    integer,
        period_unit     text,
        renews_at       timestamptz,
        fair_use_bytes  bigint,
        told_percent    integer NOT NULL DEFAULT 0,
        told_limit      bigint
      )`);
    await personalTable(db, 'traffic_budgets');
    await db.query('CREATE INDEX traffic_budgets_of_person ON traffic_budgets (user_id)');
    await db.query('CREATE INDEX traffic_budgets_to_renew ON traffic_budgets (renews_at) WHERE renews_at IS NOT NULL');
    await db.query(`
      CREATE TABLE usage_anomalies (
        id          uuid PRIMARY KEY,
        access_id   uuid NOT NULL REFERENCES accesses ON DELETE CASCADE,
        user_id     uuid NOT NULL,
        bot_id      text NOT NULL,
        kind        text NOT NULL,
        day         date NOT NULL,
        value       bigint NOT NULL,
        usual       bigint NOT NULL,
        detected_at timestamptz NOT NULL,
        UNIQUE (access_id, kind, day)
      )`);
    await personalTable(db, 'usage_anomalies');
    await db.query('CREATE INDEX usage_anomalies_of_person ON usage_anomalies (user_id)');
    await db.query('CREATE INDEX usage_anomalies_by_time ON usage_anomalies (detected_at, id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE usage_anomalies, traffic_budgets, traffic_hours');
  }
}
