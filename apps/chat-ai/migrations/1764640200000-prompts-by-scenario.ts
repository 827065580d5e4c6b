import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Versions and releases go on being counted for each bot, so that their numbers stay the only ones. */
export class PromptsByScenario1764640200000 implements MigrationInterface {
  readonly name = 'PromptsByScenario1764640200000';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES)
      await runner.query(`ALTER TABLE ${table} ADD COLUMN scenario text NOT NULL DEFAULT 'all'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      if (table !== 'prompts') await runner.query(`DELETE FROM ${table} WHERE scenario <> 'all'`);
      await runner.query(`ALTER TABLE ${table} DROP COLUMN scenario`);
    }
  }
}

const TABLES = ['prompt_releases', 'prompt_drafts', 'prompts'];
