import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people use beyond their plans, and how much of it they want to pay for. */
export class CreateUsageBilling1764300000000 implements MigrationInterface {
  readonly name = 'CreateUsageBilling1764300000000';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE plans ADD COLUMN by_use jsonb');
    await db.query(`
      CREATE TABLE usage_accounts (
        subscription_id uuid PRIMARY KEY REFERENCES subscriptions ON DELETE CASCADE,
        user_id         uuid NOT NULL,
        -- Grows with each order that has paid for what was used.
        bill            integer NOT NULL,
        since           timestamptz NOT NULL,
        limit_minor     bigint NOT NULL DEFAULT 0 CHECK (limit_minor >= 0)
      )`);
    await personalTable(db, 'usage_accounts');
    await db.query('CREATE INDEX usage_accounts_of_person ON usage_accounts (user_id)');
    await db.query(`
      CREATE TABLE usage_hours (
        subscription_id uuid NOT NULL REFERENCES subscriptions ON DELETE CASCADE,
        user_id         uuid NOT NULL,
        bill            integer NOT NULL,
        hour            timestamptz NOT NULL,
        micros          bigint NOT NULL,
        PRIMARY KEY (subscription_id, bill, hour)
      )`);
    await personalTable(db, 'usage_hours');
    await db.query('CREATE INDEX usage_hours_of_person ON usage_hours (user_id)');
    await db.query(`
      ALTER TABLE orders ADD COLUMN use_minor bigint NOT NULL DEFAULT 0 CHECK (use_minor >= 0),
        ADD COLUMN use_bill integer, ADD COLUMN use_micros bigint,
        DROP CONSTRAINT orders_check,
        ADD CONSTRAINT orders_check CHECK (total_minor = greatest(list_minor - discount_minor - credit_minor, 0) + use_minor)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE orders DROP CONSTRAINT orders_check, DROP COLUMN use_micros, DROP COLUMN use_bill, DROP COLUMN use_minor,
        ADD CONSTRAINT orders_check CHECK (total_minor = greatest(list_minor - discount_minor - credit_minor, 0)) NOT VALID`);
    await db.query('DROP TABLE usage_hours, usage_accounts');
    await db.query('ALTER TABLE plans DROP COLUMN by_use');
  }
}
