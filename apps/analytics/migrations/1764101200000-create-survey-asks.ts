import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When people were asked last. */
export class CreateSurveyAsks1764101200000 implements MigrationInterface {
  readonly name = 'CreateSurveyAsks1764101200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE survey_asks (
        user_id   uuid PRIMARY KEY,
        survey_id uuid NOT NULL,
        bot_id    text NOT NULL,
        asked_at  timestamptz NOT NULL
      )`);
    await personalTable(db, 'survey_asks');
    await db.query('CREATE INDEX survey_asks_at ON survey_asks (asked_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE survey_asks');
  }
}
