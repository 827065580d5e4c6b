import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUnanswered1764100400000 implements MigrationInterface {
  readonly name = 'CreateUnanswered1764100400000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE unanswered_groups (
        id uuid PRIMARY KEY,
        bot_id text NOT NULL,
        state text NOT NULL CHECK (state IN ('open', 'answered', 'dismissed')),
        words text[] NOT NULL, -- keyed hashes, by which alike questions are known
        document_id uuid REFERENCES knowledge_entries ON DELETE SET NULL, -- that was made of it
        resolved_by text,
        last_asked_at timestamptz NOT NULL,
        revision integer NOT NULL
      )`);
    await runner.query('CREATE INDEX unanswered_groups_of_bot ON unanswered_groups (bot_id, state)');
    await runner.query('CREATE INDEX unanswered_groups_by_word ON unanswered_groups USING gin (words)');
    await runner.query(`
      CREATE TABLE unanswered_questions (
        id uuid PRIMARY KEY,
        group_id uuid NOT NULL REFERENCES unanswered_groups ON DELETE CASCADE,
        user_id uuid NOT NULL,
        turn_id uuid NOT NULL UNIQUE,
        locale text NOT NULL,
        text text NOT NULL, -- encrypted
        reason text NOT NULL,
        asked_at timestamptz NOT NULL
      )`);
    await personalTable(runner, 'unanswered_questions');
    await runner.query('CREATE INDEX unanswered_questions_of_group ON unanswered_questions (group_id, id)');
    await runner.query('CREATE INDEX unanswered_questions_of_person ON unanswered_questions (user_id)');
    await runner.query('CREATE INDEX unanswered_questions_by_time ON unanswered_questions (asked_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE unanswered_questions, unanswered_groups');
  }
}
