import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a provider tells later goes on with the trace in which the payment was asked for. */
export class KeepTraces1764349000000 implements MigrationInterface {
  readonly name = 'KeepTraces1764349000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE invoices ADD COLUMN traceparent text');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE invoices DROP COLUMN traceparent');
  }
}
