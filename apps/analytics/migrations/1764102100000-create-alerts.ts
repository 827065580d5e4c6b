import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Usage that is out of the ordinary, when staff are told of it, and times of which the reason is known. */
export class CreateAlerts1764102100000 implements MigrationInterface {
  readonly name = 'CreateAlerts1764102100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE alerts (
        id                     uuid PRIMARY KEY,
        rule                   text NOT NULL,
        subject                text NOT NULL,
        bot_id                 text,
        user_id                uuid,
        severity               text NOT NULL CHECK (severity IN ('warning', 'critical')),
        state                  text NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')),
        recent                 text NOT NULL,
        clean                  integer NOT NULL,
        measure                text NOT NULL,
        window_seconds         integer NOT NULL,
        expected               double precision NOT NULL,
        seen                   double precision NOT NULL,
        score                  double precision,
        contributors           jsonb NOT NULL,
        since                  timestamptz NOT NULL,
        last_seen_at           timestamptz NOT NULL,
        fired_at               timestamptz,
        resolved_at            timestamptz,
        notified_at            timestamptz,
        resolution_notified_at timestamptz,
        escalated_at           timestamptz,
        acknowledged_at        timestamptz,
        acknowledged_by        text,
        snoozed_until          timestamptz,
        throttled_user_id      uuid,
        throttled_until        timestamptz
      )`);
    // One of each thing at a time, and few of them: what is over is looked at by its id only.
    await db.query(`
      CREATE UNIQUE INDEX alerts_open ON alerts (rule, subject, coalesce(user_id, '00000000-0000-0000-0000-000000000000'))
      WHERE state <> 'resolved'`);
    await db.query(`CREATE INDEX alerts_untold ON alerts (severity)
      WHERE state = 'resolved' AND notified_at IS NOT NULL AND resolution_notified_at IS NULL`);
    await db.query('CREATE INDEX alerts_of_person ON alerts (user_id) WHERE user_id IS NOT NULL');
    await db.query(`
      CREATE TABLE alert_settings (
        id             smallint PRIMARY KEY CHECK (id = 1),
        zone           text NOT NULL,
        quiet_hours    jsonb,
        warn_excess    bigint NOT NULL,
        page_excess    bigint NOT NULL,
        throttle       boolean NOT NULL,
        throttle_hours integer NOT NULL,
        revision       integer NOT NULL
      )`);
    await db.query(`
      CREATE TABLE alert_routes (
        route   text PRIMARY KEY,
        sent_at timestamptz NOT NULL
      )`);
    await db.query(`
      CREATE TABLE known_periods (
        id         uuid PRIMARY KEY,
        bot_id     text,
        begins_at  timestamptz NOT NULL,
        ends_at    timestamptz NOT NULL,
        label      text NOT NULL,
        created_by text NOT NULL,
        CHECK (begins_at < ends_at)
      )`);
    await db.query('CREATE INDEX known_periods_by_end ON known_periods (ends_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE known_periods, alert_routes, alert_settings, alerts');
  }
}
