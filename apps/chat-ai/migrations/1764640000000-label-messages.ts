import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LabelMessages1764640000000 implements MigrationInterface {
  readonly name = 'LabelMessages1764640000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE messages ADD COLUMN tone text, ADD COLUMN tone_score real, ADD COLUMN scenario text',
    );
    await runner.query(`
      CREATE TABLE scenarios (
        id uuid PRIMARY KEY,
        bot_id text NOT NULL,
        key text NOT NULL,
        title text NOT NULL,
        examples jsonb NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL,
        UNIQUE (bot_id, key)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE scenarios');
    await runner.query('ALTER TABLE messages DROP COLUMN scenario, DROP COLUMN tone_score, DROP COLUMN tone');
  }
}
