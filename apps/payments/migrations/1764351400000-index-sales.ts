import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sales of some months are counted without reading those of all years. */
export class IndexSales1764351400000 implements MigrationInterface {
  readonly name = 'IndexSales1764351400000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('CREATE INDEX orders_paid ON orders (paid_at) WHERE paid_at IS NOT NULL');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX orders_paid');
  }
}
