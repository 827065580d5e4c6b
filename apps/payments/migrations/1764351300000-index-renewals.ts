import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Databases whose lists had their indexes before renewals had one. */
export class IndexRenewals1764351300000 implements MigrationInterface {
  readonly name = 'IndexRenewals1764351300000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX IF NOT EXISTS orders_of_renewals ON orders (created_at) WHERE kind = 'renewal'`);
  }

  async down(): Promise<void> {
    // It belongs to the lists, which take it away.
  }
}
