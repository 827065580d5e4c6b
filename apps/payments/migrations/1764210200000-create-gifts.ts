import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What somebody else has than who has bought it: gifts, and what was bought without an account. */
export class CreateGifts1764210200000 implements MigrationInterface {
  readonly name = 'CreateGifts1764210200000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE gifts (
        id              uuid PRIMARY KEY,
        order_id        uuid NOT NULL UNIQUE REFERENCES orders,
        user_id         uuid NOT NULL,
        bot_id          text NOT NULL,
        plan_id         uuid NOT NULL REFERENCES plans,
        code            text NOT NULL,
        code_hash       text NOT NULL UNIQUE,
        state           text NOT NULL,
        created_at      timestamptz NOT NULL,
        expires_at      timestamptz NOT NULL,
        opened_by       uuid,
        opened_at       timestamptz,
        subscription_id uuid
      )`);
    await personalTable(db, 'gifts');
    await db.query('CREATE INDEX gifts_of_person ON gifts (user_id, id)');
    await db.query(`CREATE INDEX gifts_to_return ON gifts (expires_at) WHERE state = 'waiting'`);
    await db.query('ALTER TABLE orders ADD COLUMN waits_for_claim boolean NOT NULL DEFAULT false');
    await db.query(`
      CREATE TABLE guest_orders (
        order_id   uuid PRIMARY KEY REFERENCES orders,
        user_id    uuid NOT NULL,
        bot_id     text NOT NULL,
        token      text,
        token_hash text NOT NULL UNIQUE,
        email_hash text NOT NULL,
        visit_id   uuid,
        created_at timestamptz NOT NULL,
        mailed_at  timestamptz,
        claimed_at timestamptz
      )`);
    await personalTable(db, 'guest_orders');
    await db.query('CREATE INDEX guest_orders_by_email ON guest_orders (email_hash, created_at)');
    await db.query('CREATE INDEX guest_orders_to_forget ON guest_orders (created_at) WHERE claimed_at IS NULL');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE guest_orders, gifts');
    await db.query('ALTER TABLE orders DROP COLUMN waits_for_claim');
  }
}
