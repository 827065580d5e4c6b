import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Payments of which nobody knows yet what becomes of them. */
export class IndexOpenInvoices1764350000000 implements MigrationInterface {
  readonly name = 'IndexOpenInvoices1764350000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX invoices_open ON invoices (created_at) WHERE state IN ('created', 'pending')`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX invoices_open');
  }
}
