import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePrompts1764100300000 implements MigrationInterface {
  readonly name = 'CreatePrompts1764100300000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE prompts (
        id uuid PRIMARY KEY,
        bot_id text NOT NULL,
        version integer NOT NULL,
        -- Where the text was first seen.
        origin text NOT NULL CHECK (origin IN ('description', 'console')),
        text text NOT NULL,
        hash text NOT NULL,
        note text,
        created_at timestamptz NOT NULL,
        created_by text,
        UNIQUE (bot_id, version),
        UNIQUE (bot_id, hash)
      )`);
    // The last one of a bot says what is in force.
    await runner.query(`
      CREATE TABLE prompt_releases (
        id uuid PRIMARY KEY,
        bot_id text NOT NULL,
        number integer NOT NULL,
        action text NOT NULL CHECK (action IN ('published', 'rolled_back', 'withdrawn')),
        prompt_id uuid REFERENCES prompts,
        why text NOT NULL,
        released_at timestamptz NOT NULL,
        released_by text NOT NULL,
        UNIQUE (bot_id, number),
        CHECK ((action = 'withdrawn') = (prompt_id IS NULL))
      )`);
    await runner.query(`
      CREATE TABLE prompt_drafts (
        id uuid PRIMARY KEY,
        bot_id text NOT NULL,
        based_on uuid REFERENCES prompts,
        text text NOT NULL,
        note text NOT NULL,
        created_at timestamptz NOT NULL,
        created_by text NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL,
        revision integer NOT NULL
      )`);
    await runner.query('CREATE INDEX prompt_drafts_of_bot ON prompt_drafts (bot_id, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE prompt_drafts, prompt_releases, prompts');
  }
}
