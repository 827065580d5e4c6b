import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A limit of use is one in a currency, and what an order cannot be paid with goes to the next one. */
export class CarryUse1764330000000 implements MigrationInterface {
  readonly name = 'CarryUse1764330000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE usage_accounts
        ADD COLUMN limit_currency text,
        -- Used before this bill began, after the order was made that has paid the one before.
        ADD COLUMN carried_micros bigint NOT NULL DEFAULT 0 CHECK (carried_micros >= 0),
        -- Beyond the plan, on earlier bills that no order has paid.
        ADD COLUMN owed_micros bigint NOT NULL DEFAULT 0 CHECK (owed_micros >= 0)`);
    await db.query(`
      UPDATE usage_accounts a
      SET limit_currency = coalesce(s.renew_currency, (SELECT key FROM jsonb_each(p.prices) LIMIT 1))
      FROM subscriptions s JOIN plans p ON p.id = s.plan_id WHERE s.id = a.subscription_id AND a.limit_minor > 0`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      'ALTER TABLE usage_accounts DROP COLUMN owed_micros, DROP COLUMN carried_micros, DROP COLUMN limit_currency',
    );
  }
}
