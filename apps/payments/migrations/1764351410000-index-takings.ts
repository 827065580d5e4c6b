import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was taken in some months is counted without reading all years. */
export class IndexTakings1764351410000 implements MigrationInterface {
  readonly name = 'IndexTakings1764351410000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE INDEX IF NOT EXISTS invoices_paid ON invoices (paid_at) WHERE paid_at IS NOT NULL');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX invoices_paid');
  }
}
