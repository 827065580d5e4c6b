import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who sells, as it stands on invoices. */
export class KnowSellers1764620040000 implements MigrationInterface {
  readonly name = 'KnowSellers1764620040000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE shop_terms ADD COLUMN seller jsonb');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE shop_terms DROP COLUMN seller');
  }
}
