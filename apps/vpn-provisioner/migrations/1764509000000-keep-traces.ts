import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A panel is asked for many people by one job, and for each in the trace of what they are owed for. */
export class KeepTraces1764509000000 implements MigrationInterface {
  readonly name = 'KeepTraces1764509000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE access_keys ADD COLUMN traceparent text');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE access_keys DROP COLUMN traceparent');
  }
}
