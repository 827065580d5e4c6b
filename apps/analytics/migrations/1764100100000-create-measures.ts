import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is counted of events while they are stored, and who was active when. */
export class CreateMeasures1764100100000 implements MigrationInterface {
  readonly name = 'CreateMeasures1764100100000';

  async up(db: QueryRunner): Promise<void> {
    const counted = `
        at       timestamptz NOT NULL,
        type     text NOT NULL,
        measure  text NOT NULL,
        bot_id   text NOT NULL,
        platform text NOT NULL,
        kind     text NOT NULL,
        model    text NOT NULL,
        outcome  text NOT NULL,
        le       integer NOT NULL,
        events   bigint NOT NULL,
        total    bigint NOT NULL`;
    // Rows of the present are changed with every batch: room in their pages spares the indexes.
    await db.query(`
      CREATE TABLE measures (
        minutes  smallint NOT NULL CHECK (minutes IN (5, 15, 1440)),${counted},
        PRIMARY KEY (minutes, type, measure, at, bot_id, platform, kind, model, outcome, le)
      ) WITH (fillfactor = 70)`);
    await db.query(`CREATE INDEX measures_at ON measures (minutes, at)`);
    await db.query(`
      CREATE TABLE anonymous_measures (${counted},
        PRIMARY KEY (type, measure, at, bot_id, platform, kind, model, outcome, le)
      ) WITH (fillfactor = 70)`);
    await db.query(`CREATE INDEX anonymous_measures_at ON anonymous_measures (at)`);
    await db.query(`
      CREATE TABLE rollup_state (
        only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        countable_since date NOT NULL,
        database_id     uuid NOT NULL DEFAULT gen_random_uuid(),
        restored_backup text
      )`);
    await db.query(`INSERT INTO rollup_state (countable_since) VALUES ('-infinity')`);
    await db.query(`
      CREATE TABLE active_people (
        day      date NOT NULL,
        user_id  uuid NOT NULL,
        bot_id   text NOT NULL,
        quarters bit(96) NOT NULL,
        PRIMARY KEY (day, user_id, bot_id)
      ) WITH (fillfactor = 90)`);
    await personalTable(db, 'active_people');
    await db.query(`CREATE INDEX active_people_of_person ON active_people (user_id, day)`);
    await db.query(`
      CREATE TABLE people (
        user_id         uuid NOT NULL,
        bot_id          text NOT NULL,
        first_active_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, bot_id)
      )`);
    await personalTable(db, 'people');
    await db.query(`CREATE INDEX people_by_start ON people (first_active_at)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE people, active_people, rollup_state, anonymous_measures, measures');
  }
}
