import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Orders that were given up, to be deleted in time. */
export class IndexUnpaidOrders1764350100000 implements MigrationInterface {
  readonly name = 'IndexUnpaidOrders1764350100000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE INDEX orders_given_up ON orders (created_at) WHERE state IN ('cancelled', 'expired')`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP INDEX orders_given_up');
  }
}
