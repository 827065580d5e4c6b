import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Orders that were made because a subscription goes on by itself. */
export class TellAutomaticOrders1764330200000 implements MigrationInterface {
  readonly name = 'TellAutomaticOrders1764330200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE orders ADD COLUMN automatic boolean NOT NULL DEFAULT false');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE orders DROP COLUMN automatic');
  }
}
