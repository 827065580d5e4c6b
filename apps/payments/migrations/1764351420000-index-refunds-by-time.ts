import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What went back in some months is counted without reading all years. */
export class IndexRefundsByTime1764351420000 implements MigrationInterface {
  readonly name = 'IndexRefundsByTime1764351420000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE INDEX IF NOT EXISTS refunds_by_time ON refunds (created_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX refunds_by_time');
  }
}
