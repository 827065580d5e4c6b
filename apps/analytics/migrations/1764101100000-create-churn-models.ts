import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was learnt of who leaves. */
export class CreateChurnModels1764101100000 implements MigrationInterface {
  readonly name = 'CreateChurnModels1764101100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE churn_models (
        id         uuid PRIMARY KEY,
        trained_at timestamptz NOT NULL,
        card       jsonb NOT NULL
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE churn_models');
  }
}
