import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAnswerCache1764640100000 implements MigrationInterface {
  readonly name = 'CreateAnswerCache1764640100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE cached_answers (
        id uuid PRIMARY KEY,
        bot_id text NOT NULL,
        prompt_id uuid NOT NULL,
        language text NOT NULL,
        question_hash text NOT NULL,
        answer text NOT NULL,
        cites bytea[] NOT NULL, -- content_hash of each passage
        knowledge text NOT NULL, -- which state of the base it is of
        asker text NOT NULL,
        state text NOT NULL CHECK (state IN ('candidate', 'usable', 'refused')),
        replies uuid[] NOT NULL,
        learnt_at timestamptz NOT NULL,
        used_at timestamptz,
        uses integer NOT NULL,
        UNIQUE (bot_id, prompt_id, language, question_hash)
      )`);
    await runner.query('CREATE INDEX cached_answers_of_replies ON cached_answers USING gin (replies)');
    await runner.query('CREATE INDEX cached_answers_by_age ON cached_answers (learnt_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE cached_answers');
  }
}
