import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Every event that was kept, in a partition for each month, and those that could not be kept as they were. */
export class CreateEvents1764100000000 implements MigrationInterface {
  readonly name = 'CreateEvents1764100000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE events (
        event_id    uuid NOT NULL,
        occurred_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL,
        user_id     uuid,
        session_id  uuid,
        version     smallint NOT NULL,
        tz_offset   smallint,
        type        text NOT NULL,
        source      text NOT NULL,
        subject     text,
        bot_id      text,
        platform    text,
        app_version text,
        locale      text,
        experiments jsonb,
        props       jsonb NOT NULL,
        PRIMARY KEY (occurred_at, event_id)
      ) PARTITION BY RANGE (occurred_at)`);
    await personalTable(db, 'events');
    await db.query(`CREATE INDEX events_of_type ON events (type, occurred_at) INCLUDE (user_id)`);
    await db.query(`CREATE INDEX events_of_person ON events (user_id, occurred_at) WHERE user_id IS NOT NULL`);
    await db.query(`
      CREATE TABLE quarantined_events (
        id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id    uuid NOT NULL UNIQUE,
        user_id     uuid,
        occurred_at timestamptz,
        received_at timestamptz NOT NULL,
        type        text NOT NULL,
        source      text NOT NULL,
        reason      text NOT NULL,
        detail      text NOT NULL,
        event       jsonb
      )`);
    await personalTable(db, 'quarantined_events');
    await db.query(`CREATE INDEX quarantined_events_of_person ON quarantined_events (user_id)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE quarantined_events, events');
  }
}
