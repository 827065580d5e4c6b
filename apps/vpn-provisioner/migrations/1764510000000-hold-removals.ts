import type { MigrationInterface, QueryRunner } from 'typeorm';

export class HoldRemovals1764510000000 implements MigrationInterface {
  readonly name = 'HoldRemovals1764510000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE drift_reports ADD COLUMN held integer NOT NULL DEFAULT 0');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE drift_reports DROP COLUMN held');
  }
}
