import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How often an event's handling has begun without an end. */
export class CrashLoops1795300000000 implements MigrationInterface {
  readonly name = 'CrashLoops1795300000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE parked_events ADD COLUMN begun integer NOT NULL DEFAULT 0');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE parked_events DROP COLUMN begun');
  }
}
