import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a server was ordered by stays with its order: the template of its region may change or go. */
export class OrdersKeepTheirAccount1764500100000 implements MigrationInterface {
  readonly name = 'OrdersKeepTheirAccount1764500100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE server_orders ADD COLUMN template jsonb, ADD COLUMN secrets text');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE server_orders DROP COLUMN template, DROP COLUMN secrets');
  }
}
